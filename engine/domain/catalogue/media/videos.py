"""A film that is told of by its address at one of two hosts; it is played from there if somebody asks for it."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Meta, Struct

from engine.domain.fields import fault
from engine.foundation.errors import Invalid

URL_CHARS_MAX: Final = 500
YOUTUBE, VIMEO = "https://www.youtube-nocookie.com", "https://player.vimeo.com"
FRAMES: Final = (YOUTUBE, VIMEO)  # all that a page may frame for it
UNKNOWN: Final = "Write the address of a film at YouTube or Vimeo"

VideoUrl = Annotated[str, Meta(max_length=URL_CHARS_MAX)]
_YOUTUBE_HOSTS = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"} | {
    "youtube-nocookie.com", "www.youtube-nocookie.com",
})  # fmt: skip
_VIMEO_HOSTS = frozenset({"vimeo.com", "www.vimeo.com", "player.vimeo.com"})
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}\Z")
_YOUTUBE_PATH = re.compile(r"/(?:embed|shorts|live|v)/([^/]+)/?\Z")
_VIMEO_PATH = re.compile(r"/(?:video/)?([0-9]{1,12})(?:/([0-9a-f]{6,20}))?/?\Z")
_VIMEO_KEY = re.compile(r"[0-9a-f]{6,20}\Z")


class Video(Struct, frozen=True, kw_only=True):
    """``url``: its page at its host. ``frame_url``: what is framed once somebody clicks, without cookies before."""

    host: str
    url: str
    frame_url: str


def find(url: str) -> Video | None:
    """The film at this address; None if it is none of these hosts'."""
    try:
        parts = urlsplit(url.strip())
        host, port, query = parts.hostname or "", parts.port, parse_qs(parts.query, max_num_fields=20)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or parts.username is not None or port not in {None, 80, 443}:
        return None
    if host == "youtu.be":
        return _youtube(parts.path.strip("/"))
    if host in _YOUTUBE_HOSTS:
        found = _YOUTUBE_PATH.match(parts.path)
        return _youtube(found[1] if found else query.get("v", [""])[0] if parts.path == "/watch" else "")
    if host in _VIMEO_HOSTS and (found := _VIMEO_PATH.match(parts.path)):
        return _vimeo(found[1], found[2] or query.get("h", [""])[0])
    return None


def kept(url: str | None) -> str | None:
    """The address as it is kept: one spelling for a film, None for an empty one. Invalid at ``/video_url``."""
    if url is None or not url.strip():
        return None
    video = find(url)
    if video is None:
        raise Invalid(errors=[fault("/video_url", "unknown_video", UNKNOWN)])
    return video.url


def _youtube(film: str) -> Video | None:
    if not _YOUTUBE_ID.match(film):
        return None
    return Video(
        host="YouTube",
        url=f"https://www.youtube.com/watch?v={film}",
        frame_url=f"{YOUTUBE}/embed/{film}?autoplay=1&rel=0",
    )


def _vimeo(film: str, key: str) -> Video:
    key = key if _VIMEO_KEY.match(key) else ""
    return Video(
        host="Vimeo",
        url=f"https://vimeo.com/{film}" + (f"/{key}" if key else ""),
        frame_url=f"{VIMEO}/video/{film}?dnt=1&autoplay=1" + (f"&h={key}" if key else ""),
    )
