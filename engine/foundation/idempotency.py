"""Idempotency keys for requests that write: the first answer is kept for 24 h and repeated.

Scope is (principal, method, path, key). Same key and body: the stored answer with ``Idempotent-Replayed: true``;
another body: 422; still running: 409. A request that was refused by an exception keeps no answer: it wrote nothing, and
the key may be used again. Answers live in Postgres next to what they answer for. (Holds keep theirs with the hold.)
Orders are claimed and answered by the statements that write them: ``Once``. Of an answer of megabytes a recipe is kept.
Which requests keep to a key says each row of the contract (engine/web/route.py, ``repeats``).

If Postgres goes away meanwhile, keys are freed and answers kept as soon as it is back, for as long as the claim lasts:
anybody who asks again then is not told for a minute that the first request still runs. So it is if the request is
cancelled, at any await.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg
import orjson
from aiohttp import web

from engine.foundation import errors, logs, pieces
from engine.foundation.batching import GroupCommit
from engine.foundation.ledger_pool import kept
from engine.foundation.postgres import again
from engine.foundation.store_faults import is_away

KEY_CHARS_MAX = 255
LOCK_S = 60
LATE_AGAIN_S = 0.5  # how often what Postgres was away for is tried again
LATE_MAX = 1_000  # requests that wait for it; more of them wait for their locks to end
CLAIM_BYTES = 12
KEPT_H = 24
BATCH_MAX = 64
AGE_MAX_MS = 2_000
ANSWER_AGE_MAX_MS = 30_000  # what was done is done: its answer is worth waiting for
KEPT_HEADERS = ("Location", "ETag", "Cache-Control")  # of an answer; all others are of the moment
RECIPE = web.ResponseKey("recipe", bytes)  # what is kept instead of the body, and the caller makes it again from

Remake = Callable[[bytes], Awaitable[pieces.Long | bytes]]

_CLAIM = """
INSERT INTO idempotency_keys (scope, body_hash, claim, locked_until)
SELECT w.scope, w.body_hash, w.claim, now() + make_interval(secs => $4)
  FROM unnest((SELECT $1::bytea[]), $2::bytea[], $3::bytea[]) AS w(scope, body_hash, claim)
ON CONFLICT (scope) DO UPDATE
   SET body_hash = excluded.body_hash, claim = excluded.claim, locked_until = excluded.locked_until, created_at = now(),
       status = NULL, content_type = NULL, headers = NULL, body = NULL
 WHERE idempotency_keys.created_at < now() - make_interval(hours => $5)
    OR (idempotency_keys.status IS NULL
        AND (idempotency_keys.locked_until < now() OR idempotency_keys.claim = excluded.claim))
RETURNING scope
"""
_KEEP = """
UPDATE idempotency_keys k
   SET status = w.status, content_type = w.content_type, headers = w.headers::jsonb, body = w.body
  FROM unnest((SELECT $1::bytea[]), $2::integer[], $3::text[], $4::text[], $5::bytea[])
       AS w(scope, status, content_type, headers, body)
 WHERE k.scope = ANY((SELECT $1::bytea[])::bytea[]) AND k.scope = w.scope
"""
_KEPT = "SELECT body_hash, status, content_type, headers, body FROM idempotency_keys WHERE scope = $1"
_FREE = "DELETE FROM idempotency_keys WHERE scope = $1 AND status IS NULL AND claim = $2"

_log = logs.get("idempotency")


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


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


@dataclass(frozen=True, slots=True)
class Claim:
    """A key taken for a request."""

    scope: bytes
    body_hash: bytes
    name: bytes  # tells it from another's claim of the same key


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer."""

    scope: bytes
    status: int
    content_type: str | None  # None if there is no body
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, scope: bytes, response: web.Response) -> Answer:
        body = response.get(RECIPE) or response.body or b""
        assert isinstance(body, bytes), "an answer that is not ready cannot be kept"
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        return cls(scope, response.status, response.content_type if body else None, headers, body)


class Once:
    """One request that is claimed and answered inside the statements that do it, not by ones before and after.

    Who writes what it asks for writes ``claim`` with it, and says so by ``claimed``; who writes the last of it writes
    the ``answer`` with that, and says so by ``kept``. ``claimed`` may be said too often, never too seldom.
    """

    def __init__(self, scope: bytes, body: bytes) -> None:
        self.claim = Claim(scope, _digest(body), secrets.token_bytes(CLAIM_BYTES))
        self.claimed = False
        self.kept = False
        self.response: web.Response | None = None

    def answer(self, response: web.Response) -> Answer:
        """What is kept of it; the response is the one to give."""
        self.response = response
        return Answer.of(self.claim.scope, response)


