"""Who is asking, read from a request: queue ticket, admission token, operator."""

from __future__ import annotations

import base64
import binascii
import hashlib
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from engine.foundation import bodies, errors
from engine.foundation.bearer import Person
from engine.foundation.cookies import CookieRules, shown
from waitingroom.appkeys import BEARERS, LEDGER
from waitingroom.errors import FormForged, TicketInvalid
from waitingroom.room import Room
from waitingroom.shapes import TicketRequest

ADMISSION_COOKIE = "onsale_admission"
QUEUE_COOKIE_PREFIX = "onsale_queue_"
QUEUE_COOKIE_MAX_AGE_S = 7 * 86_400
BODY_BYTES_MAX = 8 * 1024
OPERATOR_ROLES = frozenset({"owner", "manager"})
DEVICE_KEY_HASH_BYTES = 16
POINT_BYTES = 65
_ticket_request = msgspec.json.Decoder(TicketRequest)


async def asked(request: web.Request) -> TicketRequest:
    """The body of a request that names its place; an empty body leaves it to headers and cookies."""
    raw = await bodies.read(request, BODY_BYTES_MAX)
    return bodies.decode(raw, _ticket_request) if raw.strip() else TicketRequest()


def ticket_text(request: web.Request, room: Room, given: TicketRequest) -> str:
    """The queue ticket: from the body, else the cookie. TicketInvalid if there is none."""
    text = shown_ticket(request, room, given)
    if not text:
        raise TicketInvalid("Send your queue_ticket", reason="missing")
    return text


def shown_ticket(request: web.Request, room: Room, given: TicketRequest) -> str | None:
    """As ``ticket_text``, None if there is none."""
    return given.queue_ticket or shown(request.cookies, QUEUE_COOKIE_PREFIX + room.event_id)


def admission_text(request: web.Request, given: TicketRequest) -> str | None:
    """The admission token: from the body, the Authorization header or the cookie."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if given.admission_token:
        return given.admission_token
    return value.strip() if scheme.lower() == "admission" and value else shown(request.cookies, ADMISSION_COOKIE)


def from_own_page(request: web.Request) -> None:
    """FormForged if another site's page sent this form.

    Its visitor's cookie stays behind then, so that a new place would be written over the one they have.
    """
    headers = request.headers
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is None and origin is not None:
        site = "same-origin" if urlsplit(origin).netloc == request.host else "cross-site"
    if site in {"cross-site", "same-site"}:
        raise FormForged


def cookie_attributes(rules: CookieRules) -> str:
    """What follows a queue cookie's value: it remembers a place for pages without scripts and for lost tabs."""
    return f"; Path=/; Max-Age={QUEUE_COOKIE_MAX_AGE_S}; HttpOnly; {rules.marks()}"


async def operator(request: web.Request, room: Room) -> Person:
    """A platform admin, or an owner or manager of the room's organization. Unauthenticated, Forbidden."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    person = request.config_dict[BEARERS].verify(token.strip())
    if person.is_admin:
        return person
    role = await request.config_dict[LEDGER].role(room.rules.organization_id, person.user_id)
    if role not in OPERATOR_ROLES:
        raise errors.Forbidden("Only owners and managers of the organization run its waiting room")
    return person


def device_point(device_key: str) -> bytes | None:
    """The 65 bytes of a P-256 public key given as unpadded base64url, None if the text is another kind of name.

    Compressed points are names too: one key has one spelling, else one device were many.
    """
    raw = decoded(device_key)
    if raw is None or len(raw) != POINT_BYTES:
        return None
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return None
    return raw


def decoded(text: str) -> bytes | None:
    """The bytes of unpadded base64url in its one canonical spelling: no stray bits at the end; else None."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.urlsafe_b64encode(raw).decode().rstrip("=") == text else None


def device_key_hash(point: bytes) -> bytes:
    """What tickets and tokens carry of a device's key."""
    return hashlib.sha256(point).digest()[:DEVICE_KEY_HASH_BYTES]
