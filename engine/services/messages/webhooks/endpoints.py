"""Endpoints of an organization: made, changed, given another secret, watched, sent to again.

Who owns an organization decides where its buyers' names go: no other role, and no key of a program, comes here.
"""

from __future__ import annotations

import secrets

from cryptography.fernet import MultiFernet
from msgspec import structs

from engine.domain.accounts.errors import OrganizationUnknown, TooManyOfThem
from engine.domain.fields import is_moment
from engine.domain.messages import webhooks as rules
from engine.domain.messages.webhooks import (
    ENDPOINTS_MAX,
    SECRET_BYTES,
    NewWebhookEndpoint,
    Replay,
    Replayed,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointMade,
    WebhookEndpointOff,
    WebhookEndpointUnknown,
    WebhookMessageUnknown,
    WebhookSecret,
)
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.errors import Invalid
from engine.foundation.ids import new_id
from engine.services.accounts.access import Access
from engine.stores import activity
from engine.stores.accounts import organizations
from engine.stores.database import Connection, Pool
from engine.stores.messages.webhooks import deliveries
from engine.stores.messages.webhooks import endpoints as store

ONE_OR_SINCE = "Name either a message or a moment since which messages are sent again"


class WebhookEndpoints:
    """``seal`` closes secrets. ``private_allowed``: endpoints may stand in this network."""

    def __init__(self, *, pool: Pool, access: Access, seal: MultiFernet, private_allowed: bool) -> None:
        self._pool = pool
        self._access = access
        self._seal = seal
        self._private_allowed = private_allowed

    async def make(self, person: Person, organization_id: str, given: NewWebhookEndpoint) -> WebhookEndpointMade:
        """A new endpoint; its secret stands in the answer alone. TooManyOfThem; Invalid for its address."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        url = rules.checked_url(given.url, private_allowed=self._private_allowed)
        endpoint_id, secret, kinds = new_id("whe"), secrets.token_bytes(SECRET_BYTES), sorted(set(given.events))
        async with self._pool.acquire() as db, db.transaction():
            await organizations.lock(db, organization_id)
            if await store.count(db, organization_id) >= ENDPOINTS_MAX:
                raise TooManyOfThem(limit=ENDPOINTS_MAX)
            made = await store.add(
                db, endpoint_id, organization_id, url, list(kinds), self._seal.encrypt(secret), person.user_id
            )
            await activity.record(
                db,
                person,
                "webhook.added",
                organization_id,
                endpoint_id=endpoint_id,
                url=rules.place(url),
                events=kinds,
            )
        fields = {name: getattr(made, name) for name in WebhookEndpoint.__struct_fields__}
        return WebhookEndpointMade(**fields, secret=rules.shown(secret))

    async def of_organization(
        self, person: Person, organization_id: str, after: str, limit: int
    ) -> list[WebhookEndpoint]:
        """By id; no secrets."""
        await self._access.require(person, organization_id, "keys.read", hidden=OrganizationUnknown)
        return await store.of_organization(self._pool, organization_id, after, limit)

    async def get(self, person: Person, organization_id: str, endpoint_id: str) -> WebhookEndpoint:
        """One of them. WebhookEndpointUnknown."""
        await self._access.require(person, organization_id, "keys.read", hidden=OrganizationUnknown)
        found = await store.get(self._pool, organization_id, endpoint_id)
        if found is None:
            raise WebhookEndpointUnknown
        return found

    async def change(
        self, person: Person, organization_id: str, endpoint_id: str, expected: str, given: WebhookEndpointChange
    ) -> WebhookEndpoint:
        """Change what is given. PreconditionFailed if it moved on; Invalid for its address."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        if isinstance(given.url, str):
            given.url = rules.checked_url(given.url, private_allowed=self._private_allowed)
        if isinstance(given.events, list):
            given.events = sorted(set(given.events))
        async with self._pool.acquire() as db, db.transaction():
            before = await self._locked(db, organization_id, endpoint_id)
            expect(expected, before.version)
            await store.change(db, endpoint_id, given)
            changed = await self._locked(db, organization_id, endpoint_id)
            facts = activity.turned(_logged(before), _logged(changed), ("url", "events", "enabled"))
            await activity.record(db, person, "webhook.changed", organization_id, endpoint_id=endpoint_id, **facts)
        return changed

    async def delete(self, person: Person, organization_id: str, endpoint_id: str, expected: str) -> None:
        """Nothing is sent to it any more, and what was is forgotten. PreconditionFailed if it moved on."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            before = await self._locked(db, organization_id, endpoint_id)
            expect(expected, before.version)
            await store.delete(db, endpoint_id)
            await activity.record(
                db, person, "webhook.removed", organization_id, endpoint_id=endpoint_id, url=rules.place(before.url)
            )

    async def rotate(self, person: Person, organization_id: str, endpoint_id: str) -> WebhookSecret:
        """Another secret; the one before signs next to it for OLDER_SECRET_H, and one from before that no more."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        secret = secrets.token_bytes(SECRET_BYTES)
        async with self._pool.acquire() as db, db.transaction():
            await self._locked(db, organization_id, endpoint_id)
            until = await store.rotate(db, endpoint_id, self._seal.encrypt(secret))
            await activity.record(db, person, "webhook.secret_rotated", organization_id, endpoint_id=endpoint_id)
        return WebhookSecret(secret=rules.shown(secret), older_secret_until=until)

    async def attempts(
        self, person: Person, organization_id: str, endpoint_id: str, before: str | None, limit: int
    ) -> list[WebhookAttempt]:
        """What was tried, newest first."""
        await self.get(person, organization_id, endpoint_id)
        return await deliveries.attempts(self._pool, endpoint_id, before, limit)

    async def replay(self, person: Person, organization_id: str, endpoint_id: str, given: Replay) -> Replayed:
        """Send again what was sent or missed. WebhookEndpointOff, WebhookMessageUnknown, Invalid."""
        await self._access.require(person, organization_id, "keys.write", hidden=OrganizationUnknown)
        if (given.message_id is None) == (given.since is None):
            raise Invalid.at("/message_id", "invalid_value", ONE_OR_SINCE)
        if given.since is not None and not is_moment(given.since):
            raise Invalid.at("/since", "invalid_value", "This moment is too far away")
        async with self._pool.acquire() as db, db.transaction():
            endpoint = await self._locked(db, organization_id, endpoint_id)
            if not endpoint.enabled:
                raise WebhookEndpointOff
            queued, following = 1, None
            if given.message_id is not None:
                if not await deliveries.again(db, organization_id, endpoint_id, given.message_id):
                    raise WebhookMessageUnknown
            elif given.since is not None:
                queued, following = await deliveries.again_since(
                    db, organization_id, endpoint_id, endpoint.events, given.since
                )
            await activity.record(
                db, person, "webhook.replayed", organization_id, endpoint_id=endpoint_id, messages=queued
            )
        return Replayed(queued=queued, has_more=following is not None, next_since=following)

    async def _locked(self, db: Connection, organization_id: str, endpoint_id: str) -> WebhookEndpoint:
        found = await store.lock(db, organization_id, endpoint_id)
        if found is None:
            raise WebhookEndpointUnknown
        return found


def _logged(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """As the activity log tells of it."""
    return structs.replace(endpoint, url=rules.place(endpoint.url))
