"""A ticket: one right of entry to one unit of an event, and the times its code is good for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from engine.domain.tickets.order_links import OrderLink
from engine.domain.tickets.ticket_links import HolderLink
from engine.foundation.world import languages

CODE_EARLY: Final = timedelta(minutes=1)  # a code is good from just before its payment: clocks differ
CODE_LATE: Final = timedelta(hours=12)  # and until the last guest has surely left
CODE_LEEWAY_S: Final = 30
CODE_TIME_MAX_S: Final = 2**32 - 1  # a code has four bytes for each of its times
CODE_CHARS_MAX: Final = 512  # ours has 54; anything longer is not read at all
LIVE_STATUSES: Final = frozenset({"valid", "transfer_pending", "blocked"})


class Ticket(Struct, frozen=True, gc=False):
    """What the ledger knows of a ticket that a gate asks about."""

    id: str
    event_id: str
    order_id: str
    unit: int
    version: int  # only the newest version's code admits
    status: str
    order_status: str
    ticket_type_id: str
    section: str
    seat: str | None  # Section/Row/Seat, None in general admission
    holder_name: str
    checked_in_at: datetime | None = None  # the canonical entry: the earliest accepted one
    checked_in_gate: str | None = None
    checked_in_device: str | None = None
    inside: bool = False
    entries: int = 0
    entries_on: date | None = None  # the event's local day that ``entries_today`` counts
    entries_today: int = 0
    last_entry_at: datetime | None = None
    last_entry_gate: str | None = None

    @property
    def place(self) -> str:
        """The seat, or the section if places are not numbered for people."""
        return self.seat or self.section


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket with everything its owner's page, QR and PDF say."""

    id: str
    event_id: str
    order_id: str
    order_number: str
    unit: int
    version: int
    status: str
    ticket_type_id: str
    ticket_type_name: str
    section: str
    seat: str | None
    holder_name: str
    holder_email: str
    checked_in_at: datetime | None
    checked_in_gate: str | None
    created_at: datetime
    price_cents: int
    currency: str
    user_id: str | None
    paid_at: datetime
    organization_id: str
    organization_name: str
    event_title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    venue_name: str
    venue_address: str
    venue_city: str
    code_not_before_s: int  # as its code was issued, Unix time
    code_expires_s: int
    link_generation: int
    event_status: str = "published"
    attendee_email: str | None = None  # as the buyer told it: mail goes to the holder's
    code_hidden: bool = False  # from a reader who may not change orders
    organization_accent: str | None = None
    locale: str = languages.DEFAULT  # of its order
    event_slug: str = ""
    handed_on: int = 0  # how often; then it is no longer its buyer's
    to_holder: bool = False  # who reads it holds it, or may change its order

    @property
    def shown_status(self) -> str:
        """The status people read; nobody is let in to a cancelled event, whatever its tickets say."""
        if self.event_status == "cancelled" and self.status in LIVE_STATUSES | {"used"}:
            return "cancelled"
        if self.is_elsewhere and self.status in LIVE_STATUSES:
            return "transferred"
        return shown_status(self.status, self.checked_in_at)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was handed on and its buyer looks at it, who sees neither its code nor its holder."""
        return self.handed_on > 0 and not self.to_holder

    @property
    def holder_link(self) -> HolderLink:
        """What opens it to whom it was handed on."""
        return HolderLink(self.id, self.handed_on, self.ends_at)

    @property
    def link(self) -> OrderLink:
        """What opens its order to the bearer of a token."""
        return OrderLink(self.order_id, self.link_generation, self.ends_at)


def shown_status(status: str, checked_in_at: datetime | None) -> str:
    """The status people read: a valid ticket that was let in is ``used``."""
    return "used" if status == "valid" and checked_in_at is not None else status


def code_window(paid_at: datetime, event_ends_at: datetime) -> tuple[int, int]:
    """(not before, expiry) of a ticket's code in Unix seconds, as the ledger notes them when the ticket is issued.

    They are hints for a first look. How long a code admits is decided by the event as it is now: ``codes_end``.
    """
    not_before_s = int((paid_at - CODE_EARLY).timestamp())
    return not_before_s, min(CODE_TIME_MAX_S, max(int(codes_end(event_ends_at).timestamp()), not_before_s + 1))


def codes_end(event_ends_at: datetime) -> datetime:
    """When codes of an event admit nobody any more, whenever they were issued."""
    return event_ends_at + CODE_LATE
