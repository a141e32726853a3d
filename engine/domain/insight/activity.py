"""The activity log as people read it: every deed it may hold, in words, and what of a line's facts is shown.

A deed without words here is none: ``tests/house/test_activity.py`` compares this table with what is recorded.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from msgspec import Struct

DEEDS: Final = MappingProxyType[str, str](
    {
        "account.disabled": "Account shut",
        "account.enabled": "Account opened again",
        "account.identity_added": "Account elsewhere connected",
        "account.identity_removed": "Account elsewhere disconnected",
        "account.passkey_added": "Passkey added",
        "account.passkey_removed": "Passkey taken away",
        "account.second_factor_off": "Second factor taken away",
        "account.second_factor_on": "Second factor set up",
        "account.view_ended": "Viewing as somebody ended",
        "account.viewed_as": "Platform admin views as somebody",
        "admin.created": "Platform admin made",
        "allotment.changed": "Allotment changed",
        "allotment.created": "Allotment made",
        "allotment.released": "Allotment released",
        "cash_drawer.closed": "Cash drawer closed",
        "cash_drawer.opened": "Cash drawer opened",
        "complaint.acted": "Report from the public acted on",
        "complaint.dismissed": "Report from the public dismissed",
        "device.created": "Scanner registered",
        "device.revoked": "Scanner revoked",
        "dispute.asked": "The buyer's bank asks about a payment",
        "dispute.lost": "Dispute lost",
        "dispute.opened": "Payment disputed by the buyer's bank",
        "dispute.released": "Places of a lost dispute put on sale again",
        "dispute.won": "Dispute won",
        "entry_rules.set": "Rules of the doors saved",
        "event.archived": "Event put into the archive",
        "event.brought_back": "Event shown and sold again",
        "event.cancelled": "Event cancelled",
        "event.changed": "Event changed",
        "event.completed": "Event over",
        "event.copied": "Event copied",
        "event.created": "Event created",
        "event.deleted": "Event deleted",
        "event.featured": "Event shown first by the platform",
        "event.hidden": "Event taken down by the platform",
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
        "guest_list.read_in": "Guest list read in",
        "image.added": "Picture added",
        "image.changed": "Picture changed",
        "image.deleted": "Picture deleted",
        "invitation.resent": "Invitation mailed again",
        "invitation.revoked": "Invitation called back",
        "key.made": "Key for programs made",
        "key.revoked": "Key for programs revoked",
        "mail.refused": "Mail to a buyer was refused by its server",
        "member.added": "Member joined",
        "member.invited": "Member invited",
        "member.removed": "Member removed",
        "member.role_set": "Role of a member changed",
        "on_sale.put": "On-sale schedule saved",
        "order.cancelled": "Order cancelled",
        "order.corrected": "Buyer's name or address corrected",
        "order.expired": "Order ran out",
        "order.links_ended": "Links to an order ended",
        "order.paid": "Order paid",
        "organization.connected": "Account for payouts opened",
        "order.sold_at_box_office": "Sold at the box office",
        "order.resent": "Tickets mailed again",
        "order.sent_again": "Tickets mailed again",
        "organization.changed": "Organization changed",
        "organization.created": "Organization founded",
        "organization.deleted": "Organization deleted",
        "organization.logo_deleted": "Logo taken away",
        "organization.logo_put": "Logo set",
        "organization.policy_published": "Terms or privacy policy published",
        "organization.reinstated": "Organization reinstated",
        "organization.suspended": "Organization suspended",
        "platform.policy_published": "The platform's terms or privacy policy published",
        "platform.switched_off": "Switched off for the whole platform",
        "platform.switched_on": "Switched on again for the whole platform",
        "promo.changed": "Promo code changed",
        "promo.created": "Promo code made",
        "promo.deleted": "Promo code deleted",
        "refund.asked": "Refund asked for by the buyer",
        "refund.declined": "Refund request declined",
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
        "ticket.attendee_named": "Attendee of a ticket named",
        "ticket.reissued": "Ticket issued again under a new code",
        "ticket.transfer_ended": "Transfer of a ticket ended",
        "ticket.transfer_started": "Transfer of a ticket begun",
        "ticket.transferred": "Ticket handed on",
        "ticket_type.changed": "Ticket type changed",
        "ticket_type.created": "Ticket type created",
        "ticket_type.deleted": "Ticket type deleted",
        "units.blocked": "Places kept from sale",
        "units.unblocked": "Places put on sale again",
        "venue.changed": "Venue changed",
        "venue.chart_put": "Seating chart saved",
        "venue.created": "Venue created",
        "venue.plan_deleted": "Picture under the seating chart taken away",
        "venue.plan_put": "Picture put under the seating chart",
        "venue.deleted": "Venue deleted",
        "webhook.added": "Webhook added",
        "webhook.changed": "Webhook changed",
        "webhook.removed": "Webhook deleted",
        "webhook.replayed": "Webhook messages sent again",
        "webhook.secret_rotated": "Secret of a webhook changed",
        "webhook.switched_off": "Webhook switched off by itself",
    }
)


About = Literal["orders", "refunds", "disputes", "event", "people", "room", "gates", "platform"]
ABOUT: Final[tuple[About, ...]] = get_args(About)
# What lines are about, by the first word of their deeds. tests/house/test_activity.py: each deed is about something.
KINDS: Final = MappingProxyType[About, tuple[str, ...]](
    {
        "orders": ("order", "mail", "cash_drawer", "guest_list", "ticket"),
        "refunds": ("refund",),
        "disputes": ("dispute",),
        "event": (
            "event",
            "events",
            "series",
            "template",
            "image",
            "on_sale",
            "ticket_type",
            "allotment",
            "units",
            "promo",
            "venue",
        ),
        "people": ("organization", "member", "invitation", "key", "webhook"),
        "room": ("room",),
        "gates": ("device", "entry_rules"),
        "platform": ("platform", "complaint", "account", "admin"),
    }
)


class ActivityFilter(Struct, frozen=True, kw_only=True):
    """Which lines are wanted; None: all. ``who`` is a part of the actor's name; ``until`` is no more a part of it."""

    about: About | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def kinds(self) -> tuple[str, ...] | None:
        return KINDS[self.about] if self.about is not None else None


class ActivityLine(Struct, frozen=True, kw_only=True):
    """One deed. ``actor_kind`` is organizer, admin, system or user; ``summary`` says ``action`` in words.

    ``through_name``: the platform admin who did it while they viewed the platform as the actor.
    Amounts among the facts are in ``currency``, that of the line's event.
    """

    id: int
    actor_kind: str
    actor_id: str
    actor_name: str | None
    through_name: str | None = None
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
