"""Keeps the catalogues: reads every sentence out of code, templates and scripts into each language's file.

``python -m tests.words`` (``make words``). What is translated stays; what is new stands there empty, for somebody who
speaks the language; what nobody says any more goes. Nothing is guessed: an empty translation shows English.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from babel.util import distinct

from engine.foundation.speech.catalogues import FOLDER
from engine.foundation.world.languages import DEFAULT, LANGUAGES, TABLE

ROOT = Path(__file__).parents[1]
KEYWORDS = {
    ".py": {"say": None, "later": None, "say_many": (1, 2)},
    ".js": {"phrase": None, "phrases": (1, 2)},
    ".html": {"_": None, "gettext": None, "ngettext": (1, 2)},
}
KEYWORDS[".jinja"] = KEYWORDS[".html"]
OPTIONS = {
    "jinja2": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"},
    "javascript": {"parse_template_string": "true"},
}
METHODS = {".py": "python", ".js": "javascript", ".html": "jinja2", ".jinja": "jinja2"}
# What people who buy read, by the file that its words are kept in; a path ends a tree if it names a folder.
DOMAINS = {
    "pages": (
        "engine/pages",
        "engine/domain/catalogue/complaints.py",
        "engine/domain/errors.py",
        "engine/domain/money/asked_refunds.py",
        "engine/domain/money/refund_requests.py",
        "engine/domain/money/answers.py",
        "engine/domain/money/buyers.py",
        "engine/domain/money/corrections.py",
        "engine/domain/tickets",
        "engine/foundation/errors.py",
        "engine/foundation/speech",
    ),
    "mails": ("engine/domain/sale/places.py", "engine/services/messages", "engine/services/tickets"),
    "gate": ("engine/pages/gates", "engine/pages/static/gate", "engine/pages/templates/gate"),
}
LEFT_OUT = (
    "engine/pages/static/vendor",
    "engine/pages/static/docs",
    "engine/pages/templates/docs",
    "engine/pages/templates/styleguide",  # for those who make pages
)
WIDTH = 120


@dataclass(frozen=True)
class File:
    """One language's words of one domain."""

    tag: str
    domain: str

    @property
    def path(self) -> Path:
        return FOLDER / self.tag / "LC_MESSAGES" / f"{self.domain}.po"

    def read(self) -> Catalog:
        if not self.path.exists():
            return Catalog(locale=TABLE[self.tag].locale, domain=self.domain)
        with self.path.open("rb") as file:
            return read_po(file, locale=TABLE[self.tag].locale, domain=self.domain)

    def updated(self) -> Catalog:
        """With every sentence that is said now, and no other."""
        catalogue = self.read()
        catalogue.update(said(self.domain), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        return catalogue

    def text(self, catalogue: Catalog) -> bytes:
        """The file of these words."""
        out = io.BytesIO()
        write_po(out, catalogue, width=WIDTH, omit_header=True, sort_by_file=True, include_lineno=False)
        head = (
            f"# {TABLE[self.tag].name}: in the order of the files that say it. `make words` keeps this file.\n"
            'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
            f'"Language: {self.tag}\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
        )
        return head.encode() + out.getvalue()


FILES = [File(tag, domain) for tag in LANGUAGES if tag != DEFAULT for domain in DOMAINS]


@cache
def said(domain: str) -> Catalog:
    """Every sentence of a domain, with the files that say it."""
    template = Catalog(domain=domain, fuzzy=False)
    for path in _sources(domain):
        name, method = path.relative_to(ROOT).as_posix(), METHODS[path.suffix]
        with path.open("rb") as file:
            for line, message, _, context in extract(
                method, file, KEYWORDS[path.suffix], options=OPTIONS.get(method, {})
            ):
                template.add(message, None, [(name, line)], context=context)
    for message in template:
        message.locations = list(distinct((name, 0) for name, _ in message.locations))
    return template


def _sources(domain: str) -> Iterator[Path]:
    for place in DOMAINS[domain]:
        elsewhere = [*LEFT_OUT, *_parts_of(domain, place)]
        found = [ROOT / place] if (ROOT / place).is_file() else sorted((ROOT / place).rglob("*"))
        for path in found:
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in METHODS and not any(name.startswith(f"{each}/") for each in elsewhere):
                yield path


def _parts_of(domain: str, place: str) -> list[str]:
    """The parts of a tree that another domain keeps."""
    others = [each for name, places in DOMAINS.items() if name != domain for each in places]
    return [each for each in others if each.startswith(f"{place}/")]


def main() -> None:
    """Bring every file up to date and say what is to be translated."""
    for file in FILES:
        catalogue = file.updated()
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_bytes(file.text(catalogue))
        empty = [message for message in catalogue if message.id and not any(_forms(message.string))]
        print(f"{file.path.relative_to(ROOT)}: {len(catalogue)} sentences, {len(empty)} without a translation")


def _forms(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return string if isinstance(string, tuple) else (string,)


if __name__ == "__main__":
    main()
