"""The words of the room's pages, in each language that we speak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from engine.foundation.world.languages import DEFAULT, LANGUAGES

FOLDER: Final = Path(__file__).parent / "words"


def _words(language: str) -> dict[str, str]:
    path = FOLDER / f"{language}.json"
    chosen = path if path.exists() else FOLDER / f"{DEFAULT}.json"
    words: dict[str, str] = json.loads(chosen.read_text(encoding="utf-8"))
    return words


WORDS: Final = {language: _words(language) for language in LANGUAGES}
