"""What is held about a person: which table has what, in which file of an export it stands, and what erasing does to it.

``tests/services/insight/test_personal_data.py`` compares HELD with the ledger's schema: a new column that may tell of
somebody has no line here yet, and the test says so.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta, Struct

from engine.domain.accounts.people import PASSWORD_CHARS_MAX
from engine.domain.accounts.second_factor import CODE_CHARS_MAX

ERASED_WITHIN_S: Final = 86_400
LINK_GOOD_FOR_S: Final = 3_600
ERASED_NAME: Final = "Erased"
ERASED_HOST: Final = "erased.invalid"  # of an address that nobody is mailed at
ROWS_MAX: Final = 10_000  # of one file; a person with more is given the newest, and the manifest says so

# table.column -> the file that it is exported in, "" if it is a secret or a digest that says nothing to anybody.
HELD: Final = MappingProxyType[str, str](
    {
        "users.id": "profile",
        "users.email": "profile",
        "users.name": "profile",
        "users.first_name": "profile",
        "users.last_name": "profile",
        "users.phone": "profile",
        "users.locale": "profile",
        "users.preferences": "profile",
        "users.password_hash": "",
        "users.is_admin": "profile",
        "users.is_second": "profile",
        "users.email_verified_at": "profile",
        "users.address_claimed_at": "profile",
        "users.last_login_at": "profile",
        "users.disabled_at": "profile",
        "users.created_at": "profile",
        "users.accepted": "profile",
        "consents.address": "consents",
        "sessions.user_id": "sessions",
        "sessions.device": "sessions",
        "sessions.place": "sessions",
        "refresh_tokens.user_id": "",
        "second_factors.user_id": "second_factor",
        "recovery_codes.user_id": "",
        "identities.user_id": "identities",
        "identities.email": "identities",
        "passkeys.user_id": "passkeys",
        "passkeys.name": "passkeys",
        "members.user_id": "memberships",
        "invitations.email": "invitations",
        "invitations.invited_by": "",
        "mailed_links.email": "mailed_links",
        "mailed_links.user_id": "mailed_links",
        "erasures.user_id": "",
        "erasures.address_hash": "",
        "orders.user_id": "orders",
        "orders.buyer_name": "orders",
        "orders.buyer_email": "orders",
        "orders.buyer_units_max": "",
        "orders.consents": "orders",
        "orders.accepted": "orders",
        "orders.ip_address": "orders",
        "orders.user_agent": "orders",
        "orders.locale": "orders",
        "orders.answers": "orders",
        "order_units.attendee": "attendees",
        "tickets.holder_name": "tickets",
        "tickets.holder_email": "tickets",
        "ticket_transfers.from_email": "transfers",
        "ticket_transfers.to_email": "transfers",
        "ticket_transfers.from_locale": "transfers",
        "ticket_transfers.to_locale": "transfers",
        "ticket_transfers.from_name": "transfers",
        "ticket_transfers.to_name": "transfers",
        "event_news_recipients.email": "event_mails",
        "complaints.email": "complaints",
        "notifications.recipient": "notifications",
        "notifications.locale": "notifications",
        "suppressed_addresses.address_hash": "",
        "unpaid_mails.address_hash": "",
        "room_places.address": "",
    }
)
# What tells nobody's story though it is called so.
NOBODYS: Final = MappingProxyType[str, str](
    {
        "venues.address": "where a venue stands",
        "ticket_transfers.made_holder": "a count: how often the ticket had been handed on",
        "events.max_tickets_per_buyer": "a rule of the event",
        "promo_codes.per_buyer_max": "a rule of the code",
        "orders.mail_refused": "what the mail server said; goes with the order's other texts",
    }
)


class ErasureAsked(Struct, kw_only=True):
    """The account's password, and a ``code`` if a second factor is on: an open browser erases nobody."""

    password: Annotated[str, Meta(max_length=PASSWORD_CHARS_MAX)]
    code: Annotated[str, Meta(max_length=CODE_CHARS_MAX)] = ""


class ErasureTaken(Struct, frozen=True, kw_only=True):
    """Nobody signs in from now on; everything else is gone by then."""

    erased_by: datetime


class LinkToData(Struct, frozen=True, tag="data"):
    """What the mailed link to an address's data says. ``until_s``: Unix time at which it ends."""

    address: str
    until_s: int


class FileOfExport(Struct, frozen=True, kw_only=True):
    """``rows`` in ``name``.json and ``name``.csv; ``complete`` False if there are more than ROWS_MAX."""

    name: str
    rows: int
    complete: bool
    columns: tuple[str, ...]


class Manifest(Struct, frozen=True, kw_only=True):
    """What an export holds: of an account, or of an ``address`` that bought without one.

    ``left_out`` are secrets and digests that are held and given to nobody.
    """

    user_id: str
    address: str
    made_at: datetime
    files: tuple[FileOfExport, ...]
    held: dict[str, str]
    left_out: tuple[str, ...]
