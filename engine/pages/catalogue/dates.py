"""The dates of a series, for somebody who chooses one: when each is, and whether there are tickets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from engine.domain.catalogue.events import Event
from engine.domain.catalogue.phases import Phase
from engine.domain.catalogue.programme.series import SeriesDate
from engine.foundation.clock import now
from engine.foundation.errors import NotFound
from engine.foundation.speech.tongue import later, say
from engine.pages.catalogue.cards import levels_of
from engine.pages.memo import Memo
from engine.services.appkeys import SELLING, SERIES

AROUND_MAX: Final = 8  # next to one another on an event's page; the page of the series has all
EARLIER_MAX: Final = 2  # of them before the event's own
NEXT_MAX: Final = 24  # on the page of the series, above its calendar
SERIES_KEPT_S: Final = 5.0  # dates that are added show that much later; a change of one shows at once
DATES: Final[web.AppKey[Memo[list[SeriesDate]]]] = web.AppKey("dates")
Tone = Literal["good", "warn", "plain"]

WORDS: Final[dict[Phase, tuple[str, Tone]]] = {
    "published": (later("Coming soon"), "warn"),
    "on_sale": (later("On sale"), "good"),
    "sold_out": (later("Sold out"), "plain"),
    "sales_ended": (later("Sales closed"), "plain"),
    "ongoing": (later("Happening now"), "good"),
    "completed": (later("Took place"), "plain"),
    "cancelled": (later("Cancelled"), "plain"),
}
_FEW: Final[tuple[str, Tone]] = (later("Few left"), "warn")


@dataclass(frozen=True, slots=True)
class DateChoice:
    """A date with its words, empty if there is nothing to say; ``chosen``: its page is the one that is read."""

    date: SeriesDate
    words: str
    tone: Tone
    chosen: bool = False

    @property
    def leads(self) -> bool:
        """Whether it is worth going there."""
        return self.date.phase != "cancelled"


@dataclass(frozen=True, slots=True)
class Dates:
    """Those of an event's series that stand around it, of ``total`` to come; none if it is alone."""

    series_id: str = ""
    total: int = 0
    choices: tuple[DateChoice, ...] = ()


ALONE: Final = Dates()


def setup(app: web.Application) -> None:
    app[DATES] = Memo[list[SeriesDate]](SERIES_KEPT_S)


async def dates_around(request: web.Request, event: Event) -> Dates:
    """What else of its series is to come, with the event itself among them."""
    if event.series_id is None:
        return ALONE
    series_id, moment = event.series_id, now()
    changes = request.config_dict[SELLING].changes
    every = await request.config_dict[DATES].get((series_id, changes), lambda: _shown(request, series_id))
    dates = [one for one in every if one.ends_at > moment or one.id == event.id]
    if len(dates) < 2:  # noqa: PLR2004 - one is no choice
        return ALONE
    near = around(dates, event.id, AROUND_MAX)
    total = sum(one.ends_at > moment for one in dates)
    return Dates(series_id, total, await choices_of(request, near, event.id))


async def choices_of(request: web.Request, dates: Sequence[SeriesDate], chosen: str = "") -> tuple[DateChoice, ...]:
    """These dates in their order. How much is left is asked of those alone that are on sale."""
    return tuple(await asyncio.gather(*(_choice(request, one, chosen) for one in dates)))


def around(dates: Sequence[SeriesDate], event_id: str, most: int) -> Sequence[SeriesDate]:
    """At most ``most`` neighbours, this event among them with EARLIER_MAX before it, more if none are behind it."""
    at = next((index for index, one in enumerate(dates) if one.id == event_id), 0)
    begin = max(0, min(at - EARLIER_MAX, len(dates) - most))
    return dates[begin : begin + most]


async def _choice(request: web.Request, date: SeriesDate, chosen: str) -> DateChoice:
    words, tone = WORDS.get(date.phase, ("", "plain"))
    if date.phase == "on_sale":
        levels = set((await levels_of(request, date)).values())
        if levels == {"none"}:
            words, tone = WORDS["sold_out"]
        elif levels and levels <= {"none", "few"}:
            words, tone = _FEW
    return DateChoice(date, say(words) if words else "", tone, chosen=date.id == chosen)


async def _shown(request: web.Request, series_id: str) -> list[SeriesDate]:
    try:
        return (await request.config_dict[SERIES].get(None, series_id)).events
    except NotFound:
        return []
