"""What a list of events can be narrowed by, as a page offers it: each choice is an address, so no script is needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from engine.domain.catalogue.discovery import Facet, Facets, MonthFacet, PriceFacet
from engine.foundation.speech import figures
from engine.foundation.speech.figures import money
from engine.foundation.speech.tongue import later, say
from engine.foundation.world.accessibility import KINDS
from engine.foundation.world.currencies import CURRENCIES
from engine.pages.catalogue.search import Search
from engine.pages.formats import category

# The kinds of engine/foundation/world/accessibility.py, for the catalogues.
ACCESS: Final = (later("Accessible seats"), later("Access described"))
CHOICES_MAX: Final = 12  # of one kind; a city beyond them is typed


@dataclass(frozen=True, slots=True)
class Choice:
    """``url`` is the list narrowed by it, or, if it is ``chosen``, without it."""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the list is narrowed by; ``url`` is the list without it."""

    label: str
    url: str


def groups_of(search: Search, facets: Facets) -> list[Group]:
    """The kinds of choices that make a difference: of one choice alone there is none."""
    made = [
        Group(
            say("City"),
            [_choice(_by_slug(search, each), each.title, each.count, city=each.value) for each in facets.city],
        ),
        Group(
            say("Kind"),
            [_choice(search, category(each.value), each.count, category=each.value) for each in facets.category],
        ),
        Group(say("Month"), [_month(search, each) for each in facets.month]),
        Group(say("Price, all in"), [_price(search, each) for each in facets.price if _is_said(each)]),
        Group(
            say("Accessibility"),
            [_choice(search, say(each.title), each.count, accessibility=each.value) for each in facets.accessibility],
        ),
    ]
    return [
        Group(group.title, _few(group.choices))
        for group in made
        if len(group.choices) > 1 or any(choice.chosen for choice in group.choices) or group is made[-1]
        if group.choices
    ]


def marks_of(search: Search, city: str) -> list[Mark]:
    """What the search is narrowed by, each with the way out of it. ``city`` is its name as it is written."""
    said: list[tuple[str, dict[str, str]]] = []
    if search.q:
        said.append((f"“{search.q}”", {"q": ""}))
    if search.city:
        said.append((city or search.city, {"city": ""}))
    if search.category:
        said.append((category(search.category), {"category": ""}))
    if search.from_day or search.to_day:
        said.append((_days_said(search), {"from_day": "", "to_day": ""}))
    if search.price_min or search.price_max or search.currency:
        said.append((_price_said(search), {"price_min": "", "price_max": "", "currency": ""}))
    if search.accessibility:
        said.append((say(KINDS[search.accessibility]), {"accessibility": ""}))
    if search.near is not None:
        said.append((say("Near me"), {"lat": "", "lng": ""}))
    return [Mark(label, search.changed(**without).url()) for label, without in said]


def _by_slug(search: Search, city: Facet) -> Search:
    """The search with its city as links say it, if this is the one that was typed."""
    return search.changed(city=city.value) if search.city.casefold() == city.title.casefold() else search


def _few(choices: Iterable[Choice]) -> list[Choice]:
    """The first of them, and what was chosen wherever it stands."""
    return [each for place, each in enumerate(choices) if place < CHOICES_MAX or each.chosen]


def _choice(search: Search, label: str, count: int, **fields: Any) -> Choice:
    chosen = all(getattr(search, name) == value for name, value in fields.items())
    without = dict.fromkeys(fields, "")
    return Choice(label, count, search.changed(**(without if chosen else fields)).url(), chosen)


def _month(search: Search, each: MonthFacet) -> Choice:
    label = figures.month(each.from_)
    return _choice(search, label, each.count, from_day=each.from_.isoformat(), to_day=each.to.isoformat())


def _is_said(each: PriceFacet) -> bool:
    """Bands below one whole unit hold only what reaches from nothing to a real price."""
    return each.price_max == 0 or each.price_min >= CURRENCIES[each.currency].unit


def _price(search: Search, each: PriceFacet) -> Choice:
    unit, digits = CURRENCIES[each.currency].unit, CURRENCIES[each.currency].digits
    fields = {
        "currency": each.currency,
        "price_min": f"{each.price_min / unit:.{digits}f}" if each.price_min else "",
        "price_max": f"{each.price_max / unit:.{digits}f}",
    }
    least, most = money(each.price_min, each.currency), money(each.price_max, each.currency)
    if each.price_max:
        label = say("%(least)s to %(most)s", least=least, most=most)
    else:
        label = say("Free (%(currency)s)", currency=each.currency)
    return _choice(search, label, each.count, **fields)


def _price_said(search: Search) -> str:
    least = say("from %(amount)s", amount=search.price_min) if search.price_min else ""
    most = say("up to %(amount)s", amount=search.price_max) if search.price_max else ""
    return " ".join(filter(None, [least, most, search.currency]))


def _days_said(search: Search) -> str:
    if search.from_day and search.to_day:
        return say("%(least)s to %(most)s", least=search.from_day, most=search.to_day)
    if search.from_day:
        return say("from %(amount)s", amount=search.from_day)
    return say("up to %(amount)s", amount=search.to_day)
