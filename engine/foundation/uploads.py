"""A file that somebody sends as one part of a form (multipart/form-data), read part by part within named limits."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from engine.foundation import errors
from engine.foundation.bodies import BODY_WAIT_S_MAX

PARTS_MAX: Final = 20
FIELD_BYTES_MAX: Final = 8 * 1024
FORM_BYTES_MAX: Final = 64 * 1024  # everything around the file
CHUNK_BYTES: Final = 64 * 1024
TAKEN: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Upload:
    """``file`` is the part called ``file``, None if there was none; ``fields`` are the others as text."""

    file: bytes | None
    fields: Mapping[str, str]


async def read(request: web.Request, file_bytes_max: int) -> Upload:
    """The form. TooLarge beyond the limits, without reading further; Malformed, UnsupportedMedia.

    What the sender calls the file, and what type they say it is, is not looked at.
    """
    if request.content_type != TAKEN or "Content-Encoding" in request.headers:
        raise errors.UnsupportedMedia(f"Send the file as {TAKEN}")
    if (request.content_length or 0) > file_bytes_max + FORM_BYTES_MAX:
        raise errors.TooLarge(bytes_max=file_bytes_max)
    try:
        async with asyncio.timeout(BODY_WAIT_S_MAX):
            return await _parts(request, file_bytes_max)
    except TimeoutError as error:
        raise errors.Malformed("The form did not arrive in time") from error
    except (ValueError, LookupError, RuntimeError, AssertionError, zlib.error, HttpProcessingError) as error:
        raise errors.Malformed("The form's parts cannot be read") from error


async def _parts(request: web.Request, file_bytes_max: int) -> Upload:
    file: bytes | None = None
    fields: dict[str, str] = {}
    reader, count = await request.multipart(), 0
    while (part := await reader.next()) is not None:
        count += 1
        if count > PARTS_MAX or not isinstance(part, BodyPartReader) or part.name is None:
            raise errors.Malformed("The form has too many parts, or one without a name")
        if "Content-Transfer-Encoding" in part.headers or "Content-Encoding" in part.headers:
            raise errors.Malformed("Send each part as it is")
        if part.name == "file":
            if file is not None:
                raise errors.Malformed("Send one file at a time")
            file = await _body(part, file_bytes_max)
        else:
            text = await _body(part, FIELD_BYTES_MAX)
            fields[part.name] = text.decode("utf-8", "replace").replace("\0", "").replace("\r\n", "\n")
    return Upload(file, fields)


async def _body(part: BodyPartReader, bytes_max: int) -> bytes:
    chunks, size = [], 0
    while chunk := await part.read_chunk(CHUNK_BYTES):
        size += len(chunk)
        if size > bytes_max:
            raise errors.TooLarge(bytes_max=bytes_max)
        chunks.append(chunk)
    return b"".join(chunks)
