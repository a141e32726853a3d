"""A receipt: what was paid and returned, tax by tax, to whom, with the sums that must agree printed on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from engine.domain.catalogue.events import Seller
from engine.domain.money.orders import Order
from engine.domain.sale.ticket_groups import TicketGroup, groups_of


class ReceiptSeller(Struct, frozen=True):
    name: str
    legal_name: str


class ReceiptBuyer(Struct, frozen=True):
    name: str
    email: str


class ReceiptEvent(Struct, frozen=True, kw_only=True):
    title: str
    starts_at: datetime
    timezone: str
    venue: str
    city: str


class ReceiptLine(Struct, frozen=True, kw_only=True):
    """One ticket as it was sold."""

    ticket_type_id: str
    section: str
    seat: str | None
    face_cents: int
    discount_cents: int
    fee_cents: int
    taxes: dict[str, int]
    total_cents: int


class ReceiptTax(Struct, frozen=True, omit_defaults=True):
    """``registration`` is the number it is collected under."""

    name: str
    cents: int
    returned_cents: int
    registration: str = ""


class ReceiptRefund(Struct, frozen=True, kw_only=True):
    """Money that went back to the buyer. ``message`` is what they were told with it; why is the staff's own."""

    id: str
    amount_cents: int
    net_cents: int
    taxes: dict[str, int]
    message: str | None
    settled_at: datetime


class Receipt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``kept_cents``: paid, not returned or charged back. The lines sum to ``paid_cents``, each tax to its total.

    ``tax_included``: the taxes are part of face and fees.
    """

    order_id: str
    order_number: str
    status: str
    paid_at: datetime | None
    currency: str
    seller: ReceiptSeller
    buyer: ReceiptBuyer
    event: ReceiptEvent
    lines: list[ReceiptLine]
    groups: list[TicketGroup]
    face_cents: int
    discount_cents: int
    fees_cents: int
    taxes: list[ReceiptTax]
    tax_cents: int
    paid_cents: int
    refunds: list[ReceiptRefund]
    returned_cents: int
    charged_back_cents: int
    kept_cents: int
    tax_included: bool = False


def receipt_of(order: Order, seller: Seller, refunds: Sequence[ReceiptRefund], listed: Mapping[str, int]) -> Receipt:
    """The receipt of an order that was paid; ``refunds`` are those that succeeded, oldest first.

    ``listed`` is what one ticket of each type costs alone.
    """
    returned_cents = sum(refund.amount_cents for refund in refunds)
    registrations = {tax.name: tax.registration for tax in seller.taxes}
    return Receipt(
        order_id=order.id,
        order_number=order.order_number,
        status=order.status,
        paid_at=order.paid_at,
        currency=order.currency,
        seller=ReceiptSeller(seller.organization, seller.legal_name),
        buyer=ReceiptBuyer(order.buyer_name, order.buyer_email),
        event=ReceiptEvent(
            title=seller.title,
            starts_at=seller.starts_at,
            timezone=seller.timezone,
            venue=seller.venue,
            city=seller.city,
        ),
        lines=[
            ReceiptLine(
                ticket_type_id=line.ticket_type_id,
                section=line.section,
                seat=line.seat,
                face_cents=line.face_cents,
                discount_cents=line.discount_cents,
                fee_cents=line.fee_cents,
                taxes=line.taxes,
                total_cents=line.total_cents,
            )
            for line in order.lines
        ],
        groups=groups_of(order.lines, listed),
        face_cents=order.price["face_cents"],
        discount_cents=order.price["discount_cents"],
        fees_cents=order.price["fees_cents"],
        taxes=[
            ReceiptTax(name, cents, sum(refund.taxes.get(name, 0) for refund in refunds), registrations.get(name, ""))
            for name, cents in order.price["taxes"].items()
        ],
        tax_cents=order.price["tax_cents"],
        paid_cents=order.amount_cents,
        refunds=list(refunds),
        returned_cents=returned_cents,
        charged_back_cents=order.charged_back_cents,
        kept_cents=order.amount_cents - returned_cents - order.charged_back_cents,
        tax_included=order.price.get("tax_included", False),
    )
