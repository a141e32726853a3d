"""Stripe's idempotency: the first answer under a key is the answer for 24 hours, other parameters are an error."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

from loadtest.sandbox import limits
from loadtest.sandbox.errors import IdempotencyMismatch, InvalidRequest, KeyInUse, Obj
from loadtest.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Replay:
    status: int
    body: bytes
    request_id: str


class Idempotency:
    """Keys are scoped by account. Refusals before acceptance (400, 401, 404, 429) are not remembered, as at Stripe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answering: set[str] = set()

    def begin(self, key: str, account: str | None, path: str, given: Obj) -> Replay | None:
        """The earlier answer, or None: then the caller answers and must `finish`. Refuses mismatches and races."""
        if len(key) > limits.IDEMPOTENCY_KEY_MAX_CHARS:
            raise InvalidRequest("Idempotency keys may be at most 255 characters.", code="idempotency_key_too_long")
        scoped = _scoped(key, account)
        known = self._store.get("idempotency", scoped)
        if known is not None and known["created"] > self._store.now_s() - limits.IDEMPOTENCY_KEPT_S:
            if known["path"] != path:
                raise IdempotencyMismatch(
                    f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
                    f"('{path}' vs '{known['path']}'). Try using a key other than '{key}' if you meant to execute a "
                    "different request.",
                    code="idempotency_key_in_use",
                )
            if known["body_sha"] != _digest(given):
                raise IdempotencyMismatch(
                    "Keys for idempotent requests can only be used with the same parameters they were first used "
                    f"with. Try using a key other than '{key}' if you meant to execute a different request."
                )
            return Replay(known["status"], known["body"].encode(), known["request_id"])
        if scoped in self._answering:
            raise KeyInUse(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                "submitted twice, and the other request is still going through). Please try again later.",
                code="idempotency_key_in_use",
            )
        self._answering.add(scoped)
        return None

    def finish(self, key: str, account: str | None, path: str, given: Obj, answer: Replay | None) -> None:
        """Let the key go; `answer` is what to say to the next one who comes with it, None remembers nothing."""
        scoped = _scoped(key, account)
        self._answering.discard(scoped)
        if answer is None:
            return
        self._store.save(
            "idempotency",
            {
                "id": scoped,
                "path": path,
                "body_sha": _digest(given),
                "status": answer.status,
                "body": answer.body.decode(),
                "request_id": answer.request_id,
                "created": self._store.now_s(),
            },
        )


def _scoped(key: str, account: str | None) -> str:
    return f"{account or ''} {key}"


def _digest(given: Obj) -> str:
    """Of the parameters, whatever their order: it is they that Stripe compares."""
    return hashlib.sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).hexdigest()
