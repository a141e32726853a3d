"""Lua scripts: one file an operation, named ``noun_verb.lua``, called by the SHA-1 of their content.

``-- include: name`` lines are replaced by ``lib/name.lua``. Content addressing lets old and new workers live side by
side; the script cache is neither persisted nor replicated, so NOSCRIPT is met by sending the text once more.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_INCLUDE = re.compile(r"^-- include: (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the address Redis knows it by."""

    name: str
    text: bytes
    sha: bytes


def load(path: Path) -> Script:
    """Read a script and its includes (one level)."""
    source = path.read_text(encoding="utf-8")
    text = _INCLUDE.sub(lambda m: (path.parent / "lib" / f"{m.group(1)}.lua").read_text(encoding="utf-8"), source)
    raw = text.encode()
    return Script(path.stem, raw, hashlib.sha1(raw, usedforsecurity=False).hexdigest().encode())


def load_folder(folder: Path) -> dict[str, Script]:
    """Every script of a folder by name."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.lua"))}
