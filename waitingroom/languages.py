"""The page's languages, chosen by Accept-Language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from engine.foundation.world.languages import DEFAULT, LANGUAGES, known

HEADER_CHARS_MAX: Final = 500
WORDS: Final[dict[str, dict[str, str]]] = {
    language: json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
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
        language = known(tag)
        if quality > 0 and language is not None:
            wanted.append((-quality, place, language))
    return min(wanted)[2] if wanted else DEFAULT
