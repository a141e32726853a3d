"""The page's static files, read once at the start; their address carries their version: kept for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.foundation.errors import NotFound

FOLDER: Final = Path(__file__).parent / "static"
YEAR_S: Final = 31_536_000
CONTENT_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Assets:
    """One version over all files: modules that import each other stay in one release."""

    def __init__(self) -> None:
        self._files = {
            path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in CONTENT_TYPES
        }
        digest = hashlib.sha256()
        for name, body in self._files.items():
            digest.update(b"%s=%d;%s" % (name.encode(), len(body), body))
        self._version = "v" + digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """KeyError where a template names a file that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self._version}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """A file of this release. NotFound for any other."""
        body = self._files.get(request.match_info["name"])
        if body is None:
            raise NotFound
        kept = request.match_info["version"] == self._version
        return web.Response(
            body=body,
            content_type=CONTENT_TYPES[Path(request.match_info["name"]).suffix],
            charset="utf-8",
            headers={
                "Cache-Control": f"public, max-age={YEAR_S}, immutable" if kept else "no-cache",
                "X-Content-Type-Options": "nosniff",
            },
        )
