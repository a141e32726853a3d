"""How pages write money, dates and quantities: filters of the templates, in the language that is spoken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from markupsafe import Markup, escape

from engine.foundation.speech import figures
from engine.foundation.speech.figures import Style, money
from engine.foundation.speech.tongue import later, say
from engine.foundation.world import categories

# The categories of engine/foundation/world/categories.py, for the catalogues.
CATEGORIES: Final = (
    later("Concert"),
    later("Festival"),
    later("Theatre"),
    later("Dance"),
    later("Comedy"),
    later("Film"),
    later("Sports"),
    later("Exhibition"),
    later("Conference"),
    later("Workshop"),
    later("Family"),
    later("Nightlife"),
    later("Food"),
    later("Community"),
    later("Other"),
)


def all_in(cents: int, currency: str) -> str:
    """A price on a list: ``Free`` if nothing is to be paid."""
    return money(cents, currency) if cents else say("Free")


def category(name: str) -> str:
    """A category as a page writes it; a word of an organizer's own as it is."""
    return say(categories.title(name).replace("%", "%%"))


def percent(rate_bp: int) -> str:
    """Basis points as a percentage without needless 0s: 1250 is ``12.5 %``."""
    return f"{figures.number(Decimal(rate_bp) / 100)} %"


def moment(value: datetime | str | int) -> datetime:
    """An aware datetime from what services and documents carry: a datetime, RFC 3339 text or epoch milliseconds."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(value)


def said(value: datetime | str | int, timezone: str, style: Style | str = "moment") -> str:
    """A moment by the clocks of its place, as plain text."""
    return figures.at_its_clocks(moment(value), timezone, style)


def when(value: datetime | str | int, timezone: str, style: Style | str = "moment") -> Markup:
    """The same as a ``<time>`` element that also says it to machines."""
    return _timed(value, said(value, timezone, style))


def day(value: datetime | str | int, timezone: str) -> Markup:
    return when(value, timezone, "day")


def clock(value: datetime | str | int, timezone: str) -> Markup:
    """Hours and minutes, and whose they are: ``19:30, Vancouver time``."""
    return _timed(value, figures.clock(moment(value), timezone))


def kilometres(distance_km: float) -> str:
    """A distance as people say it: ``less than 1 km``, ``12 km``."""
    return (
        say("%(distance)s km", distance=figures.number(round(distance_km)))
        if distance_km >= 1
        else say("less than 1 km")
    )


def epoch_ms(value: datetime | str | int) -> str:
    return str(round(moment(value).timestamp() * 1000))


def paragraphs(text: str) -> Markup:
    """An organizer's plain text: blank lines part paragraphs, single newlines break lines."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    lines = [Markup("<br>").join(escape(line) for line in part.split("\n")) for part in parts if part]
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


def _timed(value: datetime | str | int, text: str) -> Markup:
    at = moment(value).astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(at, text)


FILTERS: Final[dict[str, Callable[..., str]]] = {
    "money": money,
    "all_in": all_in,
    "category": category,
    "percent": percent,
    "when": when,
    "day": day,
    "clock": clock,
    "epoch_ms": epoch_ms,
    "kilometres": kilometres,
    "paragraphs": paragraphs,
}
