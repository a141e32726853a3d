"""Keys of an organization: what a program may do without anybody signed in.

catalogue.read   the organization, its venues, events, codes and set-apart places, as it sees them itself
catalogue.write  makes and changes them
orders.read      orders, refunds, the box office's drawers, comps
orders.write     changes orders, sells at the box office, gives comps
refunds.write    sends money back
tickets.read     who is in, who is not
scans.write      registers scanners
reports.read     figures

No scope reaches members, payouts, waiting rooms or other keys, and none changes the organization.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from engine.domain.accounts.organizations import Permission, allows
from engine.domain.fields import Moment, Short

SECRET_BYTES: Final = 32
KEY_CHARS_MAX: Final = 200
API_KEYS_MAX: Final = 50  # of an organization, at once
SCOPES_MAX: Final = 16
LAST_USED_EVERY_S: Final = 60

Scope = Literal[
    "catalogue.read", "catalogue.write", "orders.read", "orders.write", "refunds.write", "tickets.read", "scans.write",
    "reports.read",
]  # fmt: skip
ALLOWED: Final = MappingProxyType[str, frozenset[Permission]](
    {
        "catalogue.read": frozenset(
            {"organization.read", "venues.read", "events.read", "promos.read", "allotments.read"}
        ),
        "catalogue.write": frozenset(
            {"venues.write", "events.write", "events.publish", "promos.write", "allotments.write"}
        ),
        "orders.read": frozenset({"orders.read", "refunds.read", "box_office.read", "comps.read"}),
        "orders.write": frozenset({"orders.write", "box_office.write", "comps.write"}),
        "refunds.write": frozenset({"refunds.write"}),
        "tickets.read": frozenset({"attendance.read"}),
        "scans.write": frozenset({"devices.read", "devices.write"}),
        "reports.read": frozenset({"reports.read"}),
    }
)


def scope_for(permission: Permission) -> str | None:
    """The scope that a key needs for this; None if no key may do it."""
    return next((scope for scope, permissions in ALLOWED.items() if permission in permissions), None)


def scopes_of(roles: Iterable[str]) -> tuple[str, ...]:
    """The scopes of which some of these roles allows everything."""
    held = list(roles)
    return tuple(
        scope
        for scope, permissions in ALLOWED.items()
        if any(all(allows(role, permission) for permission in permissions) for role in held)
    )


class NewApiKey(Struct, kw_only=True):
    """``expires_at`` None: until it is revoked."""

    name: Short
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=SCOPES_MAX)]
    expires_at: Moment | None = None


class ApiKey(Struct, frozen=True, kw_only=True):
    """One key as its organization sees it. ``last_used_at`` is true to the minute."""

    id: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class KeyToken(Struct, frozen=True, kw_only=True):
    """What a key was exchanged for: good for ``expires_in`` seconds, and no longer than the key."""

    access_token: str
    expires_in: int
    scope: str
    organization_id: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name


class ApiKeyMade(ApiKey, frozen=True, kw_only=True):
    """``key`` is shown this once."""

    key: str
