"""Kinds of webhook messages: what an organization's programs may be told, each once in this table.

A kind that no part of the product causes yet may be subscribed to all the same, and comes with that part.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, get_args

MessageKind = Literal[
    "order.paid",
    "order.refunded",
    "order.expired",
    "ticket.issued",
    "ticket.voided",
    "ticket.transferred",
    "checkin.created",
    "event.published",
    "event.changed",
    "event.cancelled",
    "dispute.created",
    "waiting_list.offered",
    "payout.paid",
]
KINDS: Final[tuple[MessageKind, ...]] = get_args(MessageKind)
# What each tells, in words for people who choose.
TELLS: Final = MappingProxyType[MessageKind, str](
    {
        "order.paid": "An order was paid, or cost nothing",
        "order.refunded": "Money of an order went back to its buyer, all or a part",
        "order.expired": "An order ran out unpaid",
        "ticket.issued": "A ticket admits: it was bought, issued again, or admits again",
        "ticket.voided": "A ticket admits nobody any more: it was refunded or cancelled",
        "ticket.transferred": "A ticket went to another person",
        "checkin.created": "Somebody was let in",
        "event.published": "An event went public",
        "event.changed": "A published event was changed",
        "event.cancelled": "An event was cancelled",
        "dispute.created": "A buyer's bank disputes a payment",
        "waiting_list.offered": "Places were offered to somebody who waited (with waiting lists, not yet)",
        "payout.paid": "Money went to your bank (with payouts, not yet)",
    }
)
# Lines of the activity log that lead to a message, and to which.
OF_DEEDS: Final = MappingProxyType[str, MessageKind](
    {
        "order.paid": "order.paid",
        "order.expired": "order.expired",
        "refund.succeeded": "order.refunded",
        "ticket.transferred": "ticket.transferred",
        "dispute.asked": "dispute.created",
        "dispute.opened": "dispute.created",
        "dispute.won": "dispute.created",
        "dispute.lost": "dispute.created",
        "event.published": "event.published",
        "event.changed": "event.changed",
        "event.cancelled": "event.cancelled",
    }
)
# The same of the feed that gates follow, by its reasons.
OF_CHANGES: Final = MappingProxyType[str, MessageKind](
    {
        "refunded": "ticket.voided",
        "cancelled": "ticket.voided",
        "reissued": "ticket.issued",
        "valid": "ticket.issued",
    }
)
