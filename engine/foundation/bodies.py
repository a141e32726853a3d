"""What a caller sends, decoded: bodies, forms and query strings, each bounded by name at its route."""

from __future__ import annotations

import asyncio
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from engine.foundation import errors, pieces, shape_faults

BODY_BYTES_MAX = 64 * 1024
BODY_BYTES_CEILING = 32 * 1024 * 1024  # the application's client_max_size: the largest body any route takes
BODY_WAIT_S_MAX = 60  # for the slowest gate's largest batch; anybody who sends a byte a minute is not one
FORM_FIELDS_MAX = 2_000
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "application/octet-stream"})  # the latter: none was sent

T = TypeVar("T")


async def read(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The whole body; TooLarge beyond ``bytes_max``, without reading further. Malformed if it never ends.

    UnsupportedMedia if it is compressed: a few bytes could unfold into a very long second.
    """
    if "Content-Encoding" in request.headers:
        raise errors.UnsupportedMedia("Send the body as it is, without Content-Encoding")
    known = request._read_bytes  # noqa: SLF001 - where aiohttp itself keeps what was read
    if known is not None:
        if len(known) > bytes_max:
            raise errors.TooLarge(bytes_max=bytes_max)
        return known
    length = request.content_length
    if length is not None:
        if length > bytes_max:
            raise errors.TooLarge(bytes_max=bytes_max)
        if request.content.is_eof():  # it is here already, as small bodies are: no clock needs to watch it
            return await request.read()
    try:
        async with asyncio.timeout(BODY_WAIT_S_MAX):
            short = length is not None and length <= pieces.LONG_BYTES
            return await request.read() if short else await _read_long(request, bytes_max)
    except TimeoutError as error:
        raise errors.Malformed("The body did not arrive in time") from error


async def keep(request: web.Request, bytes_max: int) -> bytes:
    """As ``read``, and the next reader of the body finds it again."""
    raw = await read(request, bytes_max)
    request._read_bytes = raw  # noqa: SLF001 - as above
    return raw


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


async def _read_long(request: web.Request, bytes_max: int) -> bytes:
    """What arrives is joined once; aiohttp's own reading copies it while it grows, and once more."""
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > bytes_max:
            raise errors.TooLarge(bytes_max=bytes_max)
        chunks.append(chunk)
    request._read_bytes = raw = b"".join(chunks)  # noqa: SLF001 - where aiohttp itself keeps it
    return raw


def read_now(request: web.Request, bytes_max: int = BODY_BYTES_MAX) -> bytes | None:
    """As ``read`` if all of the body has arrived with the head, None if it must be waited for.

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
    """The decoded body. Malformed if it is no JSON, Invalid with a pointer if it has the wrong shape."""
    return decode(await read(request, bytes_max), decoder)


def decode(raw: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """As ``body``, from bytes already read."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise errors.Malformed(f"The body is not valid JSON: {error}") from error


def query(request: web.Request, shape: type[T]) -> T:
    """The query string as a Struct. Malformed on an unknown, repeated or wrongly typed parameter."""
    pairs = request.query
    if len(pairs) != len(set(pairs)):
        raise errors.Malformed("A query parameter is repeated")
    unknown = sorted(set(pairs).difference(shape.__struct_encode_fields__))  # type: ignore[attr-defined]  # T is a Struct
    if unknown:
        raise errors.Malformed(f"Unknown query parameter: {unknown[0]}", parameter=unknown[0])
    try:
        return msgspec.convert(dict(pairs), shape, strict=False)
    except msgspec.ValidationError as error:
        raise errors.Malformed(f"A query parameter is not valid: {error}") from error


def _invalid(error: msgspec.ValidationError) -> errors.Invalid:
    """msgspec's sentence as a validation refusal with a JSON pointer."""
    fault = shape_faults.read(error)
    if fault.missing is None:
        return errors.Invalid.at(fault.pointer, "invalid_value", fault.message)
    told = {"pointer": f"{fault.pointer}/{fault.missing}", "code": "missing", "message": "Required"}
    return errors.Invalid(fault.message, errors=[told])
