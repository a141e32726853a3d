"""Who may do what in which organization: asked by every service before it does it.

A platform admin may do everything. Rights are read from the ledger each time: a removed member is out at once.
"""

from __future__ import annotations

from engine.domain.accounts.api_keys import scope_for
from engine.domain.accounts.errors import OrganizationSuspended, OrganizationUnknown, ScopeMissing, SecondFactorNeeded
from engine.domain.accounts.organizations import Permission, allows
from engine.foundation.bearer import KeyGrant, Person
from engine.foundation.errors import Forbidden, NotFound
from engine.stores.accounts import organizations as store
from engine.stores.database import Database


class Access:
    """Checks a person's rights in organizations."""

    def __init__(self, *, pool: Database) -> None:
        self._pool = pool

    async def require(
        self, person: Person, organization_id: str, permission: Permission, *, hidden: type[NotFound] | None = None
    ) -> None:
        """Forbidden if the person may not; OrganizationUnknown to an admin if there is none.

        SecondFactorNeeded if the organization asks its members for one and this one has none.

        ``hidden`` is what those outside the organization hear instead, of things they must not even learn to exist.
        """
        if person.key is not None:
            _check_key(person.key, organization_id, permission, hidden)
            return
        if person.is_admin:
            if await store.status(self._pool, organization_id) is None:
                raise hidden or OrganizationUnknown
            return
        standing = await store.standing(self._pool, organization_id, person.user_id)
        if standing is None and hidden is not None:
            raise hidden
        if standing is None or not allows(standing["role"], permission):
            raise Forbidden("Your role does not allow this", permission=permission)
        if standing["is_due"]:
            raise SecondFactorNeeded

    async def check_active(self, organization_id: str) -> None:
        """OrganizationSuspended unless it may offer and sell. What it sold stays sold, and its gates go on."""
        if await store.status(self._pool, organization_id) != "active":
            raise OrganizationSuspended

    async def may(self, person: Person | None, organization_id: str, permission: Permission) -> bool:
        """Whether they may; False for a guest."""
        if person is None or person.is_admin:
            return person is not None
        if person.key is not None:
            return person.key.organization_id == organization_id and scope_for(permission) in person.key.scopes
        standing = await store.standing(self._pool, organization_id, person.user_id)
        return standing is not None and not standing["is_due"] and allows(standing["role"], permission)


def _check_key(key: KeyGrant, organization_id: str, permission: Permission, hidden: type[NotFound] | None) -> None:
    if key.organization_id != organization_id:
        raise (hidden or Forbidden)("This key belongs to another organization")
    scope = scope_for(permission)
    if scope is None or scope not in key.scopes:
        raise ScopeMissing(scope=scope)
