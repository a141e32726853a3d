"""Organizations, their members, and what each role may do.

owner       everything
manager     everything but members, keys and payouts
finance     reads, refunds, reports, payouts
box_office  reads, orders, the box office, comps, devices
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from msgspec import UNSET, Struct, UnsetType

from engine.domain.accounts import accents, embedding
from engine.domain.accounts.accents import Accent
from engine.domain.accounts.embedding import Origins
from engine.domain.accounts.people import Email
from engine.domain.fields import Name, Slug, mailed_name

MEMBERS_MAX = 500
ORGANIZATIONS_PER_PERSON_MAX = 100

Role = Literal["owner", "manager", "finance", "box_office"]
Payouts = Literal["platform", "own"]
Permission = Literal[
    "organization.read", "organization.write", "members.read", "members.write", "payouts.read", "payouts.write",
    "venues.read", "venues.write", "events.read", "events.write", "events.publish", "promos.read", "promos.write",
    "allotments.read", "allotments.write", "orders.read", "orders.write", "refunds.read", "refunds.write",
    "box_office.read", "box_office.write", "comps.read", "comps.write", "devices.read", "devices.write",
    "attendance.read", "reports.read", "rooms.write", "keys.read", "keys.write",
]  # fmt: skip
_AREAS: dict[str, frozenset[str]] = {
    "finance": frozenset({"refunds", "reports", "payouts"}),
    "box_office": frozenset({"orders", "box_office", "comps", "devices"}),
}


def allows(role: str, permission: Permission) -> bool:
    """Whether a member with this role has that permission."""
    area, _, verb = permission.partition(".")
    if role == "owner":
        return True
    if role == "manager":
        return area not in {"members", "payouts", "keys"} or permission == "members.read"
    if area in _AREAS.get(role, frozenset()):
        return True
    return role in _AREAS and verb == "read" and area not in {"payouts", "reports", "keys"}


def roles_that_may(permission: Permission) -> tuple[str, ...]:
    """Every role with that permission."""
    return tuple(role for role in get_args(Role) if allows(role, permission))


class NewOrganization(Struct, kw_only=True):
    """``slug`` is made from the name if it is left out."""

    name: Name
    slug: Slug | None = None
    legal_name: Name | None = None


class OrganizationChange(Struct, kw_only=True):
    """``accent`` colours its pages, None: as the house's are. ``embed_origins`` are sites that may show its events.

    ``payouts`` own: its paid events are published only once its own account at the provider may take charges.
    ``require_second_factor``: members without one do nothing here until they have it.
    """

    name: Name | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    legal_name: Name | UnsetType | None = UNSET
    accent: Accent | UnsetType | None = UNSET
    embed_origins: Origins | UnsetType = UNSET
    payouts: Payouts | UnsetType = UNSET
    require_second_factor: bool | UnsetType = UNSET


class Organization(Struct, frozen=True, kw_only=True):
    """``legal_name`` is what stands on receipts; ``role`` is the asker's own (None for a platform admin).

    ``suspended_reason`` says why the platform suspended it.
    """

    id: str
    name: str
    slug: str
    legal_name: str | None
    status: str
    version: int
    created_at: datetime
    accent: str | None = None
    embed_origins: tuple[str, ...] = ()
    payouts: Payouts = "platform"
    suspended_reason: str = ""
    require_second_factor: bool = False
    role: str | None = None


def fold(given: NewOrganization | OrganizationChange) -> None:
    """Names as they are kept. Invalid for one that nobody can see, or that reads as a link."""
    if isinstance(given.name, str):
        given.name = mailed_name("/name", given.name)
    if isinstance(given.legal_name, str):
        given.legal_name = mailed_name("/legal_name", given.legal_name)


def fold_look(given: OrganizationChange, *, own_machine: bool) -> None:
    """Colour and sites as they are kept. Invalid for a colour that cannot be read, and for what is no site."""
    if isinstance(given.accent, str):
        given.accent = accents.checked(given.accent)
    if isinstance(given.embed_origins, list):
        given.embed_origins = embedding.checked(given.embed_origins, own_machine=own_machine)


class NewMember(Struct, kw_only=True):
    """Who is invited, whether or not they have an account already."""

    email: Email
    role: Role


class RoleChange(Struct, kw_only=True):
    role: Role


class Member(Struct, frozen=True, kw_only=True):
    user_id: str
    email: str
    name: str
    role: str
    created_at: datetime
