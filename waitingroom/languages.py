"""The page's languages, chosen by Accept-Language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

DEFAULT: Final = "en"
HEADER_CHARS_MAX: Final = 500
WORDS: Final[dict[str, dict[str, str]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "words").glob("*.json"))
}


def choose(accept_language: str) -> str:
    """The best language that we speak: highest weight first, the reader's order among equals."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language[:HEADER_CHARS_MAX].split(",")):
        tag, _, parameter = part.strip().partition(";")
        name, _, weight = parameter.strip().partition("=")
        try:
            quality = float(weight) if name == "q" else 1.0
        except ValueError:
            quality = 0.0
        language = tag.strip().lower().partition("-")[0]
        if quality > 0 and language in WORDS:
            wanted.append((-quality, place, language))
    return min(wanted)[2] if wanted else DEFAULT
