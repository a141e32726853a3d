"""Pictures to send: good ones in every kind that is taken, and those that are not what they say, or mean harm."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import aiohttp
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

SECRET = b"onsale-hidden-in-here"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def form(file: bytes | None = None, **fields: str) -> aiohttp.FormData:
    """A form as an upload comes, with a picture if nothing else is given. It can be sent once."""
    data = aiohttp.FormData()
    for name, value in {"alt": "The band on stage", **fields}.items():
        data.add_field(name, value)
    data.add_field("file", made() if file is None else file, filename="../../evil.svg", content_type="image/svg+xml")
    return data


def scene(width: int = 900, height: int = 600, mode: str = "RGB") -> Image.Image:
    """A red left half with a white mark at its top, a blue right half: what is turned can be told."""
    picture = Image.new("RGB", (width, height), (20, 30, 200))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, max(0, width // 2 - 1), height), fill=(200, 30, 20))
    draw.rectangle((0, 0, width // 4, height // 6), fill=(255, 255, 255))
    return picture.convert(mode)


def made(picture: Image.Image | None = None, kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    (picture or scene()).save(out, kind, **more)
    return out.getvalue()


def with_place(orientation: int = 6) -> bytes:
    """As a phone takes it: lying on its side, with where and on what it was taken, and a remark."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of the artist"
    exif[0x8825] = {1: "N", 2: tuple(IFDRational(part) for part in (49, 16, 57)), 3: "W", 4: (123, 7, 12)}
    return made(kind="JPEG", exif=exif, comment=SECRET)


def polyglot() -> bytes:
    """A picture to a decoder, a page with a script to a browser that guesses, an archive to one who unpacks it."""
    return made() + b"<html><script>" + SECRET + b"</script></html>PK\x03\x04" + SECRET


def png_bomb(side: int = 15_000) -> bytes:
    """A file of 30 kB that is 225 million pixels."""
    row = b"\0" + bytes((side + 7) // 8)
    return _png(side, side, zlib.compress(row * side, 9))


def text_bomb() -> bytes:
    """A small picture with a remark of two hundred million letters."""
    remark = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    return _png(8, 8, zlib.compress(b"\0\0" * 8), (b"zTXt", remark))


def moving(kind: str) -> bytes:
    frames = [scene(64, 48), scene(64, 48).transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return made(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def opened(body: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(body))
    picture.load()
    return picture


def _png(width: int, height: int, data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
