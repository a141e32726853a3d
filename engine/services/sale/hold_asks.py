"""From what a buyer typed to what allocation understands: items become asks, checked against the event's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple

import hotpath_rs
from engine.domain.catalogue.events import OrphanPolicy
from engine.domain.errors import BuyerLimit, MaxPerOrder, PromoInvalid, SoldOut, UnknownSeat
from engine.domain.sale.charts import unit_of
from engine.domain.sale.holds import QUANTITY_MAX, HoldItem, HoldRequest
from engine.domain.sale.price_steps import Span, split_all
from engine.domain.sale.selling import PromoTerms, SellingEvent, TicketTypeTerms
from engine.foundation.clock import now_ms
from engine.foundation.errors import Invalid
from engine.stores.sale.hold_answers import StepsMoved


@dataclass(frozen=True, slots=True)
class Ask:
    """A party that sits together: ticket types with counts, if they may sit, how they want to.

    ``seated`` and ``has_general`` say which kinds of section its categories have; ``general`` is (first unit, size)
    if exactly one general-admission section is meant.
    """

    parts: tuple[tuple[TicketTypeTerms, int], ...]
    quantity: int
    categories: tuple[int, ...]
    section: int | None = None
    seats: tuple[int, ...] = ()
    accessible: int = 0
    split: bool = True
    seated: bool = False
    has_general: bool = False
    general: tuple[int, int] | None = None
    rust: hotpath_rs.Ask | None = None

    @property
    def planner(self) -> hotpath_rs.Ask:
        """The ask as the planner reads it; only joined asks have one."""
        assert self.rust is not None
        return self.rust

    @staticmethod
    def joined(
        asks: Sequence[Ask],
        open_allotments: tuple[int, ...],
        *,
        policy: OrphanPolicy = "auto",
        beside: Sequence[int] = (),
    ) -> Ask:
        """All asks of a hold as one for the planner; ``beside``: units the hold has, to sit next to."""
        parties = [hotpath_rs.Party(ask.quantity, list(ask.categories), ask.section, ask.accessible) for ask in asks]
        rust = hotpath_rs.Ask(
            parties,
            policy,
            split=all(ask.split for ask in asks),
            open_allotments=list(open_allotments),
            beside=list(beside),
        )
        parts = tuple(part for ask in asks for part in ask.parts)
        return Ask(parts, sum(ask.quantity for ask in asks), (), rust=rust)


class _Group(NamedTuple):
    """What items must have in common to be one party."""

    categories: tuple[int, ...]
    section: int | None
    split: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An item of the request, its place there, and the ticket type it names."""

    number: int
    item: HoldItem
    kind: TicketTypeTerms


def read_asks(event: SellingEvent, request: HoldRequest) -> tuple[list[Ask], PromoTerms | None, tuple[int, ...]]:
    """(asks, the promo code if it discounts, allotments that the code opens). Invalid with pointers."""
    groups: dict[_Group, list[_Wanted]] = {}
    asks, moment = list[Ask](), now_ms()
    for wanted in _wanted(event, request.items, moment):
        if wanted.item.seats:
            asks.append(_named(event, wanted.kind, wanted.item, wanted.number))
        else:
            groups.setdefault(_group(event, wanted), []).append(wanted)
    most = event.max_tickets_per_buyer
    if most is not None and sum(item.quantity for item in request.items) > most:
        raise BuyerLimit(max_tickets_per_buyer=most)
    _check_repeats(asks)
    asks += [_party(event, group, members) for group, members in groups.items()]
    promo, codes = read_code(event, request.promo_code, moment)
    return asks, promo, codes


def stepped(asks: Sequence[Ask]) -> list[TicketTypeTerms]:
    """The ticket types of these asks that are counted for price steps, each once."""
    return list({kind.id: kind for ask in asks for kind, _ in ask.parts if kind.counted}.values())


def at_steps(asks: Sequence[Ask], taken: Mapping[str, int], moment_ms: int) -> tuple[list[Ask], tuple[Span, ...]]:
    """The asks with each ticket at its price step, and what must be true of the counts for that to hold.

    ``taken`` has the count of each type that has steps, by id.
    """
    wanted = [part for ask in asks for part in ask.parts]
    split, spans = split_all(wanted, taken, moment_ms)
    parts = iter(split)
    return [replace(ask, parts=tuple(chain.from_iterable(islice(parts, len(ask.parts))))) for ask in asks], spans


def count_again(event: SellingEvent, asks: Sequence[Ask], taken: dict[str, int], moved: StepsMoved) -> None:
    """Keep the count that the script found. SoldOut if the type has not as many left."""
    kind = event.ticket_types[event.type_by_number[moved.number].id]
    asked = sum(count for ask in asks for each, count in ask.parts if each.id == kind.id)
    if kind.capacity is not None and moved.taken + asked > kind.capacity:
        raise SoldOut(free=max(0, kind.capacity - moved.taken))
    taken[kind.id] = moved.taken


