"""The bundle a scanner takes offline, and the feed that keeps it true.

A stolen scanner can check codes but never make one: the bundle holds salted, truncated hashes of the valid codes, and
each attendee's name encrypted under the code itself, so that only who holds the ticket can open it. The whole is signed
with Ed25519; the scanner pins the public key when it is set up. HMAC keys never leave the server.

Row of the table, sorted by hash: SHA-256(salt || code) first 12 bytes, unit u32, version u16, ticket type index u16
(big-endian). Names: for each row u16 length, AES-128-GCM (key SHA-256("name" || salt || code) first 16 bytes, nonce of
zeros: a key is used once) of JSON ["name", "place"].
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import hotpath_rs
from engine.domain.gates.gate_events import GateEvent
from engine.domain.tickets.tickets import code_window
from engine.foundation.clock import now_ms, rfc3339
from engine.services.gates.gate_events import GateEvents
from engine.stores.database import Pool
from engine.stores.gates import gate_bundles as store
from engine.stores.gates.gate_bundles import BundleTicket, Fingerprint

FORMAT: Final = 1
HASH_BYTES: Final = 12
SALT_BYTES: Final = 16
NAME_KEY_BYTES: Final = 16
VALID_MS: Final = 24 * 3600 * 1000
AMBER_AFTER_S, RED_AFTER_S = 15 * 60, 60 * 60
CHANGES_MAX: Final = 1_000
BUNDLES_REMEMBERED_MAX: Final = 20
_NONCE: Final = bytes(12)


@dataclass(frozen=True, slots=True)
class Bundle:
    """``body`` is the JSON document as sent."""

    etag: str
    cursor_seq: int
    valid_until_ms: int
    body: bytes


class GateBundles:
    """Builds, signs and remembers bundles. ``master_key`` is what the signing key is derived from."""

    def __init__(self, *, pool: Pool, gate_events: GateEvents, keyring: hotpath_rs.Keyring, master_key: bytes) -> None:
        self._pool = pool
        self._gate_events = gate_events
        self._keyring = keyring
        self._seed = _derive(master_key, b"onsale gate bundle ed25519")
        self._key = Ed25519PrivateKey.from_private_bytes(self._seed)
        self._known: dict[str, Bundle] = {}
        self._building: dict[str, asyncio.Lock] = {}

    @property
    def public_key(self) -> str:
        """What scanners check bundles with, base64url."""
        return _b64url(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    async def read(self, event_id: str) -> Bundle:
        """The event's present bundle; built anew where tickets, their standing or the rules changed."""
        event = await self._gate_events.get(event_id)
        mark = await store.fingerprint(self._pool, event_id)
        etag = self._etag(event, mark)
        known = self._known.get(event_id)
        if known is not None and known.etag == etag:
            return known
        if len(self._building) > BUNDLES_REMEMBERED_MAX:
            self._building = {key: lock for key, lock in self._building.items() if lock.locked()}
        async with self._building.setdefault(event_id, asyncio.Lock()):
            known = self._known.get(event_id)
            if known is None or known.etag != etag:
                tickets = await store.live_tickets(self._pool, event_id)
                known = await asyncio.to_thread(self._build, event, mark, etag, tickets)
                if len(self._known) >= BUNDLES_REMEMBERED_MAX:
                    self._known.clear()
                self._known[event_id] = known
        return known

    async def changes(self, event_id: str, since: int, limit: int) -> list[dict[str, Any]]:
        """The revocation feed after ``since``, un-revocations too."""
        return await store.changes(self._pool, event_id, since, min(limit, CHANGES_MAX) + 1)

    def _etag(self, event: GateEvent, mark: Fingerprint) -> str:
        """Changes with the content, and twice in a bundle's life, so that nobody keeps one until it is over."""
        half_lives = now_ms() // (VALID_MS // 2)
        text = f"{FORMAT}|{event.id}|{event.status}|{half_lives}|{mark}".encode()
        return hmac.new(self._seed, text, hashlib.sha256).hexdigest()[:32]

    def _build(self, event: GateEvent, mark: Fingerprint, etag: str, tickets: Sequence[BundleTicket]) -> Bundle:
        salt = hmac.new(self._seed, b"salt" + etag.encode(), hashlib.sha256).digest()[:SALT_BYTES]
        types = sorted({ticket.ticket_type_id for ticket in tickets})
        table, names = self._table(event, tickets, salt, {name: index for index, name in enumerate(types)})
        issued_at_ms = now_ms()
        payload: dict[str, Any] = {
            "format": FORMAT,
            "event": {
                "id": event.id,
                "title": event.title,
                "venue": event.venue,
                "status": event.status,
                "starts_at": rfc3339(event.starts_at),
                "ends_at": rfc3339(event.ends_at),
                "timezone": event.timezone,
            },
            "rules": msgspec.to_builtins(event.entry.rules),
            "issued_at_ms": issued_at_ms,
            "valid_until_ms": issued_at_ms + VALID_MS,
            "amber_after_s": AMBER_AFTER_S,
            "red_after_s": RED_AFTER_S,
            "cursor": mark.cursor_seq,
            "ticket_types": types,
            "salt": _b64url(salt),
            "hash_bytes": HASH_BYTES,
            "count": len(tickets),
            "codes": base64.b64encode(table).decode(),
            "names": base64.b64encode(names).decode(),
        }
        signed = orjson.dumps(payload)
        document = {
            "event_id": event.id,
            "cursor": mark.cursor_seq,
            "valid_until_ms": payload["valid_until_ms"],
            "payload": signed.decode(),
            "signature": _b64url(self._key.sign(signed)),
            "public_key": self.public_key,
        }
        return Bundle(etag, mark.cursor_seq, payload["valid_until_ms"], orjson.dumps(document))

    def _table(
        self, event: GateEvent, tickets: Sequence[BundleTicket], salt: bytes, types: dict[str, int]
    ) -> tuple[bytes, bytes]:
        keys = self._keyring.event(event.id)
        rows = []
        for ticket in tickets:
            window = code_window(ticket.paid_at, event.ends_at)
            code = keys.mint_ticket_code(ticket.unit, ticket.version, *window).encode()
            row = hashlib.sha256(salt + code).digest()[:HASH_BYTES]
            row += ticket.unit.to_bytes(4, "big") + ticket.version.to_bytes(2, "big")
            row += types[ticket.ticket_type_id].to_bytes(2, "big")
            name_key = hashlib.sha256(b"name" + salt + code).digest()[:NAME_KEY_BYTES]
            name = AESGCM(name_key).encrypt(_NONCE, orjson.dumps([ticket.holder_name, ticket.place]), None)
            rows.append((row, len(name).to_bytes(2, "big") + name))
        rows.sort()
        return b"".join(row for row, _ in rows), b"".join(name for _, name in rows)


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(master_key)


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
