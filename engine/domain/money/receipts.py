"""A receipt: what was paid and returned, tax by tax, to whom, with the sums that must agree printed on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.domain.money.orders import Order


def receipt_document(order: Order, seller: Mapping[str, Any], refunds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """``kept_cents`` is paid minus returned; the lines sum to ``paid_cents``, each tax to its total."""
    returned_cents = sum(refund["amount_cents"] for refund in refunds)
    taxes_returned = {
        name: sum(int(refund["taxes"].get(name, 0)) for refund in refunds) for name in order.price["taxes"]
    }
    return {
        "order_id": order.id,
        "order_number": order.order_number,
        "status": order.status,
        "paid_at": order.paid_at,
        "currency": order.currency,
        "seller": {"name": seller["organization"], "legal_name": seller["legal_name"]},
        "buyer": {"name": order.buyer_name, "email": order.buyer_email},
        "event": {
            "title": seller["title"],
            "starts_at": seller["starts_at"],
            "timezone": seller["timezone"],
            "venue": seller["venue"],
            "city": seller["city"],
        },
        "lines": [
            {
                "ticket_type_id": line.ticket_type_id,
                "section": line.section,
                "seat": line.seat,
                "face_cents": line.face_cents,
                "discount_cents": line.discount_cents,
                "fee_cents": line.fee_cents,
                "taxes": line.taxes,
                "total_cents": line.total_cents,
            }
            for line in order.lines
        ],
        "face_cents": order.price["face_cents"],
        "discount_cents": order.price["discount_cents"],
        "fees_cents": order.price["fees_cents"],
        "taxes": [
            {"name": name, "cents": cents, "returned_cents": taxes_returned[name]}
            for name, cents in order.price["taxes"].items()
        ],
        "tax_cents": order.price["tax_cents"],
        "paid_cents": order.amount_cents,
        "refunds": [dict(refund) for refund in refunds],
        "returned_cents": returned_cents,
        "kept_cents": order.amount_cents - returned_cents,
    }
