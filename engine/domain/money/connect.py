"""An organization's own account at the payment provider: what it may do, and what was paid out of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Standing = Literal["none", "pending", "restricted", "active"]
URL_CHARS_MAX = 2_000
REQUIREMENTS_MAX = 100

ReturnUrl = Annotated[str, Meta(max_length=URL_CHARS_MAX, pattern=r"^https?://[^\s\x00]+$(?!\n)")]


class NewConnection(Struct, kw_only=True):
    """``return_url``: the provider sends the organizer back to it; left out, to the page of the admin app."""

    return_url: ReturnUrl | None = None


class Connection(Struct, frozen=True, kw_only=True):
    """``url`` is the provider's page, good for some minutes and for one visit."""

    url: str
    account_id: str


class ProviderAccount(Struct, frozen=True, kw_only=True):
    """A connected account as the provider says it is. ``requirements`` are in the provider's words."""

    id: str
    charges_enabled: bool
    payouts_enabled: bool
    submitted: bool
    requirements: tuple[str, ...]
    disabled_reason: str | None
    country: str | None
    default_currency: str | None


class ConnectStatus(Struct, frozen=True, kw_only=True):
    """none: there is no account; pending: its owner has not finished; restricted: something is due; active.

    ``read_at``: when the provider was asked last.
    """

    status: Standing
    account_id: str | None = None
    charges_enabled: bool = False
    payouts_enabled: bool = False
    requirements: tuple[str, ...] = ()
    disabled_reason: str | None = None
    country: str | None = None
    default_currency: str | None = None
    read_at: datetime | None = None


class Payout(Struct, frozen=True, kw_only=True):
    """Money on its way from the account to its owner's bank. ``status`` is the provider's word."""

    id: str
    amount_cents: int
    currency: str
    status: str
    arrives_at: datetime | None
    created_at: datetime
    failure: str | None = None


class Amount(Struct, frozen=True, kw_only=True):
    amount_cents: int
    currency: str


class Balance(Struct, frozen=True, kw_only=True):
    """What the account has: ready to be paid out, and still on its way to it."""

    available: tuple[Amount, ...]
    pending: tuple[Amount, ...]


def standing_of(account: ProviderAccount) -> Standing:
    """What the provider's facts mean for those who sell."""
    if account.charges_enabled and account.payouts_enabled:
        return "active"
    return "restricted" if account.submitted or account.charges_enabled else "pending"
