"""A series as one page: its next dates to choose from, and a calendar of every month in which something takes place."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from aiohttp import web

from engine.domain.catalogue.programme.series import SeriesDate
from engine.foundation import manners
from engine.foundation.clock import now
from engine.foundation.local_time import local_day
from engine.foundation.speech import figures
from engine.pages import frame
from engine.pages.catalogue.dates import NEXT_MAX, choices_of
from engine.pages.catalogue.discovery.documents import home
from engine.pages.catalogue.texts import rich
from engine.services.appkeys import EVENTS, SELLING, SERIES

_WEEKS: Final = calendar.Calendar(firstweekday=calendar.MONDAY)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month with what takes place on it; ``number`` 0: a day of another month."""

    number: int
    dates: list[SeriesDate]


@dataclass(frozen=True, slots=True)
class Month:
    title: str
    weeks: list[list[Day]]


def setup(app: web.Application) -> None:
    frame.serve(app, "GET", "/series/{series_id}", show, manners.PAGE)


async def show(request: web.Request) -> web.StreamResponse:
    """All dates of a series that the public may see. SeriesUnknown."""
    series_id = request.match_info["series_id"]
    series = await request.config_dict[SERIES].get(None, series_id)
    event = await request.config_dict[EVENTS].get(None, series.events[0].id)
    frame.may_be_framed(request, event.organization.embed_origins)  # the way on from an event's page, which may be too

    async def context() -> dict[str, Any]:
        coming = [one for one in series.events if one.ends_at > now()]
        about = rich(series.description)
        return {
            "series": series,
            "page": f"{home(request)}/series/{series_id}",
            "about": about,
            "choices": await choices_of(request, coming[:NEXT_MAX]),
            "months": months_of(coming or series.events),
            "days": figures.days_of_the_week(),
            "over": not coming,
        }

    changes = request.config_dict[SELLING].changes
    return await frame.shared(request, (series_id, changes), "events/series.html", context)


def months_of(dates: Sequence[SeriesDate]) -> list[Month]:
    """The months that hold these dates, as weeks of seven days from Monday on."""
    by_day: dict[date, list[SeriesDate]] = {}
    for one in dates:
        by_day.setdefault(local_day(one.starts_at, one.timezone), []).append(one)
    return [
        Month(
            figures.month(date(year, month, 1)),
            [
                [Day(number, by_day.get(date(year, month, number), []) if number else []) for number in week]
                for week in _WEEKS.monthdayscalendar(year, month)
            ],
        )
        for year, month in sorted({(day.year, day.month) for day in by_day})
    ]
