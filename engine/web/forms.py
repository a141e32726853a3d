"""What an organizer's requests and answers have in common: whole forms in, versions out."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from engine.foundation import bodies, http
from engine.foundation.shapes import build

T = TypeVar("T")
FORM_BYTES_MAX = 256 * 1024
DIGEST_BYTES = 6
_anything: msgspec.json.Decoder[object] = msgspec.json.Decoder()


async def form(request: web.Request, shape: type[T], *, absent: bytes = b"") -> T:
    """The body as this Struct. Malformed if it is no JSON, Invalid with every broken field at once.

    ``absent`` is what an empty body stands for.
    """
    return build(await anything(request, absent=absent), shape)


async def anything(request: web.Request, *, absent: bytes = b"") -> object:
    """The body, whatever JSON it is."""
    return bodies.decode(await bodies.read(request, FORM_BYTES_MAX) or absent, _anything)


def created(value: Struct, version: int, location: str) -> web.Response:
    """201 with the new thing, its version and its address."""
    body = http.dumps(value)
    headers = {"Location": location, "ETag": f'"{etag_of(body, version)}"'}
    return web.Response(body=body, status=201, content_type="application/json", headers=headers)


def versioned(request: web.Request, value: Struct, version: int) -> web.Response:
    """The thing with its ETag, or 304."""
    body = http.dumps(value)
    etag = etag_of(body, version)
    if request.method in {"GET", "HEAD"} and http.fresh(request, etag):
        return http.not_modified(etag)
    headers = {"ETag": f'"{etag}"', "Cache-Control": "private, no-cache"}
    return web.Response(body=body, content_type="application/json", headers=headers)


def etag_of(body: bytes, version: int) -> str:
    """The row's version, which If-Match compares, and a digest of all that the document shows."""
    return f"{version}-{hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()}"
