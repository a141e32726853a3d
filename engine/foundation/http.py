"""HTTP manners: bodies in, JSON and problem documents out, request ids, versions, pages of lists.

A handler reads ``await body(request, decoder)``, asks a service, answers ``json(value)``. Refusals travel as exceptions
and become RFC 9457 documents in ``boundary``, the outermost middleware; a fault of our own becomes Broken (500).
Bodies are bounded by name at each route.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import asyncpg
import msgspec
import redis.exceptions
from aiohttp import web

from engine.foundation import errors, logs, metrics, store_faults
from engine.foundation.ids import CheapIds

BODY_BYTES_MAX = 64 * 1024
BODY_BYTES_CEILING = 32 * 1024 * 1024  # the application's client_max_size: the largest body any route takes
BODY_WAIT_S_MAX = 60  # for the slowest gate's largest batch; whoever sends a byte a minute is not one
REQUEST_ID_CHARS_MAX = 128
FORM_FIELDS_MAX = 2_000
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "application/octet-stream"})  # the latter: none was sent
PAGE_DEFAULT, PAGE_MAX = 50, 200
CURSOR_CHARS_MAX = 256

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# How an application with pages shows a refusal to a browser; None where this caller wants the problem document.
ProblemPage = Callable[[web.Request, errors.Refusal, str], web.Response | None]
PROBLEM_PAGE: web.AppKey[ProblemPage] = web.AppKey("problem_page")
_log = logs.get("http")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")
_POINTER = re.compile(r" - at `\$?(.*)`$")
_MISSING = re.compile(r"Object missing required field `(.+)`$")


REQUEST_ID: Final = web.RequestKey("request_id", str)
_fresh_request_id = CheapIds("req")
_encoder = msgspec.json.Encoder()  # writes aware UTC datetimes as RFC 3339 with Z


def dumps(value: Any) -> bytes:
    """JSON bytes of builtins, datetimes and msgspec Structs."""
    return _encoder.encode(value)


def json(
    value: Any, status: int = 200, *, etag: str | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer; ``etag`` is the bare version, quotes are added."""
    response = web.Response(body=dumps(value), status=status, content_type="application/json", headers=headers)
    if etag is not None:
        response.headers["ETag"] = f'"{etag}"'
    return response


def fresh(request: web.Request, etag: str) -> bool:
    """Whether If-None-Match already names this version (answer 304)."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or f'"{etag}"' in [part.strip().removeprefix("W/") for part in header.split(",")]


def not_modified(etag: str) -> web.Response:
    return web.Response(status=304, headers={"ETag": f'"{etag}"'})


def version_expected(request: web.Request) -> str:
    """The bare version in If-Match. PreconditionRequired where it is missing."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise errors.PreconditionRequired
    return header.removeprefix("W/").strip('"')


