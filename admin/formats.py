"""How pages write money, dates and quantities: filters of the templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal, get_currency_symbol
from markupsafe import Markup

from engine.domain.catalogue import phases
from engine.domain.catalogue.media import rich_text
from engine.foundation.clock import now
from engine.foundation.world import categories, countries, currencies, tax_presets

LOCALE: Final = "en"
BASIS_POINTS: Final = 100  # of one percent
WORDS: Final[dict[str, str]] = {
    "box_office": "Box office",
    "terminal": "Card terminal",
    "comp": "Given away",
    "partially_refunded": "Partly refunded",
    "charged_back": "Charged back",
    **phases.WORDS,
    "transfer_pending": "In transfer",
    "prequeue": "Queue open",
    "acted": "Acted on",
    "queued": "Waiting",
    "bounced": "Came back",
    "suppressed": "Left out",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "taken_down": "Taken down",
    "switched_on": "On",
    "switched_off": "Off",
}
TONES: Final = {
    "published": "good", "on_sale": "accent", "ongoing": "good", "sales_ended": "warn",
    "paid": "good", "succeeded": "good", "active": "good", "valid": "good", "open": "good",
    "processing": "warn", "pending": "warn", "paused": "warn", "partially_refunded": "warn", "prequeue": "warn",
    "won": "good", "inquiry": "warn", "disputed": "bad", "charged_back": "bad", "lost": "bad",
    "switched_on": "good", "switched_off": "bad", "taken_down": "bad",
    "delivered": "good", "failing": "bad",
    "sent": "good", "queued": "warn", "suppressed": "warn", "bounced": "bad",
    "cancelled": "bad", "failed": "bad", "revoked": "bad", "sold_out": "bad", "blocked": "bad",
}  # fmt: skip

# What a draft may lack when it is to be published.
MISSING: Final = {
    "seating_chart": "the venue has no seating chart",
    "ticket_types": "there is no ticket type",
    "ticket_type_categories": "a ticket type sells from categories that the chart does not have",
    "ticket_type_prices": "a ticket type costs what nobody can pay",
    "on_sale": "it is not decided when sales open",
    "organization_active": "the organization may not sell now",
}

FACTS: Final = {
    "cents": "price",
    "room_enabled": "waiting room",
    "allow_reentry": "people may come back in",
    "units": "places",
    "fields": "changed",
    "starts_at": "starts",
    "from_event": "copied from",
    "rate_per_min": "let in a minute",
    "capacity": "at once in the shop",
}


def money(cents: int | None, currency: str) -> str:
    """Minor units as people read them; a dash if there is no amount."""
    if cents is None:
        return "–"
    return currencies.money(cents, currency)


def amount(cents: int | None, currency: str) -> str:
    """Minor units as they are typed into a form: ``45.00``."""
    if cents is None:
        return ""
    return f"{currencies.major(cents, currency):f}"


def symbol(currency: str) -> str:
    return str(get_currency_symbol(currency, locale=LOCALE))


def rate(rate_bp: float | None) -> str:
    """Basis points as they are typed into a form: 975 is ``9.75``."""
    if rate_bp is None:
        return ""
    return f"{Decimal(str(rate_bp)) / BASIS_POINTS:f}"


def percent(rate_bp: int) -> str:
    return rate(rate_bp) + " %"


def share(part: float, whole: float) -> str:
    """A part of a whole in percent, without claiming 0 or 100 if it is not."""
    if not whole:
        return "0 %"
    value = 100 * part / whole
    if 0 < value < 1:
        return "< 1 %"
    if 99 < value < 100:  # noqa: PLR2004 - the last percent
        return "> 99 %"
    return f"{value:.0f} %"


def number(value: float | None) -> str:
    """A count with its thousands apart."""
    return "–" if value is None else str(format_decimal(value, locale=LOCALE))


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: ``1 draft``, ``2 drafts``. ``many`` if the plural is not the singular with an s."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def when(value: datetime | None, timezone: str = "UTC", pattern: str = "EEE d MMM y, HH:mm") -> Markup | str:
    """A moment at its place, as a ``<time>`` element."""
    if value is None:
        return "–"
    text = format_datetime(value, pattern, tzinfo=ZoneInfo(timezone), locale=LOCALE)
    return Markup('<time datetime="{}">{}</time>').format(value.astimezone(UTC).isoformat(timespec="seconds"), text)


def local(value: datetime | None, timezone: str = "UTC") -> str:
    """A moment as ``datetime-local`` fields take it, at its place."""
    return "" if value is None else value.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%dT%H:%M")


def ago(value: datetime | None) -> Markup | str:
    """How long since, or until: ``3 minutes ago``."""
    if value is None:
        return "never"
    text = format_timedelta(value - now(), add_direction=True, locale=LOCALE)
    return Markup('<time datetime="{}">{}</time>').format(value.astimezone(UTC).isoformat(timespec="seconds"), text)


def word(code: str) -> str:
    """A state's code, or a field's name, as a word: ``venue_id`` is ``Venue``."""
    return WORDS.get(code, code.removesuffix("_id").replace("_", " ").capitalize())


def missing(codes: Sequence[str]) -> str:
    """What kept a draft from being published, as one sentence's end."""
    return ", and ".join(MISSING.get(code, word(code).lower()) for code in codes)


