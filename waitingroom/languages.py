"""The words of the room's pages, in each language that we speak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from engine.foundation.world.languages import LANGUAGES

WORDS: Final[dict[str, dict[str, str]]] = {
    language: json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
