"""What an exception is to the caller: the refusal that it amounts to, and that refusal as an RFC 9457 document.

Stores that are away, crossed writes and text that no store keeps are refusals; a fault of our own becomes Broken (500).
"""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec
import redis.exceptions
from aiohttp import web

from engine.foundation import errors, store_faults
from engine.foundation.ready import Ready

_CONTENT_TYPE = "application/problem+json"
_READY_HEAD = f"Content-Type: {_CONTENT_TYPE}\r\n".encode()
_encoder = msgspec.json.Encoder()


def problem(refusal: errors.Refusal, request_id: str, instance: str) -> web.Response:
    """The RFC 9457 document of a refusal."""
    body, headers = _told(refusal, request_id, instance)
    return web.Response(body=body, status=refusal.status, content_type=_CONTENT_TYPE, headers=headers)


def ready_problem(refusal: errors.Refusal, request_id: str, instance: str) -> Ready:
    """The same as complete bytes, for the routes where everybody comes at once."""
    body, headers = _told(refusal, request_id, instance)
    head = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return Ready(refusal.status, _READY_HEAD + head.encode("latin-1"), body)


def _told(refusal: errors.Refusal, request_id: str, instance: str) -> tuple[bytes, dict[str, str]]:
    document: dict[str, Any] = {
        "type": f"https://onsale.dev/problems/{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": instance,
        "code": refusal.code,
        "message": refusal.detail,
        "request_id": request_id,
        **refusal.facts,
    }
    if isinstance(refusal, errors.Invalid):
        document["errors"] = refusal.errors
    headers = {"X-Request-Id": request_id, "Cache-Control": "no-store", **refusal.headers}
    if refusal.retry_after_s is not None:
        document["retry_after_s"] = refusal.retry_after_s
        headers["Retry-After"] = str(refusal.retry_after_s)
    return _encoder.encode(document), headers


class Broken(errors.Refusal):
    """What a fault of our own looks like from outside: no detail, only the id to ask about."""

    status, code, title = 500, "internal_error", "Something broke on our side"


_HTTP_REFUSALS: dict[int, type[errors.Refusal]] = {
    400: errors.Malformed,
    404: errors.NotFound,
    405: errors.MethodRefused,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
}


# Two requests met in the ledger between one's look and its write; anybody who came second is told so.
_CROSSED = (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError)
# Half a character, or NUL: whatever was asked with it cannot be looked up anywhere.
_NO_TEXT = (UnicodeEncodeError, asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def refusal_of(error: Exception) -> errors.Refusal | None:  # noqa: PLR0911 - one answer a kind
    """The refusal that an exception amounts to, or None if it is a fault of our own."""
    if isinstance(error, errors.Refusal):
        return error
    if isinstance(error, web.HTTPException):
        kind = _HTTP_REFUSALS.get(error.status)
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return kind(headers=headers) if kind else None
    if isinstance(error, (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)):
        return errors.Unavailable("A store is away", retry_after_s=1)
    if isinstance(error, web.RequestPayloadError):
        return errors.Malformed("The body broke off or is not what its headers say")
    if isinstance(error, _CROSSED):
        return errors.Conflict("Somebody changed the same thing in the same moment: read it again")
    if isinstance(error, _NO_TEXT) or isinstance(error.__cause__, UnicodeEncodeError):
        return errors.Malformed("The request holds bytes that are no text")
    return store_faults.refusal_of_store(error)
