"""Scanners of an event: given a secret once, verified on every request, revoked within a second everywhere.

DeviceRevoked 401 revoked_device · TooManyDevices 409 too_many_devices
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from datetime import timedelta
from typing import Final

from engine.domain.accounts.organizations import Permission
from engine.domain.gates.attempts import Scanner
from engine.domain.gates.devices import Device
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import Conflict, Forbidden, NotFound, Unauthenticated
from engine.foundation.ids import is_id, new_id
from engine.services.accounts.access import Access
from engine.services.gates.gate_events import GateEvents
from engine.stores import activity
from engine.stores.database import Pool
from engine.stores.gates import devices as store

SECRET_BYTES: Final = 32
SECRET_CHARS_MAX: Final = 128
REMEMBERED_S: Final = 1.0  # how long another worker may still believe a revoked device
REMEMBERED_MAX: Final = 2_000
SEEN_EVERY_S: Final = 60.0
DELIVERS_FOR: Final = timedelta(hours=72)  # after it was revoked: as old as an offline scan may be
DEVICES_PER_EVENT_MAX: Final = 1_000


class DeviceRevoked(Unauthenticated):
    code, title = "revoked_device", "This scanner was revoked"


class TooManyDevices(Conflict):
    code, title = "too_many_devices", "This event has as many scanners as it may have"


class Devices:
    """Creates, lists, revokes and verifies scanners."""

    def __init__(self, *, pool: Pool, access: Access, gate_events: GateEvents) -> None:
        self._pool = pool
        self._access = access
        self._gate_events = gate_events
        self._known: OrderedDict[str, tuple[float, Device]] = OrderedDict()
        self._seen_at: dict[str, float] = {}

    async def create(self, person: Person, event_id: str, name: str, gates: list[str]) -> tuple[Device, str]:
        """A new scanner and its secret, which nobody can read again."""
        await self._require(person, event_id, write=True)
        if await store.count_live(self._pool, event_id) >= DEVICES_PER_EVENT_MAX:
            raise TooManyDevices(devices_max=DEVICES_PER_EVENT_MAX)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        async with self._pool.acquire() as connection, connection.transaction():
            device = await store.insert(
                connection, new_id("dev"), event_id, name, gates, _digest(secret), person.user_id
            )
            await activity.record(connection, person, "device.created", device.id, event_id=event_id, name=name)
        return device, secret

    async def of_event(self, person: Person, event_id: str, after: str, limit: int) -> list[Device]:
        await self._require(person, event_id, write=False)
        return await store.of_event(self._pool, event_id, after, limit)

    async def revoke(self, person: Person, event_id: str, device_id: str) -> None:
        """End a scanner's right, here at once and in other workers within REMEMBERED_S. Repeatable. NotFound."""
        await self._require(person, event_id, write=True)
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.revoke(connection, event_id, device_id):
                raise NotFound
            await activity.record(connection, person, "device.revoked", device_id, event_id=event_id)
        self._known.pop(device_id, None)

    async def verify(self, credential: str | None) -> Scanner:
        """The scanner behind ``<device_id>.<secret>``. Unauthenticated, DeviceRevoked."""
        scanner = await self._known_by(credential)
        if scanner.revoked_at is not None:
            raise DeviceRevoked(reason="revoked_device")
        await self._note_seen(scanner.device_id)
        return scanner

    async def verify_for(self, credential: str | None, event_id: str) -> Scanner:
        """As ``verify``, for this event only."""
        return _for_event(await self.verify(credential), event_id)

    async def verify_to_deliver(self, credential: str | None, event_id: str) -> Scanner:
        """As ``verify_for``, but a revoked scanner may come for DELIVERS_FOR, with what it scanned before."""
        scanner = await self._known_by(credential)
        if scanner.revoked_at is not None and now() >= scanner.revoked_at + DELIVERS_FOR:
            raise DeviceRevoked(reason="revoked_device")
        return _for_event(scanner, event_id)

    async def _known_by(self, credential: str | None) -> Scanner:
        device_id, _, secret = (credential or "").partition(".")
        if not is_id("dev", device_id) or not 0 < len(secret) <= SECRET_CHARS_MAX:
            raise Unauthenticated(headers={"WWW-Authenticate": "Device"})
        device = await self._get(device_id)
        expected = device.secret_hash if device is not None else bytes(32)
        if not hmac.compare_digest(_digest(secret), expected) or device is None:
            raise Unauthenticated("No such scanner, or another secret", headers={"WWW-Authenticate": "Device"})
        return Scanner(
            device_id=device.id,
            event_id=device.event_id,
            name=device.name,
            gates=device.gates,
            bundle_at=device.bundle_at,
            cursor_seq=device.cursor_seq,
            created_at=device.created_at,
            revoked_at=device.revoked_at,
        )

    async def synced(self, scanner: Scanner, cursor_seq: int, *, with_bundle: bool = False) -> None:
        """Note what the device has been told of."""
        await store.synced(self._pool, scanner.device_id, cursor_seq, with_bundle=with_bundle)
        self._known.pop(scanner.device_id, None)

    async def _get(self, device_id: str) -> Device | None:
        known = self._known.get(device_id)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_S:
            return known[1]
        device = await store.get(self._pool, device_id)
        if device is not None:
            self._known[device_id] = (time.monotonic(), device)
            self._known.move_to_end(device_id)
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
        return device

    async def _note_seen(self, device_id: str) -> None:
        moment = time.monotonic()
        if moment - self._seen_at.get(device_id, -SEEN_EVERY_S) < SEEN_EVERY_S:
            return
        if len(self._seen_at) > REMEMBERED_MAX:
            self._seen_at.clear()
        self._seen_at[device_id] = moment
        await store.seen(self._pool, device_id)

    async def _require(self, person: Person, event_id: str, *, write: bool) -> None:
        event = await self._gate_events.get(event_id)
        permission: Permission = "devices.write" if write else "devices.read"
        await self._access.require(person, event.organization_id, permission, hidden=NotFound)


def _for_event(scanner: Scanner, event_id: str) -> Scanner:
    if scanner.event_id != event_id:
        raise Forbidden("This scanner belongs to another event")
    return scanner


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
