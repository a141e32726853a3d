"""How far an organization is on its way to the first sale."""

from __future__ import annotations

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.insight.onboarding import Onboarding
from engine.foundation.bearer import Person
from engine.services.accounts.access import Access
from engine.stores.database import Pool
from engine.stores.insight import onboarding as store


class OnboardingSteps:
    """Reads what was done."""

    def __init__(self, *, pool: Pool, access: Access) -> None:
        self._pool = pool
        self._access = access

    async def of(self, person: Person, organization_id: str) -> Onboarding:
        """For anybody who works there. OrganizationUnknown outside."""
        await self._access.require(person, organization_id, "organization.read", hidden=OrganizationUnknown)
        return await store.steps(self._pool, organization_id, person.user_id)
