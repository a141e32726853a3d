"""Versions: what an organizer changes must still be what they read."""

from __future__ import annotations

from engine.foundation.errors import PreconditionFailed


def expect(expected: str, version: int) -> None:
    """PreconditionFailed unless If-Match names this version.

    An ETag is the version, and where a document shows more than its own row, ``-`` and a digest of the whole.
    """
    if expected != "*" and expected.partition("-")[0] != str(version):
        raise PreconditionFailed(version=version)