class Idempotency:
    """Runs a handler at most once per scope. Claims and answers of the same moment share their statements."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._kept = kept(pool)
        self._late: set[asyncio.Task[None]] = set()
        self._claims: GroupCommit[Claim, bool] = GroupCommit(
            "idempotency_claims", self._claim, batch_max=BATCH_MAX, age_max_ms=AGE_MAX_MS
        )
        self._answers: GroupCommit[Answer, None] = GroupCommit(
            "idempotency_answers", self._keep, batch_max=BATCH_MAX, age_max_ms=ANSWER_AGE_MAX_MS
        )

    async def close(self) -> None:
        """What still waits for Postgres is given up: its keys are free when their locks end."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(self._claims.close(), self._answers.close())

    async def once(
        self, scope: bytes, body: bytes, run: Callable[[], Awaitable[web.Response]], remake: Remake | None = None
    ) -> web.Response:
        """The answer of ``run``, or the stored one. ``remake`` makes its body again if a RECIPE was kept."""
        # Megabytes are hashed elsewhere: everybody else is answered meanwhile.
        body_hash = await asyncio.to_thread(_digest, body) if len(body) > pieces.LONG_BYTES else _digest(body)
        claim = Claim(scope, body_hash, secrets.token_bytes(CLAIM_BYTES))
        ends_s = asyncio.get_running_loop().time() + LOCK_S
        try:
            won = await self._claims.submit(claim)
        except (Exception, asyncio.CancelledError) as error:
            if is_away(error) or isinstance(error, asyncio.CancelledError):  # nobody knows whether it was claimed
                self._later(lambda: self._free(claim), ends_s)
            raise
        if not won:
            return await self._replay(scope, body_hash, remake)
        try:
            response = await run()
        except BaseException:
            await self._now_or_later(lambda: self._free(claim), ends_s)
            raise
        answer = Answer.of(scope, response)
        await self._now_or_later(lambda: self._answers.submit(answer), ends_s)
        return response

    async def finish(self, once: Once, run: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """The answer of ``run``, which claims and keeps by itself as far as it comes; the rest is done here."""
        ends_s = asyncio.get_running_loop().time() + LOCK_S
        try:
            response = await run()
        except BaseException:
            if once.claimed:
                await self._now_or_later(lambda: self._free(once.claim), ends_s)
            raise
        if once.claimed and not once.kept:
            answer = once.answer(response)
            await self._now_or_later(lambda: self._answers.submit(answer), ends_s)
        return response

    async def let_go(self, once: Once) -> None:
        """It asks again in the other way: what it may have claimed is free."""
        if once.claimed:
            once.claimed = False
            await self._free(once.claim)

    async def sweep(self) -> int:
        """Forget answers older than KEPT_H; how many went."""
        tag = await self._pool.execute(
            "DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => $1)", KEPT_H
        )
        return int(tag.rpartition(" ")[2])

    async def _claim(self, claims: list[Claim]) -> Sequence[bool]:
        # One of each scope, in one order everywhere: a statement may not meet a row twice, two may not wait in a ring.
        first = {claim.scope: claim for claim in reversed(claims)}
        ordered = [first[scope] for scope in sorted(first)]
        rows = await again(
            lambda: self._kept.fetch(
                _CLAIM,
                [claim.scope for claim in ordered],
                [claim.body_hash for claim in ordered],
                [claim.name for claim in ordered],
                LOCK_S,
                KEPT_H,
            )
        )
        won = {row["scope"] for row in rows}
        return [claim.scope in won and first[claim.scope] is claim for claim in claims]

    async def _keep(self, answers: list[Answer]) -> Sequence[None]:
        await again(
            lambda: self._kept.execute(
                _KEEP,
                [answer.scope for answer in answers],
                [answer.status for answer in answers],
                [answer.content_type for answer in answers],
                [orjson.dumps(answer.headers).decode() for answer in answers],
                [answer.body for answer in answers],
            )
        )
        return [None] * len(answers)

    async def _free(self, claim: Claim) -> None:
        await self._pool.execute(_FREE, claim.scope, claim.name)

    async def _now_or_later(self, write: Callable[[], Awaitable[None]], ends_s: float) -> None:
        """Write it; if Postgres is away, as soon as it is back: what was done is done, and what was not is free."""
        try:
            await write()
        except asyncio.CancelledError:  # its caller has gone; what it did has not
            self._later(write, ends_s)
            raise
        except Exception as error:
            if not is_away(error) and not isinstance(error, errors.Unavailable):
                raise
            self._later(write, ends_s)

    def _later(self, write: Callable[[], Awaitable[None]], ends_s: float) -> None:
        if len(self._late) >= LATE_MAX:
            return
        task = asyncio.get_running_loop().create_task(self._until_written(write, ends_s))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    @staticmethod
    async def _until_written(write: Callable[[], Awaitable[None]], ends_s: float) -> None:
        while asyncio.get_running_loop().time() < ends_s:
            await asyncio.sleep(LATE_AGAIN_S)
            try:
                await write()
            except Exception as error:  # noqa: BLE001 - nobody waits for it: told apart here
                if not is_away(error) and not isinstance(error, errors.Unavailable):
                    _log.warning("not_written_late", error=repr(error))
                    return
            else:
                return

    async def _replay(self, scope: bytes, body_hash: bytes, remake: Remake | None) -> web.Response:
        row = await self._pool.fetchrow(_KEPT, scope)
        if row is None:
            raise errors.IdempotencyInFlight(retry_after_s=1)
        if row["body_hash"] != body_hash:
            raise errors.IdempotencyKeyReused
        if row["status"] is None:
            raise errors.IdempotencyInFlight(retry_after_s=1)
        body = row["body"] if remake is None else await remake(row["body"])
        if body is not None and not isinstance(body, bytes):
            body = pieces.Pieces(body, content_type=row["content_type"])
        return web.Response(
            body=body,
            status=row["status"],
            content_type=row["content_type"],
            headers={**(row["headers"] or {}), "Idempotent-Replayed": "true"},
        )
