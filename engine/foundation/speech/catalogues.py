"""The catalogues of engine/words, read once a process: gettext's .po files, as translators keep them.

Nothing is compiled beforehand: a language is read when it is first spoken, or by ``warm`` at the start, in some 50 ms.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from engine.foundation.world.languages import DEFAULT, LANGUAGES, TABLE

FOLDER: Final = Path(__file__).parent.parent.parent / "words"
# Which form is which in the files, by CLDR's names of plural categories; what a language has beyond these has its last.
PLURALS: Final = {"ar": ("zero", "one", "two", "few", "other", "many")}
TWO_FORMS: Final = ("one", "other")


class ScriptWords(msgspec.Struct, frozen=True):
    """What scripts say: by the English text its translation, or its plural forms in the order of ``forms``."""

    forms: tuple[str, ...]
    said: dict[str, str | tuple[str, ...]]


@cache
def catalogue(tag: str) -> gettext.NullTranslations:
    """The words of a language; of English, which is what the sentences are written in, none."""
    if tag == DEFAULT:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _written(tag))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def of_scripts(tag: str, *beginnings: str) -> ScriptWords:
    """The words of those scripts whose paths in the tree begin so."""
    found: dict[str, str | tuple[str, ...]] = {}
    for message in _written(tag):
        if not message.id or not any(path.startswith(beginnings) for path, _ in message.locations):
            continue
        if isinstance(message.string, tuple):
            found[message.id[0]] = message.string
        else:
            found[str(message.id)] = str(message.string)
    return ScriptWords(PLURALS.get(tag, TWO_FORMS), found)


def warm() -> None:
    """Read them all: no visitor waits for the first reading of a language."""
    for tag in LANGUAGES:
        catalogue(tag)


@cache
def _written(tag: str) -> Catalog:
    """All files of a language as one catalogue; what is not translated is left out."""
    together = Catalog(locale=TABLE[tag].locale)
    for path in sorted((FOLDER / tag).rglob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=TABLE[tag].locale):
                translated = all(message.string) if isinstance(message.string, tuple) else bool(message.string)
                if message.id and translated and not message.fuzzy:
                    together.add(message.id, message.string, locations=message.locations)
    return together
