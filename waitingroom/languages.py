"""The words of the room's pages, in each language that we speak, and the ways from one to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from aiohttp import web

from engine.foundation import asked_language
from engine.foundation.cookies import CookieRules
from engine.foundation.settings import SharedSettings
from engine.foundation.world.languages import LANGUAGES, TABLE, Language

WORDS: Final[dict[str, dict[str, str]]] = {
    language: json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}


def words_of(request: web.Request) -> dict[str, str]:
    """Those in which this request is answered."""
    return WORDS[asked_language.language(request)]


def direction_of(request: web.Request) -> str:
    """In which they are written: ``ltr`` or ``rtl``."""
    return TABLE[asked_language.language(request)].direction


def tongues_of(request: web.Request) -> list[tuple[Language, str]]:
    """Every language with this page's address in it; none for the answer to a form, which has no address."""
    if request.method != "GET":
        return []
    return [
        (each, request.rel_url.update_query({asked_language.FIELD: each.tag}).raw_path_qs) for each in TABLE.values()
    ]


def keep(request: web.Request, response: web.StreamResponse, settings: SharedSettings) -> None:
    """Have the browser keep the language that the address names, if it does."""
    named = asked_language.named(request)
    if named is not None:
        rules = CookieRules.of(settings, settings.waitingroom_url)
        response.headers.add("Set-Cookie", asked_language.cookie_line(rules, named))