def _wanted(event: SellingEvent, items: Sequence[HoldItem], moment_ms: int) -> Iterator[_Wanted]:
    """The items in order, each checked when its turn comes: its type, that type's window, how many in one order."""
    total, per_type = 0, dict[str, int]()
    for number, item in enumerate(items):
        kind = event.ticket_types.get(item.ticket_type_id)
        if kind is None:
            raise Invalid.at(
                f"/items/{number}/ticket_type_id", "unknown_ticket_type", "This event sells no such ticket type"
            )
        event.check_type_open(kind, moment_ms)
        total += item.quantity
        per_type[kind.id] = per_type.get(kind.id, 0) + item.quantity
        if per_type[kind.id] > kind.max_per_order or total > QUANTITY_MAX:
            pointer = {
                "pointer": f"/items/{number}/quantity",
                "code": "max_per_order",
                "message": "Too many in one order",
            }
            raise MaxPerOrder(
                f"At most {kind.max_per_order} of {kind.name} in one order",
                errors=[pointer],
                max_per_order=kind.max_per_order,
            )
        yield _Wanted(number, item, kind)


def named_units(event: SellingEvent, kinds: Sequence[TicketTypeTerms], seats: Sequence[str], pointer: str) -> list[int]:
    """The unit of each seat name, within its ticket type's categories. UnknownSeat, or Invalid on a repeat."""
    if len(seats) != len(kinds):
        raise Invalid.at(pointer, "seat_count", f"Name exactly {len(kinds)} seats")
    if len(set(seats)) != len(seats):
        raise Invalid.at(pointer, "duplicate_seat", "A seat is named twice")
    units = []
    for i, (kind, seat) in enumerate(zip(kinds, seats, strict=True)):
        unit = unit_of(event.seat_map, seat)
        if unit is None or event.category_of[unit] not in kind.categories:
            raise UnknownSeat(
                f"{kind.name} has no seat {seat}",
                errors=[
                    {"pointer": f"{pointer}/{i}", "code": "unknown_seat", "message": f"{kind.name} has no such seat"}
                ],
                seats=[seat],
            )
        units.append(unit)
    return units


def _named(event: SellingEvent, kind: TicketTypeTerms, item: HoldItem, number: int) -> Ask:
    assert item.seats is not None
    units = named_units(event, [kind] * item.quantity, item.seats, f"/items/{number}/seats")
    return Ask(((kind, item.quantity),), item.quantity, kind.categories, seats=tuple(units), seated=True)


def _check_repeats(asks: Sequence[Ask]) -> None:
    named = [unit for ask in asks for unit in ask.seats]
    if len(set(named)) != len(named):
        raise Invalid.at("/items", "duplicate_seat", "A seat is named twice")


def _section(event: SellingEvent, kind: TicketTypeTerms, item: HoldItem, number: int) -> int:
    for index, name in enumerate(event.section_names):
        if name == item.section and index in _places(event, kind.categories):
            return index
    raise Invalid.at(f"/items/{number}/section", "unknown_section", f"{kind.name} is not sold in that section")


def _group(event: SellingEvent, wanted: _Wanted) -> _Group:
    """Items of one group sit together."""
    item, kind = wanted.item, wanted.kind
    section = None if item.section is None else _section(event, kind, item, wanted.number)
    return _Group(kind.categories, section, item.split is not False)


def _party(event: SellingEvent, group: _Group, members: Sequence[_Wanted]) -> Ask:
    quantity = sum(member.item.quantity for member in members)
    accessible = sum(member.item.accessible or 0 for member in members)
    if accessible > quantity:
        raise Invalid.at(f"/items/{members[0].number}/accessible", "accessible", "More accessible seats than tickets")
    places = _places(event, group.categories)
    if group.section is not None:
        places = {group.section: places[group.section]}
    general = [place for place in places.values() if place[0] == "general"]
    return Ask(
        parts=tuple((member.kind, member.item.quantity) for member in members),
        quantity=quantity,
        categories=group.categories,
        section=group.section,
        accessible=accessible,
        split=group.split,
        seated=any(place[0] == "seated" for place in places.values()),
        has_general=bool(general),
        general=(general[0][1], general[0][2]) if len(general) == 1 else None,
    )


def _places(event: SellingEvent, categories: tuple[int, ...]) -> dict[int, tuple[str, int, int]]:
    """Section index -> (kind, first unit, units) of every section with units of these categories."""
    known: dict[int, tuple[str, int, int]] | None = event.memo.get(("places", categories))
    if known is None:
        used = {event.section_of[u] for u, category in enumerate(event.category_of) if category in categories}
        known = event.memo["places", categories] = {
            s.index: (s.kind, s.first_unit, s.units) for s in event.seat_map.sections if s.index in used
        }
    return known


def read_code(event: SellingEvent, code: str | None, moment_ms: int) -> tuple[PromoTerms | None, tuple[int, ...]]:
    """(the promo code if it discounts, allotments that the code opens). PromoInvalid if it does neither."""
    if code is None:
        return None, ()
    opened, promo = event.open_allotments(code), event.typed_promo(code)
    if promo is None:
        if opened:
            return None, opened
        raise PromoInvalid(errors=[{"pointer": "/promo_code", "code": "promo_invalid", "message": "No such code here"}])
    promo.check(moment_ms)
    return promo, opened
