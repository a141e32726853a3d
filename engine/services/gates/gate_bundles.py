"""The bundle a scanner takes offline, and the feed that keeps it true.

A stolen scanner can check codes but never make one: the bundle holds salted, truncated hashes of the valid codes, and
each attendee's name encrypted under the code itself, so that only who holds the ticket can open it. The whole is signed
with Ed25519; the scanner pins the public key when it is set up. HMAC keys never leave the server.

Row of the table, sorted by hash: SHA-256(salt || code) first 12 bytes, unit u32, version u16, ticket type index u16
(big-endian). Names: for each row u16 length, AES-128-GCM (key SHA-256("name" || salt || code) first 16 bytes, nonce of
zeros: a key is used once) of JSON ["name", "place", "section"].

Codes are listed as they were issued: with the times they were given then, whatever became of the event's, and while
two master keys are in the ring under both, as a ticket that was mailed before the rotation bears the older.

So that a device judges as the server does, the payload also has the entry rules with their gates, sections, the end of
all codes, the moments of emptying and the event's local days as instants, the event's tag as codes bear it, and the
ticket types' names. Who came in is a feed of its own.

Content and mark come from one snapshot of the ledger: what changes meanwhile is the next bundle.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from engine.domain.gates.offline import days, emptyings
from engine.domain.tickets.tickets import codes_end
from engine.foundation import http
from engine.foundation.clock import now_ms, rfc3339
from engine.foundation.errors import NotFound
from engine.services.gates.scan_packs import ScanPacks
from engine.stores.database import Database, Pool
from engine.stores.gates import gate_bundles as store
from engine.stores.gates import gate_events
from engine.stores.gates.gate_bundles import BundleTicket, EnteredTicket, Fingerprint

FORMAT: Final = 3
HASH_BYTES: Final = 12
ROW_BYTES: Final = HASH_BYTES + 4 + 2 + 2
SALT_BYTES: Final = 16
NAME_KEY_BYTES: Final = 16
VALID_MS: Final = 24 * 3600 * 1000
AMBER_AFTER_S, RED_AFTER_S = 15 * 60, 60 * 60
CHANGES_MAX: Final = 1_000
BUNDLES_REMEMBERED_MAX: Final = 20
ENTRIES_MAX: Final = 2_000
# Lines of the scan log become visible out of order by as many as are being written at one moment: the feed reads them
# again, which does no harm.
ENTRIES_OVERLAP: Final = 2_000
TIMES_BEFORE: Final = timedelta(days=2)  # a device whose last sync is older has no bundle any more
_NONCE: Final = bytes(12)
_EVENT_TAG: Final = slice(2, 10)  # of a code's bytes


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of the feed of entries. The next page begins at ``cursor``, the next sync at ``again_from``."""

    tickets: list[EnteredTicket]
    cursor: int
    again_from: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """``body`` is the JSON document as sent."""

    etag: str
    cursor_seq: int
    valid_until_ms: int
    body: bytes