def tone(code: str) -> str:
    """The badge a state wears."""
    return TONES.get(code, "plain")


def facts_of(facts: dict[str, Any], currency: str) -> str:
    """What the activity log says next to the action, without the ids that say nothing to people.

    ``currency`` empty: the line is of no event, and of no amount.
    """
    was, now = facts.get("was", {}), facts.get("now", {})
    told = {"fields", "now", "was"} if now else {"was"}
    others = {name: value for name, value in facts.items() if name not in told}
    shown = {name: value for name, value in (others | now).items() if not name.endswith("_id") and name != "etag"}
    return "; ".join(
        _fact(name, value, currency) + (f" (was {_value(name, was[name], currency) or 'empty'})" if name in was else "")
        for name, value in shown.items()
        if value not in (None, "", []) or name in was
    )


def _fact(name: str, value: Any, currency: str) -> str:
    called = FACTS.get(name, name.removesuffix("_cents").replace("_", " "))
    is_amount = (name == "cents" or name.endswith("_cents")) and isinstance(value, int)
    return f"{called}{'' if is_amount else ':'} {_value(name, value, currency) or 'empty'}"


def _value(name: str, value: Any, currency: str) -> str:
    """A fact as people read it; "" for none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if (name == "cents" or name.endswith("_cents")) and isinstance(value, int):
        return money(value, currency) if currency else str(value)
    if isinstance(value, list):
        return ", ".join(word(str(item)).lower() for item in value)
    return "" if value is None else str(value)


def columns_of(series: Sequence[tuple[datetime, int]], pattern: str) -> list[tuple[str, int]]:
    """Moments of a series as the names of its columns."""
    return [(moment.strftime(pattern), value) for moment, value in series]


def venue_option(venue: Any) -> tuple[str, str]:
    """A venue as an option of a choice."""
    return venue.id, ", ".join(part for part in (venue.name, venue.city) if part)


def category_option(name: str) -> tuple[str, str]:
    """A category of events as an option of a choice."""
    return name, categories.title(name)


def bounds(code: str) -> str:
    """What one ticket may cost in a currency, with fee and tax."""
    facts = currencies.find(code)
    least, most = (currencies.money(cents, code) for cents in (facts.least, facts.greatest))
    step = f", in steps of {currencies.money(facts.step, code)}" if facts.step > 1 else ""
    return f"With fee and tax, from {least} to {most}{step}."


def tax_options(country: str) -> list[tuple[str, str]]:
    """The usual taxes of a country's regions, as choices: ``CA-QC``, ``Canada, QC: GST 5 %, QST 9.975 %``."""
    return [
        (
            code,
            f"{countries.name(country)}, {code[3:]}: "
            + ", ".join(f"{tax.name} {rate(tax.rate_bp)} %" for tax in taxes),
        )
        for code, taxes in tax_presets.TABLE.items()
        if code.startswith(country + "-")
    ]


def currency_option(code: str) -> tuple[str, str]:
    """A currency as an option of a choice."""
    return code, f"{code}, {currencies.name(code)}"


def named(section: Any) -> tuple[str, str]:
    """A section of the chart as an option of a choice."""
    return section.name, f"{section.name} ({number(section.units)})"


def rich(text: str) -> Markup:
    """Formatted text as the fans' pages show it. Sanitised where it is made."""
    return Markup(rich_text.html(text))  # noqa: S704 - the one place that trusts the sanitiser


def own_path(url: str) -> str:
    """The path of an address of the engine, at which this app has the same file."""
    return urlsplit(url).path


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "money": money,
    "amount": amount,
    "symbol": symbol,
    "rate": rate,
    "percent": percent,
    "share": share,
    "number": number,
    "counted": counted,
    "when": when,
    "local": local,
    "ago": ago,
    "word": word,
    "missing": missing,
    "tone": tone,
    "facts_of": facts_of,
    "columns_of": columns_of,
    "venue_option": venue_option,
    "bounds": bounds,
    "category_option": category_option,
    "currency_option": currency_option,
    "tax_options": tax_options,
    "named": named,
    "rich": rich,
    "own_path": own_path,
}
