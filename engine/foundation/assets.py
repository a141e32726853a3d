"""Static files, read and compressed once at the start and served from memory.

``/static/<version>/<name>`` never changes and may be kept for a year: the version is a hash over every file, so that
modules importing each other and style sheets naming an icon stay in one release. ``/static/<name>`` is the same file
for callers that know no version, and another release's version leads to this one's file, so that a page outlives the
rollout it was loaded in; both are revalidated.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.foundation import http
from engine.foundation.errors import NotFound

ASSET_BYTES_MAX: Final = 1024 * 1024
COMPRESSED_AT_LEAST_BYTES: Final = 512
YEAR_S: Final = 31_536_000
VERSION_CHARS: Final = 12
ROUTE: Final = "/static/{path:.+}"

CONTENT_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain",
}
COMPRESSIBLE: Final = frozenset({".css", ".js", ".svg", ".json", ".webmanifest", ".txt"})
_A_VERSION: Final = re.compile(rf"v[0-9a-f]{{{VERSION_CHARS}}}\Z")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes as they are, compressed if that helps, and its ETag."""

    body: bytes
    compressed: bytes | None
    content_type: str
    etag: str


class Assets:
    """Files by the name that templates give them."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._files = {name: _asset(path) for name, path in sorted(paths.items())}
        digest = hashlib.sha256()
        for name, asset in self._files.items():
            digest.update(f"{name}={asset.etag};".encode())
        self.version = "v" + digest.hexdigest()[:VERSION_CHARS]

    def url(self, name: str) -> str:
        """The address of this release's copy of a file. KeyError if there is none: a template names it wrongly."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """A file, its 304, or NotFound; to be registered at ROUTE."""
        path = request.match_info["path"]
        version, _, rest = path.partition("/")
        asset = self._files.get(rest if _A_VERSION.match(version) else path)
        if asset is None:
            raise NotFound
        headers = {
            "Cache-Control": f"public, max-age={YEAR_S}, immutable" if version == self.version else "no-cache",
            "ETag": f'"{asset.etag}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if http.fresh(request, asset.etag):
            return web.Response(status=304, headers=headers)
        body = asset.body
        if asset.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            body = asset.compressed
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, content_type=asset.content_type, charset=_charset(asset), headers=headers)


def files_below(folder: Path) -> dict[str, Path]:
    """All files of a folder whose kind is known, by their path inside it."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in CONTENT_TYPES
    }


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    if len(body) > ASSET_BYTES_MAX:
        raise ValueError(f"{path.name} is larger than {ASSET_BYTES_MAX} bytes")
    worth_it = path.suffix in COMPRESSIBLE and len(body) >= COMPRESSED_AT_LEAST_BYTES
    return Asset(
        body=body,
        compressed=gzip.compress(body, 9, mtime=0) if worth_it else None,
        content_type=CONTENT_TYPES[path.suffix],
        etag=hashlib.sha256(body).hexdigest()[:32],
    )


def _charset(asset: Asset) -> str | None:
    return "utf-8" if asset.content_type.startswith("text/") else None
