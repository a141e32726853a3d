"""Short names for addresses."""

from __future__ import annotations

import re
import unicodedata

SLUG_CHARS_MAX = 80


def slug_of(title: str) -> str:
    """A short name for addresses: lower-case ASCII words joined by hyphens; ``event`` if none is left."""
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_text))[:SLUG_CHARS_MAX].strip("-") or "event"
