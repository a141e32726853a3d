"""Static files, read and compressed once and served from memory: this app's own and the design system's.

``/static/<version>/<name>`` never changes, the version being a hash over every file. The design tokens and components
are the fans' pages' own files, served from where they live: one look, one copy.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

import engine
from engine.foundation import http
from engine.foundation.errors import NotFound

OWN: Final = Path(__file__).parent / "static"
SHARED: Final = Path(engine.__file__).parent / "pages" / "static"
SHARED_NAMES: Final = ("tokens.css", "base.css", "components.css", "chevron.svg", "mark.svg")
YEAR_S: Final = 31_536_000
VERSION_CHARS: Final = 12
CONTENT_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file's bytes, as they are and compressed, and its ETag."""

    body: bytes
    compressed: bytes
    content_type: str
    etag: str


class Assets:
    """All files by name."""

    def __init__(self) -> None:
        paths = {name: SHARED / name for name in SHARED_NAMES}
        paths |= {path.relative_to(OWN).as_posix(): path for path in OWN.rglob("*") if path.suffix in CONTENT_TYPES}
        self._files = {name: _read(path) for name, path in sorted(paths.items())}
        digest = hashlib.sha256("".join(name + asset.etag for name, asset in self._files.items()).encode())
        self.version = "v" + digest.hexdigest()[:VERSION_CHARS]

    def url(self, name: str) -> str:
        """The address of this release's copy. KeyError where a template names a file wrongly."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """A file, its 304, or NotFound."""
        asset = self._files.get(request.match_info["path"])
        if asset is None:
            raise NotFound
        kept = request.match_info["version"] == self.version
        headers = {
            "Cache-Control": f"public, max-age={YEAR_S}, immutable" if kept else "no-cache",
            "ETag": f'"{asset.etag}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if http.fresh(request, asset.etag):
            return web.Response(status=304, headers=headers)
        body = asset.body
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = asset.compressed
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body=body,
        compressed=gzip.compress(body, 9, mtime=0),
        content_type=CONTENT_TYPES[path.suffix],
        etag=hashlib.sha256(body).hexdigest()[:32],
    )
