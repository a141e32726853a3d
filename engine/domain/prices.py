"""Money: what an order costs, to the cent. Integer minor units from end to end.

Per order: face -> discount, spread over lines -> fee (rate + fixed per ticket, paid by buyer or organizer) -> each tax
apart, half-up once on the order's taxable base (ticket + buyer's fee), spread over lines. Stored per line and per tax
and never computed again: a refund reads what was stored (``refunds.py``). Where a currency is charged in steps of
several minor units (KWD: 10 fils), each of these amounts is a multiple of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from engine.domain.errors import AmountBetweenSteps, AmountTooLarge, AmountTooSmall, CurrencyUnknown
from engine.domain.taxes import BASIS_POINTS, Tax, half_up, spread, tax_shares
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import find, money

LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket at its face price."""

    ticket_type_id: str
    price_cents: int
    taxable: bool = True


@dataclass(frozen=True, slots=True)
class Fee:
    """The service fee of an event. A ticket that costs nothing carries no fee."""

    rate_bp: int = 0
    fixed_cents: int = 0
    paid_by: Literal["buyer", "organizer"] = "buyer"


@dataclass(frozen=True, slots=True)
class Discount:
    """``value`` is in basis points if the kind is percent, in cents off the whole order if it is fixed."""

    kind: Literal["percent", "fixed"]
    value: int


class PricedLine(Struct, frozen=True, kw_only=True):
    """What one ticket costs the buyer; ``fee_cents`` is the buyer's fee."""

    ticket_type_id: str
    face_cents: int
    discount_cents: int
    fee_cents: int
    taxes: dict[str, int]
    tax_cents: int
    total_cents: int


class Price(Struct, frozen=True, kw_only=True):
    """An order's price: the contract's ``price`` object, and what an order stores.

    ``service_fee_cents`` is the whole fee, ``fees_cents`` the part of it that the buyer pays.
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


def quote(
    *, currency: str, lines: Sequence[Line], taxes: Sequence[Tax], fee: Fee, discount: Discount | None = None
) -> Price:
    """The price of 1..LINES_MAX tickets. Lines keep their order; equal inputs give equal cents."""
    step = find(currency).step
    faces = [line.price_cents for line in lines]
    discounts = spread(discount_cents(discount, sum(faces), step), faces, step)
    nets = [face - off for face, off in zip(faces, discounts, strict=True)]
    fees = _fees(fee, nets, step)
    service_fee_cents = sum(fees)
    if fee.paid_by == "organizer":
        fees = [0] * len(lines)
    bases = [net + part if line.taxable else 0 for line, net, part in zip(lines, nets, fees, strict=True)]
    shares = {tax.name: tax_shares(tax, bases, step) for tax in taxes}
    priced = tuple(
        PricedLine(
            ticket_type_id=line.ticket_type_id,
            face_cents=faces[index],
            discount_cents=discounts[index],
            fee_cents=fees[index],
            taxes={name: cents[index] for name, cents in shares.items()},
            tax_cents=sum(cents[index] for cents in shares.values()),
            total_cents=nets[index] + fees[index] + sum(cents[index] for cents in shares.values()),
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
    )


def discount_cents(discount: Discount | None, face_cents: int, step: int = 1) -> int:
    """What comes off this face value: never more than all of it."""
    if discount is None:
        return 0
    fixed = discount.kind == "fixed"
    wanted = half_up(*((discount.value, 1) if fixed else (face_cents * discount.value, BASIS_POINTS)), step)
    return min(wanted, face_cents)


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