class GateBundles:
    """Builds, signs and remembers bundles. ``master_key`` is what the signing key is derived from.

    ``keyrings``: each master key alone, as codes may have been signed with.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        packs: ScanPacks,
        keyring: hotpath_rs.Keyring,
        keyrings: Sequence[hotpath_rs.Keyring],
        master_key: bytes,
    ) -> None:
        self._pool = pool
        self._packs = packs
        self._keyring = keyring
        self._keyrings = keyrings
        self._seed = _derive(master_key, b"onsale gate bundle ed25519")
        self._key = Ed25519PrivateKey.from_private_bytes(self._seed)
        self._known: dict[str, Bundle] = {}
        self._building: dict[str, asyncio.Lock] = {}

    @property
    def public_key(self) -> str:
        """What scanners check bundles with, base64url."""
        return _b64url(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    async def read(self, event_id: str) -> Bundle:
        """The event's present bundle; built again if tickets, their standing or the event changed. NotFound."""
        known = self._known.get(event_id)
        if known is not None and known.etag == await self._mark(event_id):
            return known
        if len(self._building) > BUNDLES_REMEMBERED_MAX:
            self._building = {key: lock for key, lock in self._building.items() if lock.locked()}
        async with self._building.setdefault(event_id, asyncio.Lock()):
            known = self._known.get(event_id)
            if known is not None and known.etag == await self._mark(event_id):
                return known
            async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
                event, mark = await _seen(db, event_id)
                tickets = await store.live_tickets(db, event_id)
            known = await asyncio.to_thread(self._build, event, mark, self._etag(event, mark), tickets)
            if len(self._known) >= BUNDLES_REMEMBERED_MAX:
                self._known.clear()
            self._known[event_id] = known
        return known

    async def _mark(self, event_id: str) -> str:
        """The mark of a bundle that would be built now."""
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            return self._etag(*await _seen(db, event_id))

    async def changes(self, event_id: str, since: int, limit: int) -> list[dict[str, Any]]:
        """The revocation feed after ``since``, un-revocations too."""
        return await store.changes(self._pool, event_id, since, min(limit, CHANGES_MAX) + 1)

    async def entries(self, event_id: str, since: int) -> Entries:
        """Tickets that somebody came in or left with after line ``since`` of the scan log, as they stand now."""
        await self._packs.unpack(event_id)
        cursor, tickets = await store.entries(self._pool, event_id, since, ENTRIES_MAX)
        full = cursor is not None and cursor.full
        last = cursor.last if cursor is not None else since
        return Entries(tickets, cursor=last, again_from=max(0, last - ENTRIES_OVERLAP), has_more=full)

    def _etag(self, event: GateEvent, mark: Fingerprint) -> str:
        """Changes with the content, and twice in a bundle's life, so that nobody keeps one until it is over."""
        half_lives = now_ms() // (VALID_MS // 2)
        types = sorted(event.entry.ticket_types.items())
        rings = [ring.signing_key_id for ring in self._keyrings]
        text = f"{FORMAT}|{half_lives}|{rings}|{mark}|{types}|".encode() + http.dumps(event)
        return hmac.new(self._seed, text, hashlib.sha256).hexdigest()[:32]

    def _build(self, event: GateEvent, mark: Fingerprint, etag: str, tickets: Sequence[BundleTicket]) -> Bundle:
        salt = hmac.new(self._seed, b"salt" + etag.encode(), hashlib.sha256).digest()[:SALT_BYTES]
        types = sorted({ticket.ticket_type_id for ticket in tickets})
        table, names = self._table(event, tickets, salt, {name: index for index, name in enumerate(types)})
        issued_at_ms = now_ms()
        issued_at = datetime.fromtimestamp(issued_at_ms / 1000, UTC)
        first, last = issued_at - TIMES_BEFORE, issued_at + timedelta(milliseconds=VALID_MS)
        rules = event.entry.rules
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
            "event_tag": self._event_tag(event.id),
            "codes_end_at_ms": _ms(codes_end(event.ends_at)),
            "rules": msgspec.to_builtins(rules),
            "gates": list(rules.gates),
            "sections": sorted({ticket.section for ticket in tickets}),
            "emptied_at_ms": [_ms(moment) for moment in emptyings(rules, event.timezone, first, last)],
            "days": [(_ms(start), day) for start, day in days(event.timezone, first, last)],
            "issued_at_ms": issued_at_ms,
            "valid_until_ms": issued_at_ms + VALID_MS,
            "amber_after_s": AMBER_AFTER_S,
            "red_after_s": RED_AFTER_S,
            "cursor": mark.cursor_seq,
            "ticket_types": types,
            "ticket_type_names": [event.entry.ticket_types.get(name, "") for name in types],
            "salt": _b64url(salt),
            "hash_bytes": HASH_BYTES,
            "count": len(table) // ROW_BYTES,
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

    def _event_tag(self, event_id: str) -> str:
        """How codes name their event, in hex."""
        code = self._keyring.event(event_id).mint_ticket_code(0, 0, 0, 1)
        return base64.urlsafe_b64decode(code + "==")[_EVENT_TAG].hex()

    def _table(
        self, event: GateEvent, tickets: Sequence[BundleTicket], salt: bytes, types: dict[str, int]
    ) -> tuple[bytes, bytes]:
        rows = []
        for keys in [ring.event(event.id) for ring in self._keyrings]:
            for ticket in tickets:
                window = ticket.code_not_before_s, ticket.code_expires_s
                code = keys.mint_ticket_code(ticket.unit, ticket.version, *window).encode()
                row = hashlib.sha256(salt + code).digest()[:HASH_BYTES]
                row += ticket.unit.to_bytes(4, "big") + ticket.version.to_bytes(2, "big")
                row += types[ticket.ticket_type_id].to_bytes(2, "big")
                name_key = hashlib.sha256(b"name" + salt + code).digest()[:NAME_KEY_BYTES]
                facts = orjson.dumps([ticket.holder_name, ticket.place, ticket.section])
                name = AESGCM(name_key).encrypt(_NONCE, facts, None)
                rows.append((row, len(name).to_bytes(2, "big") + name))
        rows.sort()
        return b"".join(row for row, _ in rows), b"".join(name for _, name in rows)


async def _seen(db: Database, event_id: str) -> tuple[GateEvent, Fingerprint]:
    """What the mark is made of, as of one moment of the caller's transaction. NotFound."""
    event = await gate_events.read(db, event_id)
    if event is None:
        raise NotFound
    return event, await store.fingerprint(db, event_id)


def _derive(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(master_key)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
