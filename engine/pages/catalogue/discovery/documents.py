"""Public documents that are no pages: made once for all who ask, standing on the shelf like every public read."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from aiohttp import web

from engine.foundation.shelf import EVERYTHING, SHELF, for_a_moment
from engine.services.appkeys import SETTINGS

# What no XML may hold, whatever a title holds.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


async def shared(
    request: web.Request,
    make: Callable[[], Awaitable[bytes]],
    *,
    content_type: str,
    stands_s: int,
    topic: str = EVERYTHING,
) -> web.StreamResponse:
    """The document at this address. ``stands_s`` bounds how old it may be here and in caches between."""
    shelf = request.config_dict[SHELF]
    since = shelf.changes
    body = await shelf.made(request, since, make)
    return shelf.give(
        request,
        body,
        since=since,
        topic=topic,
        stands=for_a_moment(stands_s),
        content_type=content_type,
        cache=f"public, max-age={stands_s}",
    )


def home(request: web.Request) -> str:
    """The address that everything of ours begins with, without a slash at its end."""
    return request.config_dict[SETTINGS].engine_url.rstrip("/")


def child(parent: Element, name: str, text: str, **attributes: str) -> Element:
    """An element with a text, which may hold anything."""
    element = SubElement(parent, name, attributes)
    element.text = _NO_XML.sub("", text)
    return element


def xml(root: Element) -> bytes:
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
