"""Idempotency keys for requests that write: the first answer is kept for 24 h and repeated.

Scope is (principal, method, path, key). Same key and body: the stored answer with ``Idempotent-Replayed: true``;
another body: 422; still running: 409. A request that was refused by an exception keeps no answer: it wrote nothing, and
the key may be used again. Answers live in Postgres beside what they answer for. (Holds keep theirs with the hold.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web

from engine.foundation import errors

KEY_CHARS_MAX = 255
LOCK_S = 60
KEPT_H = 24

_CLAIM = """
INSERT INTO idempotency_keys (scope, body_hash, locked_until)
VALUES ($1, $2, now() + make_interval(secs => $3))
ON CONFLICT (scope) DO UPDATE
   SET body_hash = excluded.body_hash, locked_until = excluded.locked_until, created_at = now(),
       status = NULL, content_type = NULL, body = NULL
 WHERE idempotency_keys.created_at < now() - make_interval(hours => $4)
    OR (idempotency_keys.status IS NULL AND idempotency_keys.locked_until < now())
RETURNING true
"""


def key_of(request: web.Request, *, fallback: str | None = None) -> str:
    """The request's key: the header, else ``fallback`` (idempotencyKey in an order body)."""
    key = request.headers.get("Idempotency-Key") or fallback or ""
    if not 1 <= len(key) <= KEY_CHARS_MAX:
        raise errors.IdempotencyKeyRequired
    return key


def scope_of(principal: str, request: web.Request, key: str) -> bytes:
    """The 32 bytes that name this request; fields are length-prefixed so that none can lean into the next."""
    digest = hashlib.sha256()
    for field in (principal, request.method, request.path, key):
        raw = field.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return digest.digest()


class Idempotency:
    """Runs a handler at most once per scope."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def once(self, scope: bytes, body: bytes, run: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """The answer of ``run``, or the stored one."""
        body_hash = hashlib.sha256(body).digest()
        if not await self._pool.fetchval(_CLAIM, scope, body_hash, LOCK_S, KEPT_H):
            return await self._replay(scope, body_hash)
        try:
            response = await run()
        except BaseException:
            await self._pool.execute("DELETE FROM idempotency_keys WHERE scope = $1 AND status IS NULL", scope)
            raise
        assert isinstance(response.body, bytes)
        await self._pool.execute(
            "UPDATE idempotency_keys SET status = $2, content_type = $3, body = $4 WHERE scope = $1",
            scope,
            response.status,
            response.content_type,
            response.body,
        )
        return response

    async def sweep(self) -> int:
        """Forget answers older than KEPT_H; how many went."""
        tag = await self._pool.execute(
            "DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => $1)", KEPT_H
        )
        return int(tag.rpartition(" ")[2])

    async def _replay(self, scope: bytes, body_hash: bytes) -> web.Response:
        row = await self._pool.fetchrow(
            "SELECT body_hash, status, content_type, body FROM idempotency_keys WHERE scope = $1", scope
        )
        if row is None:
            raise errors.IdempotencyInFlight(retry_after_s=1)
        if row["body_hash"] != body_hash:
            raise errors.IdempotencyKeyReused
        if row["status"] is None:
            raise errors.IdempotencyInFlight(retry_after_s=1)
        return web.Response(
            body=row["body"],
            status=row["status"],
            content_type=row["content_type"],
            headers={"Idempotent-Replayed": "true"},
        )
