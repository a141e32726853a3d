"""Corrections of a ticket: who comes with it, and a new code in the place of one that somebody else has seen.

TooMany 429
└── ReissuedOften  reissued_too_often
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from engine.domain.accounts.people import EMAIL_CHARS_MAX, email_normal
from engine.domain.fields import SOME_LINE, Name, mailed_name
from engine.domain.tickets.transfers import NO_ADDRESS, Standing, TransferPending
from engine.foundation.errors import Invalid, TooMany
from engine.foundation.speech.tongue import later

REISSUES_A_DAY_MAX: Final = 20  # of one ticket


class ReissuedOften(TooMany):
    code, title = "reissued_too_often", later("This ticket was issued again often enough for today")


class TicketChange(Struct, frozen=True):
    """Who comes with the ticket. Nobody is mailed at an attendee's address."""

    attendee_name: Name | None = None
    attendee_email: Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=SOME_LINE)] | None = None


def checked(change: TicketChange, *, handed_on: bool) -> tuple[str | None, str | None]:
    """(name, address) as they are kept, None if one stays. Invalid for what is none, and if both stay.

    The address of a ticket that was ``handed_on`` is where its holder proved to read mail: it is nobody's to type.
    """
    if change.attendee_name is None and change.attendee_email is None:
        raise Invalid.at("/attendee_name", "missing", "Say who comes: a name, an e-mail address, or both")
    if change.attendee_email is not None and handed_on:
        raise Invalid.at("/attendee_email", "proven_address", "This address was proven: hand the ticket on instead")
    name = mailed_name("/attendee_name", change.attendee_name) if change.attendee_name is not None else None
    if change.attendee_email is None:
        return name, None
    try:
        return name, email_normal(change.attendee_email)
    except Invalid as error:
        raise Invalid.at("/attendee_email", "invalid_email", NO_ADDRESS) from error


def check_still(standing: Standing) -> None:
    """TransferPending while the ticket is on its way to another."""
    if standing.status == "transfer_pending":
        raise TransferPending
