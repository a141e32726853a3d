"""The paths of the requirement documents, as one rule: ``/v1/x`` is the same under each of their prefixes."""

from __future__ import annotations

PREFIXES = ("/api/v1", "/api/tickets", "/api")


def aliases(path: str, *more: str) -> tuple[str, ...]:
    """The other addresses of a canonical path, and those of further paths that mean the same."""
    assert path.startswith("/v1/"), path
    inner = (path.removeprefix("/v1"), *(other.removeprefix("/v1") for other in more))
    own = tuple(other for other in more if other.startswith("/v1/"))
    return (*own, *(prefix + rest for rest in inner for prefix in PREFIXES))
