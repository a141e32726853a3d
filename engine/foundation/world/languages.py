"""Languages that we speak: ISO 639-1 codes. A page has its words for each of them (waitingroom/words)."""

from __future__ import annotations

from typing import Final

DEFAULT: Final = "en"
LANGUAGES: Final = ("en", "es", "fr")


def known(tag: str) -> str | None:
    """The language of a tag as browsers send it (BCP 47): ``fr-CA`` is ``fr``. None if it is none of ours."""
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else None