async def read(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The whole body; TooLarge beyond ``bytes_max``, without reading further. Malformed where it never ends.

    UnsupportedMedia where it is compressed: a few bytes could unfold into a very long second.
    """
    if "Content-Encoding" in request.headers:
        raise errors.UnsupportedMedia("Send the body as it is, without Content-Encoding")
    length = request.content_length
    if length is not None:
        if length > bytes_max:
            raise errors.TooLarge(bytes_max=bytes_max)
        if request.content.is_eof():  # it is here already, as small bodies are: no clock needs to watch it
            return await request.read()
    try:
        async with asyncio.timeout(BODY_WAIT_S_MAX):
            return await (request.read() if length is not None else _read_chunks(request, bytes_max))
    except TimeoutError as error:
        raise errors.Malformed("The body did not arrive in time") from error


async def form(request: web.Request, bytes_max: int) -> dict[str, str]:
    """As ``form_pairs``, the last value of each field."""
    return dict(await form_pairs(request, bytes_max))


async def form_pairs(request: web.Request, bytes_max: int) -> list[tuple[str, str]]:
    """The fields of a url-encoded form, as UTF-8. TooLarge, Malformed, UnsupportedMedia.

    Nothing else: aiohttp's own reading breaks on charsets that do not exist and on parts without their boundary.
    """
    raw = await read(request, bytes_max)
    if raw and request.content_type not in FORM_TYPES:
        raise errors.UnsupportedMedia("Send the form url-encoded")
    try:
        return parse_qsl(
            raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="replace"
        )
    except ValueError as error:
        raise errors.Malformed("The form has too many fields") from error


async def _read_chunks(request: web.Request, bytes_max: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > bytes_max:
            raise errors.TooLarge(bytes_max=bytes_max)
        chunks.append(chunk)
    return b"".join(chunks)


def read_now(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes | None:
    """As ``read`` where all of the body has arrived with the head, None where it must be waited for.

    Nobody can read the body after this, and nobody must have read it before.
    """
    content = request.content
    if not content.is_eof() or "Content-Encoding" in request.headers:
        return None
    raw = content.read_nowait()
    if len(raw) > bytes_max:
        raise errors.TooLarge(bytes_max=bytes_max)
    return raw


def peek(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes | None:
    """As ``read_now``, and ``request.read`` finds it again."""
    raw = read_now(request, bytes_max)
    if raw is not None:
        request._read_bytes = raw  # noqa: SLF001 - where aiohttp itself keeps it
    return raw


async def body(request: web.Request, decoder: msgspec.json.Decoder[T], bytes_max: int = BODY_BYTES_MAX) -> T:
    """The decoded body. Malformed where it is no JSON, Invalid with a pointer where it has the wrong shape."""
    return decode(await read(request, bytes_max), decoder)


def decode(raw: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """As ``body``, from bytes already read."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.Malformed(f"The body is not valid JSON: {error}") from error


def invalid(error: msgspec.ValidationError) -> errors.Invalid:
    """msgspec's sentence as a validation refusal with a JSON pointer."""
    text = str(error)
    match = _POINTER.search(text)
    path = match.group(1) if match else ""
    pointer = re.sub(r"\[(\.\.\.|\d+)\]", r"/\1", path).replace(".", "/").replace("///", "/...") if path else ""
    message = text[: match.start()] if match else text
    missing = _MISSING.match(message)
    if missing is not None:
        fault = {"pointer": f"{pointer}/{missing.group(1)}", "code": "missing", "message": "Required"}
        return errors.Invalid(message, errors=[fault])
    return errors.Invalid.at(pointer, "invalid_value", message)


def query(request: web.Request, shape: type[T]) -> T:
    """The query string as a Struct. Malformed on an unknown, repeated or wrongly typed parameter."""
    pairs = request.query
    if len(pairs) != len(set(pairs)):
        raise errors.Malformed("A query parameter is repeated")
    known = {field.encode_name for field in msgspec.structs.fields(shape)}  # type: ignore[arg-type]  # T is a Struct
    unknown = sorted(set(pairs) - known)
    if unknown:
        raise errors.Malformed(f"Unknown query parameter: {unknown[0]}", parameter=unknown[0])
    try:
        return msgspec.convert(dict(pairs), shape, strict=False)
    except msgspec.ValidationError as error:
        raise errors.Malformed(f"A query parameter is not valid: {error}") from error


def page(rows: list[T], limit: int, cursor_of: Callable[[T], str]) -> dict[str, Any]:
    """A list answer from up to limit + 1 rows."""
    more = len(rows) > limit
    rows = rows[:limit]
    return {"data": rows, "next_cursor": cursor_encode(cursor_of(rows[-1])) if more else None, "has_more": more}


def cursor_encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_decode(cursor: str | None) -> str | None:
    """The position behind a cursor. Malformed where it is none of ours."""
    if cursor is None:
        return None
    try:
        if len(cursor) > CURSOR_CHARS_MAX:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, b"-_", validate=True).decode()
    except ValueError as error:
        raise errors.Malformed("The cursor is not one of ours") from error


def problem(refusal: errors.Refusal, request_id: str, instance: str) -> web.Response:
    """The RFC 9457 document of a refusal."""
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
    return web.Response(
        body=dumps(document), status=refusal.status, content_type="application/problem+json", headers=headers
    )


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


# Two requests met in the ledger between one's look and its write; whoever came second is told so.
_CROSSED = (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError)
# Half a character, or NUL: whatever was asked with it cannot be looked up anywhere.
_NO_TEXT = (UnicodeEncodeError, asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def refusal_of(error: Exception) -> errors.Refusal | None:  # noqa: PLR0911 - one answer a kind
    """The refusal that an exception amounts to, or None where it is a fault of our own."""
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


def client_address(request: web.Request, *, trust_forwarded: bool) -> str:
    """The caller's address; X-Forwarded-For counts only behind our own proxy, which wrote its last entry."""
    if trust_forwarded:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        try:
            return str(ipaddress.ip_address(last))
        except ValueError:
            pass
    return request.remote or "unknown"


def request_id_of(request: web.Request) -> str:
    """The caller's X-Request-Id where it is sane, else a fresh one."""
    given = request.headers.get("X-Request-Id")
    return given if given is not None and _REQUEST_ID.match(given) else _fresh_request_id()


@web.middleware
async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost: gives the request its id, turns refusals into problem documents, counts and times."""
    started = time.perf_counter()
    request_id = request[REQUEST_ID] = request_id_of(request)
    try:
        if "%00" in request.raw_path and "\0" in request.path:
            raise errors.NotFound  # Postgres keeps no NUL in text, so nothing has such a name
        response = await handler(request)
        if not response.prepared:
            response.headers["X-Request-Id"] = request_id
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - redirects are answers
            error.headers["X-Request-Id"] = request_id
            raise
        response = _refuse(request, request_id, error)
    except Exception as error:  # noqa: BLE001 - the boundary is where every fault ends
        response = _refuse(request, request_id, error)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
    metrics.ANSWERS.of(route, request.method).note(response.status, time.perf_counter() - started)
    return response


def _refuse(request: web.Request, request_id: str, error: Exception) -> web.Response:
    refusal = refusal_of(error)
    if refusal is None:
        _log.error("request_failed", request_id=request_id, method=request.method, path=request.path, exc_info=error)
        refusal = Broken()
    metrics.REFUSALS.labels(refusal.code).inc()
    page = request.config_dict.get(PROBLEM_PAGE)
    shown = page(request, refusal, request_id) if page is not None else None
    return shown or problem(refusal, request_id, request.path)
