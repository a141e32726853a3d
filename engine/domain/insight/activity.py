"""The activity log as people read it: every deed it may hold, in words, and what of a line's facts is shown.

A deed without words here is none: ``tests/house/test_activity.py`` compares this table with what is recorded.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

DEEDS: Final = MappingProxyType[str, str](
    {
        "account.disabled": "Account shut",
        "account.enabled": "Account opened again",
        "admin.created": "Platform admin made",
        "allotment.changed": "Allotment changed",
        "allotment.created": "Allotment made",
        "allotment.released": "Allotment released",
        "device.created": "Scanner registered",
        "device.revoked": "Scanner revoked",
        "dispute.asked": "The buyer's bank asks about a payment",
        "dispute.lost": "Dispute lost",
        "dispute.opened": "Payment disputed by the buyer's bank",
        "dispute.released": "Places of a lost dispute put on sale again",
        "dispute.won": "Dispute won",
        "entry_rules.set": "Rules of the doors saved",
        "event.archived": "Event put into the archive",
        "event.cancelled": "Event cancelled",
        "event.changed": "Event changed",
        "event.completed": "Event over",
        "event.copied": "Event copied",
        "event.created": "Event created",
        "event.deleted": "Event deleted",
        "event.featured": "Event shown first by the platform",
        "event.preview_linked": "Preview link made",
        "event.publication_failed": "Planned publication failed",
        "event.publication_planned": "Publication planned",
        "event.publication_unplanned": "Planned publication called off",
        "event.published": "Event published",
        "event.questions_set": "Questions to buyers saved",
        "event.restored": "Event taken out of the archive",
        "event.unfeatured": "Event no longer shown first",
        "event.unpublished": "Event taken back to a draft",
        "events.imported": "Events read in from a list",
        "image.added": "Picture added",
        "image.changed": "Picture changed",
        "image.deleted": "Picture deleted",
        "invitation.resent": "Invitation mailed again",
        "invitation.revoked": "Invitation called back",
        "mail.refused": "Mail to a buyer was refused by its server",
        "member.added": "Member joined",
        "member.invited": "Member invited",
        "member.removed": "Member removed",
        "member.role_set": "Role of a member changed",
        "on_sale.put": "On-sale schedule saved",
        "order.cancelled": "Order cancelled",
        "order.expired": "Order ran out",
        "order.links_ended": "Links to an order ended",
        "order.paid": "Order paid",
        "organization.changed": "Organization changed",
        "organization.created": "Organization founded",
        "organization.deleted": "Organization deleted",
        "organization.logo_deleted": "Logo taken away",
        "organization.logo_put": "Logo set",
        "organization.reinstated": "Organization reinstated",
        "organization.suspended": "Organization suspended",
        "promo.changed": "Promo code changed",
        "promo.created": "Promo code made",
        "promo.deleted": "Promo code deleted",
        "refund.failed": "Refund failed",
        "refund.requested": "Refund ordered",
        "refund.succeeded": "Refund paid out",
        "room.beacon_set": "Beacon of the draw set",
        "room.message_set": "Message to the queue changed",
        "room.opened": "Sale opened by hand",
        "room.pace_set": "Pace of the waiting room changed",
        "room.paused": "Admission paused",
        "room.resumed": "Admission resumed",
        "series.created": "Series made",
        "template.created": "Template kept",
        "template.deleted": "Template deleted",
        "ticket_type.changed": "Ticket type changed",
        "ticket_type.created": "Ticket type created",
        "ticket_type.deleted": "Ticket type deleted",
        "venue.changed": "Venue changed",
        "venue.chart_put": "Seating chart saved",
        "venue.created": "Venue created",
        "venue.deleted": "Venue deleted",
    }
)


class ActivityLine(Struct, frozen=True, kw_only=True):
    """One deed. ``actor_kind`` is organizer, admin, system or user; ``summary`` says ``action`` in words.

    Amounts among the facts are in ``currency``, that of the line's event.
    """

    id: int
    actor_kind: str
    actor_id: str
    actor_name: str | None
    action: str
    summary: str
    target: str
    event_id: str | None
    event_title: str | None
    currency: str | None
    facts: dict[str, Any]
    created_at: datetime


def in_words(action: str) -> str:
    """A deed as a sentence's beginning; one of an older version that has no words any more, by its code."""
    return DEEDS.get(action) or action.replace("_", " ").replace(".", " ").capitalize()
