"""What selling needs to know of an event, frozen: terms, ticket types, the seat map, who may take which lot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from msgspec import convert

import hotpath_rs
from engine.domain.catalogue.events import OrphanPolicy
from engine.domain.catalogue.pricing.bulk_codes import SLIP_CHARS, place_of
from engine.domain.catalogue.pricing.discount_rules import DiscountRule
from engine.domain.catalogue.promos import standing
from engine.domain.catalogue.questions import Asking
from engine.domain.errors import PromoInvalid, SalesClosed, SalesNotOpen
from engine.domain.prices import Discount, Fee
from engine.domain.sale.allotments import BOX_OFFICE, STAFFS
from engine.domain.sale.charts import Chart
from engine.domain.sale.holds import HoldLine
from engine.domain.taxes import Tax
from engine.foundation.clock import rfc3339, to_ms
from engine.foundation.folding import code_folded

STRICT_UNTIL_SOLD_PERCENT = 85
TAPE_PARTY_MAX = 10  # larger parties are planned
_STOPPED = {
    "cancelled": "This event was cancelled",
    "suspended": "Nothing of this event is sold at the moment",
}
BUYER_UNITS_MAX_DEFAULT = 10  # of one admission, if neither event nor ticket types say anything


class Columns(Protocol):
    """A row, read by its columns' names."""

    def __getitem__(self, column: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class TicketTypeTerms:
    """A ticket type while it is sold. ``number`` is its byte in Redis; categories are indexes in the seat map."""

    id: str
    number: int
    name: str
    price_cents: int
    categories: tuple[int, ...]
    capacity: int | None
    max_per_order: int
    sales_start_at_ms: int | None
    sales_end_at_ms: int | None
    hidden: bool
    taxable: bool
    step: str | None = None  # the price step that these are the terms of
    steps: tuple[PriceStepTerms, ...] = ()  # in the order in which they are sold; the last is what comes after them
    counted: tuple[int, ...] = ()  # all numbers its units are counted under, if it has or had price steps

    @classmethod
    def of(cls, row: Columns, category_index: Mapping[str, int]) -> TicketTypeTerms:
        """From its row; without categories it sells them all, and those that the chart does not have are left out."""
        kind = cls(
            id=row["id"],
            number=row["number"],
            name=row["name"],
            price_cents=row["price_cents"],
            categories=_indexes(row["categories"], category_index),
            capacity=row["capacity"],
            max_per_order=row["max_per_order"],
            sales_start_at_ms=_ms(row["sales_start_at"]),
            sales_end_at_ms=_ms(row["sales_end_at"]),
            hidden=row["visibility"] == "hidden",
            taxable=row["taxable"],
            counted=(row["number"], *row["step_numbers"]) if row["step_numbers"] else (),
        )
        if not kind.counted:
            return kind
        steps = [PriceStepTerms.of(step, kind) for step in row["price_steps"]]
        return replace(kind, steps=(*steps, PriceStepTerms(kind, None, None)))


@dataclass(frozen=True, slots=True)
class PriceStepTerms:
    """``kind`` are the type's terms at this step: with its price, and its number. ``until_sold`` counts the type."""

    kind: TicketTypeTerms
    until_ms: int | None
    until_sold: int | None

    @classmethod
    def of(cls, step: Columns, kind: TicketTypeTerms) -> PriceStepTerms:
        """A step as the ledger keeps it, of this type."""
        until = step["until"]
        return cls(
            replace(kind, number=step["number"], price_cents=step["price_cents"], step=step["name"]),
            None if until is None else to_ms(datetime.fromisoformat(until)),
            step["until_sold"],
        )


@dataclass(frozen=True, slots=True)
class AllotmentTerms:
    number: int
    name: str
    units: tuple[int, ...]
    open_to: frozenset[str]

    @classmethod
    def of(cls, row: Columns) -> AllotmentTerms:
        return cls(row["number"], row["name"], tuple(row["units"]), frozenset(map(code_folded, row["open_to"])))


@dataclass(frozen=True, slots=True)
class PromoTerms:
    """A promo code; ``number`` 1..255 names its counter in Redis."""

    id: str
    number: int
    code: str
    discount: Discount
    max_uses: int | None
    valid_from_ms: int | None
    valid_until_ms: int | None
    active: bool
    unlocks: frozenset[str] = frozenset()  # hidden ticket types that it shows
    per_buyer_max: int | None = None
    count: int | None = None  # of codes that begin with it; it is none itself then
    slip: int | None = None  # which of these was typed

    @classmethod
    def of(cls, row: Columns) -> PromoTerms:
        return cls(
            id=row["id"],
            number=row["number"],
            code=row["code"],
            discount=Discount(
                row["kind"],
                row["value"],
                ticket_type_ids=frozenset(row["ticket_type_ids"]),
                quantity_min=row["min_quantity"] or 1,
                amount_min_cents=row["min_amount_cents"] or 0,
            ),
            max_uses=row["max_uses"],
            valid_from_ms=_ms(row["valid_from"]),
            valid_until_ms=_ms(row["valid_until"]),
            active=row["status"] == "active",
            unlocks=frozenset(row["unlocks"]),
            per_buyer_max=row["per_buyer_max"],
            count=row["count"],
        )

    def check(self, now_ms: int) -> None:
        """PromoInvalid outside its window or switched off."""
        match standing(now_ms, active=self.active, begin=self.valid_from_ms, end=self.valid_until_ms):
            case "off" | "over":
                raise PromoInvalid("This promo code is no longer valid", reason="expired")
            case "early":
                raise PromoInvalid("This promo code is not valid yet", reason="not_yet_valid")


@dataclass(frozen=True, slots=True, eq=False)
class SellingEvent:
    """An event as it is sold right now. Immutable: a change makes a new one.

    ``status`` is the event's own, and ``suspended`` if it is published but the platform took it down, or its
    organization may not sell.
    """

    id: str
    slug: str
    organization_id: str
    title: str
    status: str
    version: int
    currency: str
    hold_ttl_ms: int
    orphan_policy: OrphanPolicy
    taxes: tuple[Tax, ...]
    fee: Fee
    max_tickets_per_buyer: int | None
    buyer_units_max: int  # what one admission may have of it, held, ordered and bought
    starts_at_ms: int
    ends_at_ms: int
    timezone: str
    opens_at_ms: int | None
    closes_at_ms: int | None
    room_enabled: bool
    seat_map: hotpath_rs.SeatMap
    seats: tuple[str | None, ...]
    section_names: tuple[str, ...]
    section_of: memoryview
    category_of: bytes
    base: bytes
    ticket_types: dict[str, TicketTypeTerms]
    type_by_number: dict[int, TicketTypeTerms]
    allotments: tuple[AllotmentTerms, ...]
    promos: dict[str, PromoTerms]  # by their folded codes
    promo_by_number: dict[int, PromoTerms]
    keys: hotpath_rs.EventKeys
    desk: hotpath_rs.HoldDesk
    units: int
    asking: Asking | None = None  # what its buyers are asked
    account_required: bool = False  # who orders is signed in
    groups: tuple[Discount, ...] = ()  # what comes off without a code
    step_ends_ms: tuple[int, ...] = ()  # when price steps end by the clock
    tax_included: bool = False
    memo: dict[Any, Any] = field(default_factory=dict)  # prices and tape names worked out for this snapshot

    @classmethod
    def of(
        cls,
        row: Columns,
        chart: Chart,
        *,
        ticket_types: Sequence[TicketTypeTerms],
        allotments: Sequence[AllotmentTerms],
        promos: Sequence[PromoTerms],
        keys: hotpath_rs.EventKeys,
        desk: hotpath_rs.HoldDesk,
        asking: Asking | None = None,
    ) -> SellingEvent:
        """From the event's row (with its on-sale's columns) and what else is known of it."""
        return cls(
            id=row["id"],
            slug=row["slug"],
            organization_id=row["organization_id"],
            title=row["title"],
            status=row["status"],
            version=row["version"],
            currency=row["currency"],
            hold_ttl_ms=row["hold_ttl_s"] * 1000,
            orphan_policy=row["orphan_policy"],
            taxes=tuple(Tax(tax["name"], tax["rate_bp"]) for tax in row["taxes"]),
            fee=Fee(**row["fee"]),
            max_tickets_per_buyer=row["max_tickets_per_buyer"],
            buyer_units_max=buyer_units_max(row["max_tickets_per_buyer"], ticket_types),
            starts_at_ms=to_ms(row["starts_at"]),
            ends_at_ms=to_ms(row["ends_at"]),
            timezone=row["timezone"],
            opens_at_ms=_ms(row["opens_at"]),
            closes_at_ms=_ms(row["closes_at"]),
            room_enabled=bool(row["room_enabled"]),
            seat_map=chart.seat_map,
            seats=chart.seats,
            section_names=chart.section_names,
            section_of=chart.section_of,
            category_of=chart.category_of,
            base=chart.base_with((lot.number, lot.units) for lot in allotments),
            ticket_types={kind.id: kind for kind in ticket_types},
            type_by_number=_by_number(ticket_types),
            allotments=tuple(allotments),
            promos={code_folded(promo.code): promo for promo in promos},
            promo_by_number={promo.number: promo for promo in promos},
            keys=keys,
            desk=desk,
            units=chart.seat_map.units,
            asking=asking,
            account_required=row["account"] == "required",
            groups=tuple(rule.discount() for rule in convert(row["discount_rules"], list[DiscountRule])),
            tax_included=row["tax_mode"] == "inclusive",
            step_ends_ms=tuple(
                step.until_ms for kind in ticket_types for step in kind.steps if step.until_ms is not None
            ),
        )

    def check_selling(self) -> None:
        """SalesClosed if nothing of it is sold, whatever the time: what is held or being paid for included."""
        if self.status != "published":
            raise SalesClosed(_STOPPED.get(self.status))

    def check_open(self, now_ms: int, *, admitted: bool = False) -> None:
        """SalesNotOpen or SalesClosed outside the on-sale window. The room decides the opening for those it let in."""
        self.check_selling()
        if self.closes_at_ms is not None and now_ms >= self.closes_at_ms:
            raise SalesClosed
        if self.opens_at_ms is None:
            raise SalesNotOpen
        if now_ms < self.opens_at_ms and not admitted:
            raise SalesNotOpen(opens_at=rfc3339(self.opens_at_ms), opens_at_ms=self.opens_at_ms)

    def check_type_open(self, kind: TicketTypeTerms, now_ms: int) -> None:
        """The same for one ticket type's own window."""
        if kind.sales_start_at_ms is not None and now_ms < kind.sales_start_at_ms:
            raise SalesNotOpen(f"{kind.name} is not on sale yet", ticket_type_id=kind.id)
        if kind.sales_end_at_ms is not None and now_ms >= kind.sales_end_at_ms:
            raise SalesClosed(f"{kind.name} is no longer on sale", ticket_type_id=kind.id)

    def open_allotments(self, code: str) -> tuple[int, ...]:
        """The allotments open to somebody who shows this channel's name or code, however it is typed.

        The staff's channels are no codes: nobody types their way into them.
        """
        folded = code_folded(code)
        if not folded or folded in STAFFS:
            return ()
        return tuple(lot.number for lot in self.allotments if folded in lot.open_to)

    @property
    def opens_to_codes(self) -> bool:
        """Whether some allotment is open to those who type a code."""
        return any(lot.open_to - STAFFS for lot in self.allotments)

    def staff_allotments(self, *, comps: bool) -> tuple[int, ...]:
        """The allotments open to the box office, and to comps as well if these are some."""
        channels = STAFFS if comps else BOX_OFFICE
        return tuple(lot.number for lot in self.allotments if channels & lot.open_to)

    def promo(self, code: str | None) -> PromoTerms | None:
        """The promo code of that spelling, however it is typed; one of many is not looked for."""
        return self.promos.get(code_folded(code)) if code else None

    def typed_promo(self, code: str | None) -> PromoTerms | None:
        """The promo code that a buyer typed. What many codes begin with is none."""
        if not code:
            return None
        folded = code_folded(code)
        known, slip = self.promos.get(folded), folded[-SLIP_CHARS:]
        if known is None and (many := self.promos.get(folded[:-SLIP_CHARS])) is not None and many.count is not None:
            place = place_of(self.keys.identity_digest, many.id, slip, many.count)
            return None if place is None else replace(many, slip=place)
        return None if known is None or known.count is not None else known

    def terms_of(self, line: HoldLine) -> TicketTypeTerms:
        """The terms that a line of a hold is held at."""
        kind = self.ticket_types[line.ticket_type_id]
        if line.price_step is None:
            return kind
        return next((step.kind for step in kind.steps if step.kind.step == line.price_step), kind)

    def section_name(self, unit: int) -> str:
        return self.section_names[self.section_of[unit]]


def _indexes(names: Sequence[str], category_index: Mapping[str, int]) -> tuple[int, ...]:
    if not names:
        return tuple(category_index.values())
    return tuple(category_index[name] for name in names if name in category_index)


def _by_number(kinds: Sequence[TicketTypeTerms]) -> dict[int, TicketTypeTerms]:
    """Ticket types by every number that their units may be counted under: a step that is gone is its type."""
    found = {number: kind for kind in kinds for number in kind.counted or (kind.number,)}
    return found | {step.kind.number: step.kind for kind in kinds for step in kind.steps}


def caps_of(kinds: Iterable[TicketTypeTerms]) -> tuple[tuple[int, int], ...]:
    """(number, most units) of those that sell only so many; what has price steps is counted by its ``Span``."""
    return tuple({(kind.number, kind.capacity) for kind in kinds if kind.capacity is not None and not kind.counted})


def buyer_units_max(per_buyer: int | None, kinds: Sequence[TicketTypeTerms]) -> int:
    """Most units one admission may have: the event's limit for a buyer, else the largest order of its types."""
    return per_buyer or max((kind.max_per_order for kind in kinds), default=BUYER_UNITS_MAX_DEFAULT)


def tape_name(chart_etag: str, categories: tuple[int, ...], section: int | None, size: int) -> str:
    """What a tape of starts is called: the chart, the categories, the section, the party size."""
    return f"{chart_etag[:12]}-{'.'.join(map(str, categories))}-{'' if section is None else section}-{size}"


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
