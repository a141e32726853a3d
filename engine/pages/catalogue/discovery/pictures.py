"""The picture that others show of an event: its title, its day and its place, drawn once a version (Open Graph)."""

from __future__ import annotations

import asyncio
import io
import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from aiohttp import web
from PIL import Image, ImageDraw

from engine.domain.catalogue.events import Event
from engine.foundation import manners
from engine.foundation.crowd import Crowd
from engine.foundation.manners import Manners
from engine.pages.catalogue.discovery.documents import shared
from engine.pages.catalogue.discovery.typesetting import length, wrapped, write
from engine.pages.formats import said
from engine.pages.memo import Memo
from engine.services.appkeys import EVENTS

WIDTH, HEIGHT = 1200, 630  # what previews are cut to
MARGIN: Final = 72
TITLE_LINES_MAX: Final = 3
TITLE_SIZES: Final = (92, 76, 64, 54)
LINE_SIZE: Final = 38
STANDS_S: Final = 300
KEPT_S: Final = 3600.0
WAITING_MAX, WAIT_S_MAX = 200, 10.0
NIGHT, PAPER, VOLT, SOFT = "#16133a", "#fffdf8", "#d0ff3d", "#b9b4d6"
_PICTURE: Final = Manners("document")


@dataclass(frozen=True, slots=True)
class Words:
    """All that is written on a picture; ``seed`` decides how its seats lie."""

    seed: str
    title: str
    when: str
    where: str


PICTURES: Final[web.AppKey[Memo[bytes]]] = web.AppKey("pictures")
DRAWING: Final = web.AppKey("drawing", Crowd)


def setup(app: web.Application) -> None:
    app[PICTURES] = Memo[bytes](KEPT_S)
    # One at a time: each takes a tenth of a second of a core that sells.
    app[DRAWING] = Crowd("pictures", at_work_max=1, line_max=WAITING_MAX, wait_max_s=WAIT_S_MAX)
    manners.serve(app, "GET", "/events/{slug}/og.png", picture, _PICTURE)


async def picture(request: web.Request) -> web.StreamResponse:
    """PNG of WIDTH x HEIGHT."""
    event = await request.config_dict[EVENTS].get(None, request.match_info["slug"])
    words = words_of(event)

    async def drawn() -> bytes:
        async with request.config_dict[DRAWING]:
            return await asyncio.to_thread(draw, words)

    async def made() -> bytes:
        return await request.config_dict[PICTURES].get(words, drawn)

    return await shared(request, made, content_type="image/png", stands_s=STANDS_S, topic=event.id)


def words_of(event: Event) -> Words:
    """What is written of an event."""
    where = ", ".join(filter(None, [event.venue.name, event.venue.city]))
    return Words(event.id, event.title, said(event.starts_at, event.timezone), where)


def version_of(event: Event) -> str:
    """Another one for another picture: previews keep what they fetched under its address."""
    return sha256(repr(words_of(event)).encode()).hexdigest()[:12]


def draw(words: Words) -> bytes:
    """The picture, as PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), NIGHT)
    canvas = ImageDraw.Draw(image)
    _seats(canvas, sha256(words.seed.encode()).digest())
    canvas.rectangle((0, 0, WIDTH, 14), fill=VOLT)
    left, right = MARGIN, WIDTH - MARGIN
    write(canvas, left, right, 96, "onsale", 34, VOLT)
    size, lines = _fitted(words.title, right - left)
    base = 190 + size
    for line in lines:
        write(canvas, left, right, base, line, size, PAPER)
        base += round(size * 1.22)
    (when,) = wrapped(words.when, LINE_SIZE, right - left, 1)
    write(canvas, left, right, HEIGHT - 118, when, LINE_SIZE, VOLT)
    for where in wrapped(words.where, LINE_SIZE, right - left, 1):
        write(canvas, left, right, HEIGHT - 62, where, LINE_SIZE, SOFT)
    written = io.BytesIO()
    image.quantize(64).save(written, "PNG", optimize=True)
    return written.getvalue()


def _fitted(title: str, width: float) -> tuple[int, list[str]]:
    """The title as large as it can be whole; in the smallest size it is cut."""
    for size in TITLE_SIZES:
        lines = wrapped(title, size, width, TITLE_LINES_MAX)
        whole = "".join(lines).replace(" ", "") == "".join(title.split())
        tall = len(lines) * size * 1.22 <= HEIGHT - 370
        if whole and tall and all(length(line, size) <= width for line in lines):
            return size, lines
    return TITLE_SIZES[-1], wrapped(title, TITLE_SIZES[-1], width, TITLE_LINES_MAX)


def _seats(canvas: ImageDraw.ImageDraw, digest: bytes) -> None:
    """Rows of seats around a stage beyond the lower right corner, a few of them lit."""
    centre_x, centre_y = WIDTH - 150 + digest[0] % 120, HEIGHT + 90
    for row in range(14):
        radius = 150 + row * 46
        count = int(math.pi * radius / 46)
        for seat in range(count):
            angle = math.pi + math.pi * seat / count
            x, y = centre_x + radius * math.cos(angle), centre_y + radius * math.sin(angle)
            lit = (row * 31 + seat * 17 + digest[row]) % 23 == 0
            canvas.ellipse((x - 7, y - 7, x + 7, y + 7), fill="#4a4a2c" if lit else "#221e52")
