"""The languages that we speak, and which of them somebody wants. Their words: engine/words, waitingroom/words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Language:
    """``tag`` is ISO 639-1, ``name`` the language's own name for itself, ``locale`` what CLDR calls its habits."""

    tag: str
    name: str
    locale: str
    direction: Literal["ltr", "rtl"] = "ltr"


TABLE: Final = {
    language.tag: language
    for language in (
        Language("en", "English", "en"),
        Language("fr", "Français", "fr"),
        Language("es", "Español", "es"),
        Language("de", "Deutsch", "de"),
        Language("pt", "Português", "pt"),
        Language("ar", "العربية", "ar", "rtl"),
    )
}
DEFAULT: Final = "en"
LANGUAGES: Final = tuple(TABLE)
HEADER_CHARS_MAX: Final = 500
HEADERS_KEPT_MAX: Final = 1024


def known(tag: str) -> str | None:
    """The language of a tag as browsers send it (BCP 47): ``fr-CA`` is ``fr``. None if it is none of ours."""
    language = tag.strip().lower().replace("_", "-").partition("-")[0]
    return language if language in TABLE else None


def choose(accept_language: str) -> str:
    """The best language that we speak of an Accept-Language header: highest weight first, its order among equals."""
    return _chosen(accept_language[:HEADER_CHARS_MAX])


@lru_cache(maxsize=HEADERS_KEPT_MAX)
def _chosen(accept_language: str) -> str:
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")):
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
