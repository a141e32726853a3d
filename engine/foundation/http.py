"""The boundary of every request: its id, JSON and versions out, refusals as problem documents, counts and times.

A handler reads ``await bodies.body(request, decoder)``, asks a service, answers ``http.json(value)``. Refusals travel
as exceptions and become documents in ``boundary``, the outermost middleware; problems.py says which, and how. What a
request must be like before its handler sees it stands in manners.py.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.foundation import cors, errors, logs, manners, metrics
from engine.foundation.ids import CheapIds
from engine.foundation.problems import Broken, problem, refusal_of
from engine.foundation.ready import Ready

REQUEST_ID_CHARS_MAX = 128

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# How an application with pages shows a refusal to a browser; None if this caller wants the problem document.
ProblemPage = Callable[[web.Request, errors.Refusal, str], web.Response | None]
PROBLEM_PAGE: web.AppKey[ProblemPage] = web.AppKey("problem_page")
_log = logs.get("http")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")


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


def pdf(document: bytes, etag: str, name: str) -> web.Response:
    """A document to keep; ``name`` is an ASCII file name. Its copy may be used again as long as the ETag holds."""
    headers = {
        "ETag": f'"{etag}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return web.Response(body=document, content_type="application/pdf", headers=headers)


async def begun(request: web.Request, response: web.StreamResponse) -> bool:
    """Send the head of an answer that is written piece by piece. False if that is all: nothing follows a HEAD's."""
    await response.prepare(request)
    return request.method != "HEAD"


async def piecewise(
    request: web.Request, pieces: AsyncGenerator[bytes, None], content_type: str, name: str
) -> web.StreamResponse:
    """A document to keep that is sent as it is made; what the first piece raises is refused as anything else."""
    headers = {
        "Content-Type": content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    response = web.StreamResponse(headers=headers)
    try:
        first = await anext(pieces)
        if await begun(request, response):
            await response.write(first)
            async for piece in pieces:
                await response.write(piece)
            await response.write_eof()
    finally:
        await pieces.aclose()
    return response


def version_expected(request: web.Request) -> str:
    """The bare version in If-Match. PreconditionRequired if it is missing."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise errors.PreconditionRequired
    return header.removeprefix("W/").strip('"')


def client_address(request: web.Request, *, trust_forwarded: bool) -> str:
    """The caller's address; X-Forwarded-For counts only behind our own proxy, which wrote its last entry."""
    return manners.address_of(request, trust_forwarded)


def request_id_of(request: web.Request) -> str:
    """The caller's X-Request-Id if it is sane, else a fresh one."""
    given = request.headers.get("X-Request-Id")
    return given if given is not None and _REQUEST_ID.match(given) else _fresh_request_id()


@web.middleware
def boundary(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Outermost of an application: as ``explained``, and asks for manners first."""
    if request.method == "OPTIONS" and cors.is_preflight(request, _readers(request)):
        return explained(request, cors.preflight, manners.PREFLIGHT)
    return explained(request, handler, manners.of(request))


async def explained(request: web.Request, handler: Handler, asked: manners.Manners | None = None) -> web.StreamResponse:
    """Give the request its id, turn refusals into problem documents, count and time."""
    started = time.perf_counter()
    request_id = request[REQUEST_ID] = request_id_of(request)
    try:
        if "%00" in request.raw_path and "\0" in request.path:
            raise errors.NotFound  # Postgres keeps no NUL in text, so nothing has such a name
        if asked is None:
            response = await handler(request)
        else:
            response = await _mannered(request, handler, asked)
        if not response.prepared:
            response.headers["X-Request-Id"] = request_id
        elif isinstance(response, Ready) and cors.is_from(request, _readers(request)):
            response.add(cors.head(request))
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


def _readers(request: web.Request) -> frozenset[str]:
    """Other sites whose pages may call this application."""
    trust = request.app.get(manners.TRUST)
    return trust.readers if trust is not None else frozenset()


async def _mannered(request: web.Request, handler: Handler, asked: manners.Manners) -> web.StreamResponse:
    manners.check(request, asked)
    early = manners.counted(request, asked)
    if early is not None:
        await early
    stays = manners.opened(request, asked)
    if stays is None:
        return await handler(request)
    with stays:
        return await handler(request)


def _refuse(request: web.Request, request_id: str, error: Exception) -> web.Response:
    refusal = refusal_of(error)
    if refusal is None:
        _log.error("request_failed", request_id=request_id, method=request.method, path=request.path, exc_info=error)
        refusal = Broken()
    metrics.refused(refusal.code)
    page = request.config_dict.get(PROBLEM_PAGE)
    shown = page(request, refusal, request_id) if page is not None else None
    return shown or problem(refusal, request_id, request.path)
