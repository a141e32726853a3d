"""Money: what an order costs, to the cent. Integer minor units from end to end.

Per order: face -> the best group discount, then the code's, each spread over the lines it is for -> fee (rate + fixed
per ticket, paid by buyer or organizer) -> each tax apart, half-up once on the order's taxable base (ticket + buyer's
fee), spread over lines. If prices include their taxes, these are taken out of the base and add nothing to it. Stored
per line and per tax and never computed again: a refund reads what was stored (``refunds.py``). If a currency is charged
in steps of several minor units (KWD: 10 fils), each of these amounts is a multiple of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from engine.domain.errors import AmountBetweenSteps, AmountTooLarge, AmountTooSmall, CurrencyUnknown
from engine.domain.taxes import BASIS_POINTS, Tax, half_up, included_shares, spread, tax_shares
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import find, money

LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket at its face price; ``step`` names the price step that it is sold at."""

    ticket_type_id: str
    price_cents: int
    taxable: bool = True
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """The service fee of an event. A ticket that costs nothing carries no fee."""

    rate_bp: int = 0
    fixed_cents: int = 0
    paid_by: Literal["buyer", "organizer"] = "buyer"


@dataclass(frozen=True, slots=True)
class Discount:
    """``value`` is in basis points if the kind is percent, in cents off all its tickets together if it is fixed.

    It is for ``ticket_type_ids``, for all without any, from ``quantity_min`` of these and ``amount_min_cents`` for them
    on. A group discount that is not ``stackable`` is not given with a code: the larger of the two is.
    """

    kind: Literal["percent", "fixed"]
    value: int
    ticket_type_ids: frozenset[str] = frozenset()
    quantity_min: int = 1
    amount_min_cents: int = 0
    stackable: bool = True

    def is_for(self, line: Line) -> bool:
        return not self.ticket_type_ids or line.ticket_type_id in self.ticket_type_ids

    def reaches(self, lines: Sequence[Line]) -> bool:
        """Whether these are enough for it, and one of them is of a type that it is for."""
        prices = [line.price_cents for line in lines if self.is_for(line)]
        return bool(prices) and len(prices) >= self.quantity_min and sum(prices) >= self.amount_min_cents


class PricedLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one ticket costs the buyer; ``fee_cents`` is the buyer's fee, ``price_step`` the step it is sold at."""

    ticket_type_id: str
    face_cents: int
    discount_cents: int
    fee_cents: int
    taxes: dict[str, int]
    tax_cents: int
    total_cents: int
    price_step: str | None = None


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order's price: the contract's ``price`` object, and what an order stores.

    ``service_fee_cents`` is the whole fee, ``fees_cents`` the part of it that the buyer pays. ``group_discount_cents``
    is the part of the discount that no code was needed for. If taxes are included, they are part of face and fees;
    else the total is the sum.
    """

    face_cents: int
    discount_cents: int
    fees_cents: int
    tax_cents: int
    total_cents: int
    currency: str
    taxes: dict[str, int]
    service_fee_cents: int
    lines: tuple[PricedLine, ...]
    group_discount_cents: int = 0
    tax_included: bool = False


def quote(
    *,
    currency: str,
    lines: Sequence[Line],
    taxes: Sequence[Tax],
    fee: Fee,
    discount: Discount | None = None,
    groups: Sequence[Discount] = (),
    tax_included: bool = False,
) -> Price:
    """The price of 1..LINES_MAX tickets. Lines keep their order; equal inputs give equal cents.

    ``discount`` is a code's, ``groups`` are the event's group discounts, of which the best is given.
    """
    step = find(currency).step
    faces = [line.price_cents for line in lines]
    grouped, coded = _discounts(lines, groups, discount, step)
    discounts = [group + code for group, code in zip(grouped, coded, strict=True)]
    nets = [face - off for face, off in zip(faces, discounts, strict=True)]
    fees = _fees(fee, nets, step)
    service_fee_cents = sum(fees)
    if fee.paid_by == "organizer":
        fees = [0] * len(lines)
    bases = [net + part if line.taxable else 0 for line, net, part in zip(lines, nets, fees, strict=True)]
    if tax_included:
        shares = included_shares(taxes, bases, step)
    else:
        shares = {tax.name: tax_shares(tax, bases, step) for tax in taxes}
    added = {} if tax_included else shares
    priced = tuple(
        PricedLine(
            ticket_type_id=line.ticket_type_id,
            face_cents=faces[index],
            discount_cents=discounts[index],
            fee_cents=fees[index],
            taxes={name: cents[index] for name, cents in shares.items()},
            tax_cents=sum(cents[index] for cents in shares.values()),
            total_cents=nets[index] + fees[index] + sum(cents[index] for cents in added.values()),
            price_step=line.step,
        )
        for index, line in enumerate(lines)
    )
    by_tax = {name: sum(cents) for name, cents in shares.items()}
    return Price(
        face_cents=sum(faces),
        discount_cents=sum(discounts),
        fees_cents=sum(fees),
        tax_cents=sum(by_tax.values()),
        total_cents=sum(line.total_cents for line in priced),
        currency=currency,
        taxes=by_tax,
        service_fee_cents=service_fee_cents,
        lines=priced,
        group_discount_cents=sum(grouped),
        tax_included=tax_included and bool(by_tax),
    )


def discount_cents(discount: Discount | None, face_cents: int, step: int = 1) -> int:
    """What comes off this face value: never more than all of it."""
    if discount is None:
        return 0
    fixed = discount.kind == "fixed"
    wanted = half_up(*((discount.value, 1) if fixed else (face_cents * discount.value, BASIS_POINTS)), step)
    return min(wanted, face_cents)


def _discounts(
    lines: Sequence[Line], groups: Sequence[Discount], code: Discount | None, step: int
) -> tuple[list[int], list[int]]:
    """(what the best group discount takes off each line, what the code takes off what is left of it)."""
    faces, nothing = [line.price_cents for line in lines], [0] * len(lines)
    reached = [group for group in groups if group.reaches(lines)]
    best, grouped = None, nothing
    for group in reached:
        off = _off(group, lines, faces, step)
        if sum(off) > sum(grouped):
            best, grouped = group, off
    if code is None or not code.reaches(lines):
        return grouped, nothing
    if best is not None and not best.stackable:
        alone = _off(code, lines, faces, step)
        return (nothing, alone) if sum(alone) > sum(grouped) else (grouped, nothing)
    nets = [face - off for face, off in zip(faces, grouped, strict=True)]
    return grouped, _off(code, lines, nets, step)


def _off(discount: Discount, lines: Sequence[Line], nets: Sequence[int], step: int) -> list[int]:
    """What a discount takes off each line, spread over those it is for by what is left of their prices."""
    weights = [net if discount.is_for(line) else 0 for line, net in zip(lines, nets, strict=True)]
    return spread(discount_cents(discount, sum(weights), step), weights, step)


def _fees(fee: Fee, nets: Sequence[int], step: int) -> list[int]:
    rated = spread(half_up(sum(nets) * fee.rate_bp, BASIS_POINTS, step), nets, step)
    return [part + (fee.fixed_cents if net else 0) for part, net in zip(rated, nets, strict=True)]


def is_chargeable(price: Price) -> bool:
    """Whether ``check_chargeable`` refuses nothing."""
    try:
        check_chargeable(price.total_cents, price.currency)
    except Invalid:
        return False
    return True


def check_chargeable(amount_cents: int, code: str) -> None:
    """Refuse what is neither free nor can be charged in this currency.

    CurrencyUnknown, AmountTooSmall, AmountTooLarge, AmountBetweenSteps.
    """
    currency = find(code)
    if amount_cents == 0:
        return
    if not currency.chargeable:
        raise CurrencyUnknown(currency=code)
    if amount_cents < currency.least:
        said = f"The least that can be paid is {money(currency.least, code)}"
        raise AmountTooSmall(said, min_cents=currency.least, amount_min_cents=currency.least, currency=code)
    if amount_cents > currency.greatest:
        said = f"The most that can be paid is {money(currency.greatest, code)}"
        raise AmountTooLarge(said, max_cents=currency.greatest, amount_max_cents=currency.greatest, currency=code)
    if amount_cents % currency.step:
        said = f"Amounts are paid in steps of {money(currency.step, code)}"
        raise AmountBetweenSteps(said, step_cents=currency.step, currency=code)
