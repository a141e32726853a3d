"""Languages that we speak: ISO 639-1 codes. A page has its words for each of them (waitingroom/words)."""

from __future__ import annotations

from typing import Final

DEFAULT: Final = "en"
LANGUAGES: Final = ("en", "es", "fr")
HEADER_CHARS_MAX: Final = 500


def known(tag: str) -> str | None:
    """The language of a tag as browsers send it (BCP 47): ``fr-CA`` is ``fr``. None if it is none of ours."""
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else None


def choose(accept_language: str) -> str:
    """The best language that we speak of an Accept-Language header: highest weight first, its order among equals."""
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
