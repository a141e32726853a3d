"""Sessions of signed-in organizers: a signed cookie in the browser, everything else in Redis.

The cookie holds a random id and its MAC. Redis keeps the session under the id's digest and the refresh token encrypted
with the id, so that a copy of Redis signs nobody in. A session stands on the account's own refresh token, which it
rotates every RENEW_EVERY_S, and names the sign-in behind it: when the password changes or somebody signs the account
out, it ends within a second, as access tokens do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

import orjson
from cryptography.fernet import Fernet, InvalidToken

from engine.domain.accounts.people import Session as Tokens
from engine.foundation.bearer import Bearers
from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Unauthenticated
from engine.services.accounts.people import People

IDLE_S: Final = 2 * 3600
ABSOLUTE_S: Final = 12 * 3600
RENEW_EVERY_S: Final = 600
VIEW_S: Final = 30 * 60  # as somebody else
RENEW_LOCK_S: Final = 10
ID_BYTES: Final = 32
CSRF_BYTES: Final = 24
COOKIE_CHARS_MAX: Final = 200
NOTES_MAX: Final = 4


@dataclass(slots=True)
class Session:
    """``id`` never leaves the cookie; ``notes`` are the sentences for the next page, each with its tone.

    ``views_as``: whom a platform admin looks at the platform as, until ``views_until_ms``; empty: nobody.
    """

    id: str
    user_id: str
    csrf: str
    sign_in: str
    sealed_token: str
    begun_at_ms: int
    renewed_at_ms: int
    notes: list[tuple[str, str]] = field(default_factory=list)
    views_as: str = ""
    views_until_ms: int = 0


class Sessions:
    """Begins, finds, renews and ends sessions."""

    def __init__(self, *, hot: HotRedis, people: People, bearers: Bearers, ended: Container[str], key: bytes) -> None:
        self._hot = hot
        self._bearers = bearers
        self._ended = ended
        self._people = people
        self._key = hmac.digest(key, b"onsale admin cookie", "sha256")

    async def begin(self, tokens: Tokens) -> Session:
        """A fresh session for somebody who has just proved who they are: always under a new id."""
        moment_ms = now_ms()
        session = Session(
            id=secrets.token_urlsafe(ID_BYTES),
            user_id=tokens.user.id,
            csrf=secrets.token_urlsafe(CSRF_BYTES),
            sign_in=self._bearers.verify(tokens.access_token).session,
            sealed_token="",
            begun_at_ms=moment_ms,
            renewed_at_ms=moment_ms,
        )
        session.sealed_token = _seal(session, tokens.refresh_token)
        await self._write(
            session,
            "user_id", session.user_id,
            "csrf", session.csrf,
            "sign_in", session.sign_in,
            "token", session.sealed_token,
            "begun", session.begun_at_ms,
            "renewed", session.renewed_at_ms,
        )  # fmt: skip
        return session

    async def find(self, cookie: str, *, touch: bool) -> Session | None:
        """The session behind a cookie; None if it is forged, idle too long, too old or ended elsewhere.

        ``touch`` False is for pages that refresh themselves: they do not keep an absent person signed in.
        """
        session_id = self._open(cookie)
        if session_id is None:
            return None
        flat = await self._hot.command(b"HGETALL", _key(session_id))
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        if b"user_id" not in fields:
            return None
        session = Session(
            id=session_id,
            user_id=fields[b"user_id"].decode(),
            csrf=fields[b"csrf"].decode(),
            sign_in=fields.get(b"sign_in", b"").decode(),
            sealed_token=fields[b"token"].decode(),
            begun_at_ms=int(fields[b"begun"]),
            renewed_at_ms=int(fields[b"renewed"]),
            views_as=fields.get(b"views_as", b"").decode(),
            views_until_ms=int(fields.get(b"views_until", 0)),
            notes=[(tone, text) for tone, text in orjson.loads(fields.get(b"notes", b"[]"))],
        )
        left_s = _left_s(session)
        if left_s <= 0 or session.sign_in in self._ended:
            await self.end(session)
            return None
        if now_ms() - session.renewed_at_ms >= RENEW_EVERY_S * 1000 and not await self._renew(session):
            return None
        if touch:
            await self._hot.command(b"EXPIRE", _key(session_id), min(IDLE_S, left_s))
        return session

    async def end(self, session: Session) -> None:
        """Forget the session and sign its tokens out. Twice is fine."""
        await self._hot.command(b"DEL", _key(session.id))
        token = _unseal(session)
        if token is not None:
            await self._people.sign_out(token)

    async def view_as(self, session: Session, user_id: str) -> None:
        """Look at the platform as this person for VIEW_S; "": as oneself again."""
        session.views_as = user_id
        session.views_until_ms = now_ms() + VIEW_S * 1000 if user_id else 0
        await self._write(session, "views_as", session.views_as, "views_until", session.views_until_ms)

    async def note(self, session: Session, text: str, tone: str = "good") -> None:
        """Say something on the next page."""
        session.notes = [*session.notes, (tone, text)][-NOTES_MAX:]
        await self._write(session, "notes", orjson.dumps(session.notes))

    async def take_notes(self, session: Session) -> list[tuple[str, str]]:
        """What is to be said, once."""
        notes, session.notes = session.notes, []
        if notes:
            await self._write(session, "notes", b"[]")
        return notes

    def cookie(self, session: Session) -> str:
        return f"{session.id}.{self.mac(session.id)}"

    def mac(self, text: str) -> str:
        """The text's MAC under this app's own key, 43 characters."""
        return base64.urlsafe_b64encode(hmac.digest(self._key, text.encode(), "sha256")).decode().rstrip("=")

    def _open(self, cookie: str) -> str | None:
        session_id, _, mac = cookie.partition(".")
        if len(cookie) > COOKIE_CHARS_MAX or not session_id or not cookie.isascii():
            return None
        return session_id if hmac.compare_digest(self.mac(session_id), mac) else None

    async def _renew(self, session: Session) -> bool:
        """Rotate the refresh token; one request does it, the others go on meanwhile. False ends the session."""
        if not await self._hot.command(b"SET", _key(session.id) + b":renew", 1, b"NX", b"EX", RENEW_LOCK_S):
            return True
        try:
            tokens = await self._people.refresh(_unseal(session) or "")
        except Unauthenticated:
            await self._hot.command(b"DEL", _key(session.id))
            return False
        session.sealed_token = _seal(session, tokens.refresh_token)
        session.renewed_at_ms = now_ms()
        await self._write(session, "token", session.sealed_token, "renewed", session.renewed_at_ms)
        return True

    async def _write(self, session: Session, *fields: str | bytes | int) -> None:
        """Write some fields; the others are left to anybody who writes them at the same moment."""
        key = _key(session.id)
        await self._hot.command(b"HSET", key, *fields)
        await self._hot.command(b"EXPIRE", key, max(1, min(IDLE_S, _left_s(session))))


def _left_s(session: Session) -> int:
    return ABSOLUTE_S - (now_ms() - session.begun_at_ms) // 1000


def _key(session_id: str) -> bytes:
    return b"admin:session:" + hashlib.sha256(session_id.encode()).hexdigest().encode()


def _box(session: Session) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"admin refresh token " + session.id.encode()).digest()))


def _seal(session: Session, token: str) -> str:
    return _box(session).encrypt(token.encode()).decode()


def _unseal(session: Session) -> str | None:
    try:
        return _box(session).decrypt(session.sealed_token.encode()).decode()
    except InvalidToken:
        return None
