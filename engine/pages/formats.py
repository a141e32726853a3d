"""How pages write money, dates and quantities: filters of the templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime
from markupsafe import Markup, escape

from engine.foundation.world import categories
from engine.foundation.world.currencies import money

LOCALE: Final = "en"


def all_in(cents: int, currency: str) -> str:
    """A price on a list: ``Free`` if nothing is to be paid."""
    return money(cents, currency) if cents else "Free"


def percent(rate_bp: int) -> str:
    """Basis points as a percentage without needless 0s: 1250 is ``12.5 %``."""
    return f"{Decimal(rate_bp) / 100:f}".rstrip("0").rstrip(".") + " %" if rate_bp else "0 %"


def moment(value: datetime | str | int) -> datetime:
    """An aware datetime from what services and documents carry: a datetime, RFC 3339 text or epoch milliseconds."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(value)


def zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def said(value: datetime | str | int, timezone: str, pattern: str = "EEE d MMMM y, HH:mm") -> str:
    """A moment by the clocks of its place, as plain text."""
    return str(format_datetime(moment(value), pattern, tzinfo=zone(timezone), locale=LOCALE))


def when(value: datetime | str | int, timezone: str, pattern: str = "EEE d MMMM y, HH:mm") -> Markup:
    """The same as a ``<time>`` element that also says it to machines."""
    at = moment(value).astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(at, said(value, timezone, pattern))


def day(value: datetime | str | int, timezone: str) -> Markup:
    return when(value, timezone, "EEE d MMM y")


def clock(value: datetime | str | int, timezone: str) -> Markup:
    """Hours and minutes with the zone's short name, for example ``19:30 PST``, as the time zone data has it."""
    name = moment(value).astimezone(zone(timezone)).tzname() or ""
    return when(value, timezone, f"HH:mm '{name}'")


def kilometres(distance_km: float) -> str:
    """A distance as people say it: ``less than 1 km``, ``12 km``."""
    return f"{distance_km:,.0f} km" if distance_km >= 1 else "less than 1 km"


def epoch_ms(value: datetime | str | int) -> str:
    return str(round(moment(value).timestamp() * 1000))


def paragraphs(text: str) -> Markup:
    """An organizer's plain text: blank lines part paragraphs, single newlines break lines."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    lines = [Markup("<br>").join(escape(line) for line in part.split("\n")) for part in parts if part]
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


FILTERS: Final[dict[str, Callable[..., str]]] = {
    "money": money,
    "all_in": all_in,
    "category": categories.title,
    "percent": percent,
    "when": when,
    "day": day,
    "clock": clock,
    "epoch_ms": epoch_ms,
    "kilometres": kilometres,
    "paragraphs": paragraphs,
}
