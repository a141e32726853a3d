"""What an organizer's requests and answers have in common: whole forms in, versions and pages out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from engine.foundation import http
from engine.foundation.errors import Malformed
from engine.foundation.ids import is_id
from engine.foundation.shapes import build

T = TypeVar("T")
FORM_BYTES_MAX = 256 * 1024
DIGEST_BYTES = 6
_anything: msgspec.json.Decoder[object] = msgspec.json.Decoder()


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list; ``next_cursor`` goes into the next request."""

    data: list[T]
    next_cursor: str | None
    has_more: bool


class PageQuery(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=http.PAGE_MAX)] = http.PAGE_DEFAULT
    cursor: Annotated[str, Meta(max_length=http.CURSOR_CHARS_MAX)] | None = None


async def form(request: web.Request, shape: type[T], *, absent: bytes = b"") -> T:
    """The body as this Struct. Malformed where it is no JSON, Invalid with every broken field at once.

    ``absent`` is what an empty body stands for.
    """
    return build(http.decode(await http.read(request, FORM_BYTES_MAX) or absent, _anything), shape)


def created(value: Struct, version: int, location: str) -> web.Response:
    """201 with the new thing, its version and its address."""
    body = http.dumps(value)
    headers = {"Location": location, "ETag": f'"{_etag(body, version)}"'}
    return web.Response(body=body, status=201, content_type="application/json", headers=headers)


def versioned(request: web.Request, value: Struct, version: int, *, shared: bool = False) -> web.Response:
    """The thing with its ETag, or 304. ``shared``: the same for everybody, so that caches may ask and keep it."""
    body = http.dumps(value)
    etag = _etag(body, version)
    if request.method in {"GET", "HEAD"} and http.fresh(request, etag):
        return http.not_modified(etag)
    headers = {"ETag": f'"{etag}"', "Cache-Control": "public, no-cache" if shared else "private, no-cache"}
    return web.Response(body=body, content_type="application/json", headers=headers)


def listed(request: web.Request, rows: Sequence[T], position_of: Callable[[T], str]) -> web.Response:
    """One page of a list that is short enough to be read whole, in the order it came."""
    query = http.query(request, PageQuery)
    after = http.cursor_decode(query.cursor)
    begin = next((i + 1 for i, row in enumerate(rows) if position_of(row) == after), None) if after else 0
    if begin is None:
        raise Malformed("The cursor is not one of ours")
    return http.json(http.page(list(rows[begin : begin + query.limit + 1]), query.limit, position_of))


def id_cursor(cursor: str | None, kind: str) -> str | None:
    """The id behind a list's cursor. Malformed where it is none of this kind."""
    position = http.cursor_decode(cursor)
    if position is not None and not is_id(kind, position):
        raise Malformed("The cursor is not one of ours")
    return position


def _etag(body: bytes, version: int) -> str:
    """The row's version, which If-Match compares, and a digest of all that the document shows."""
    return f"{version}-{hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()}"
