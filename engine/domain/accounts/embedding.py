"""The sites that may show an organization's events inside of their own pages: origins, ``scheme://host[:port]``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta

from engine.domain.fields import Faults, fault
from engine.foundation.errors import Invalid

ORIGINS_MAX: Final = 20
ORIGIN_CHARS_MAX: Final = 300
Origins = Annotated[list[Annotated[str, Meta(max_length=ORIGIN_CHARS_MAX)]], Meta(max_length=ORIGINS_MAX)]

PORT_MAX: Final = 65_535
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# At least two labels, the last of which is no number: a public name, and no address.
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}\Z")
_OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1"})
NO_ORIGIN: Final = "Write the site's address as https://www.example.com, without anything behind the name"
NOT_HERE: Final = "Only public https sites may be named here"


def checked(given: Sequence[str], *, own_machine: bool) -> list[str]:
    """The origins as they are kept, each once. ``own_machine``: sites on this machine may be named, over http too.

    Invalid, with every one that is none.
    """
    kept: dict[str, None] = {}
    faults: Faults = []
    for index, text in enumerate(given):
        origin = _origin(text.strip())
        if origin is None:
            faults.append(fault(f"/embed_origins/{index}", "invalid_origin", NO_ORIGIN))
        elif not (own_machine if _is_own(origin) else origin.startswith("https://")):
            faults.append(fault(f"/embed_origins/{index}", "invalid_origin", NOT_HERE))
        else:
            kept[origin] = None
    if faults:
        raise Invalid(faults[0]["message"], errors=faults)
    return list(kept)


def _origin(text: str) -> str | None:
    """In its one spelling, None if it is none: nothing of it can end a header's word or stand for several hosts."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or parts.path not in {"", "/"} or "@" in parts.netloc:
        return None
    if parts.query or parts.fragment or "?" in text or "#" in text or port == 0:
        return None
    if host not in _OWN_MACHINE and not _HOST.match(host):
        return None
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, usual} else "")


def _is_own(origin: str) -> bool:
    return (urlsplit(origin).hostname or "") in _OWN_MACHINE
