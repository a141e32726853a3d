"""Transfers: a ticket on its way to another person. Meanwhile its code is frozen, and whatever happens it has one code.

    pending --> completed                      the sender confirmed and the recipient accepted, in either order
       +------> cancelled | expired | ended    the same code is good again; ended: the ticket went another way

Conflict 409
├── TransfersClosed       transfers_closed        facts: reason
├── TransferLimitReached  transfer_limit_reached  facts: max_transfers
├── TransferPending       transfer_pending        one at a time
├── TicketUsed            ticket_already_used
└── TransferOver          transfer_over           facts: transfer_status
NotFound 404
└── TransferUnknown       transfer_unknown
Forbidden 403
└── TicketHandedOn        ticket_handed_on        its new holder has it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from engine.domain import order_states
from engine.domain.accounts.people import EMAIL_CHARS_MAX, email_normal
from engine.domain.fields import SOME_LINE, Name, mailed_name
from engine.domain.tickets.one_time_codes import Typed
from engine.domain.tickets.ticket_links import Side
from engine.foundation.errors import Conflict, Forbidden, Invalid, NotFound
from engine.foundation.speech.tongue import later

LASTS: Final = timedelta(hours=48)  # at most; it ends when the event begins
TO_ONE_ADDRESS_A_DAY_MAX: Final = 20
FREE_TO_ONE_ADDRESS_A_DAY_MAX: Final = 5  # of tickets that cost nothing: anybody has those, with any name on them
OF_A_TICKET_A_DAY_MAX: Final = 20

NO_ADDRESS: Final = later("This is not an e-mail address")
OWN_ADDRESS: Final = later("The ticket is yours already: write somebody else's address")
NAMELESS: Final = later("Say who comes with this ticket")

Status = Literal["pending", "completed", "cancelled", "expired", "ended"]
End = Literal["cancelled", "expired", "ended"]


class TransfersClosed(Conflict):
    code, title = "transfers_closed", later("Tickets of this event cannot be handed on")


class TransferLimitReached(Conflict):
    code, title = "transfer_limit_reached", later("This ticket was handed on as often as its event allows")


class TransferPending(Conflict):
    code, title = "transfer_pending", later("This ticket is being handed on: wait for that, or call it back")


class TicketUsed(Conflict):
    code, title = "ticket_already_used", later("This ticket was used at the door")


class TransferOver(Conflict):
    code, title = "transfer_over", later("This transfer is over")


class TransferUnknown(NotFound):
    code, title = "transfer_unknown", later("There is no such transfer")


class TicketHandedOn(Forbidden):
    code, title = "ticket_handed_on", later("This ticket was handed on: its new holder has it")


class NewTransfer(Struct, frozen=True):
    """To whom a ticket goes. ``to_name`` is how they are greeted until they say their name."""

    to_email: Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=SOME_LINE)]
    to_name: Name | None = None


class SenderCode(Struct, frozen=True):
    """The six digits that were mailed to the sender."""

    code: Typed


class TransferAccepted(Struct, frozen=True):
    """The six digits that were mailed to the recipient, and who comes with the ticket."""

    code: Typed
    name: Name | None = None


class CodeWanted(Struct, frozen=True):
    """Whose code is mailed again; that of everybody who has not shown theirs if it is left out."""

    to: Side | None = None


class TransferDocument(Struct, frozen=True, kw_only=True):
    """``ticket_token`` opens the ticket for its new holder, and is told to nobody else."""

    transfer_id: str
    ticket_id: str
    status: Status
    confirmed: bool
    accepted: bool
    expires_at_ms: int
    ticket_token: str | None = None


class TransferRow(Struct, frozen=True, kw_only=True):
    """A transfer as its organizer reads it."""

    id: str
    ticket_id: str
    from_name: str
    from_email: str
    to_name: str
    to_email: str
    status: Status
    fee_cents: int
    old_version: int
    new_version: int | None
    expires_at: datetime
    created_at: datetime
    confirmed_at: datetime | None
    accepted_at: datetime | None
    closed_at: datetime | None


class TransferList(Struct, frozen=True):
    data: list[TransferRow]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer as the ledger knows it. ``made_holder`` is its ticket's ``handed_on`` as this transfer left it."""

    id: str
    ticket_id: str
    event_id: str
    order_id: str
    from_name: str
    from_email: str
    to_name: str
    to_email: str
    from_locale: str
    to_locale: str
    status: Status
    old_version: int
    expires_at: datetime
    confirmed_at: datetime | None = None
    accepted_at: datetime | None = None
    new_version: int | None = None
    made_holder: int | None = None

    def is_due(self, moment: datetime) -> bool:
        """Whether its time is over though nobody has ended it yet."""
        return self.status == "pending" and moment >= self.expires_at


@dataclass(frozen=True, slots=True)
class Standing:
    """A ticket with all that decides whether it may be handed on, or its holder changed."""

    id: str
    order_id: str
    event_id: str
    organization_id: str
    unit: int
    version: int
    status: str
    entries: int
    handed_on: int
    owner_name: str
    owner_email: str
    owner_locale: str
    amount_cents: int  # what its order cost
    order_status: str
    event_status: str
    starts_at: datetime
    allow_transfers: bool
    max_transfers: int

    @property
    def out_of_standing(self) -> str | None:
        """Why it is no good ticket: its status, or its order's; None if it is one. A frozen ticket is good."""
        if self.event_status == "cancelled":
            return "cancelled"
        if self.status not in {"valid", "used", "transfer_pending"}:
            return self.status
        if self.order_status == "disputed" or self.order_status not in order_states.SOLD:
            return self.order_status
        return None


def closed_because(standing: Standing, moment: datetime) -> str | None:
    """Why nobody hands on tickets of this event now; None if they may."""
    if not standing.allow_transfers:
        return "not_allowed"
    return "event_begun" if moment >= standing.starts_at else None


def check_may_start(standing: Standing, moment: datetime) -> None:
    """Of a ticket in good standing: TransferPending, TicketUsed, TransfersClosed, TransferLimitReached."""
    if standing.status == "transfer_pending":
        raise TransferPending
    if standing.entries or standing.status == "used":
        raise TicketUsed
    reason = closed_because(standing, moment)
    if reason is not None:
        raise TransfersClosed(reason=reason)
    if standing.handed_on >= standing.max_transfers:
        raise TransferLimitReached(max_transfers=standing.max_transfers)


def recipient_of(wanted: NewTransfer, owner_email: str) -> tuple[str, str]:
    """(name, folded address) of the recipient. Invalid for what is none, and for the owner's own address."""
    name = mailed_name("/to_name", wanted.to_name) if wanted.to_name else ""
    try:
        email = email_normal(wanted.to_email)
    except Invalid as error:
        raise Invalid.at("/to_email", "invalid_email", NO_ADDRESS) from error
    if email == email_normal(owner_email):
        raise Invalid.at("/to_email", "own_address", OWN_ADDRESS)
    return name, email


def expires_at(standing: Standing, moment: datetime) -> datetime:
    """When a transfer that starts now is over by itself."""
    return min(moment + LASTS, standing.starts_at)
