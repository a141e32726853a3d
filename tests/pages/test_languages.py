"""Pages in a language in which every sentence stands in brackets: what stands outside of them was not translated."""

from __future__ import annotations

import re
from gettext import NullTranslations
from html.parser import HTMLParser

import pytest

from engine.foundation.speech import catalogues
from engine.foundation.world.languages import LANGUAGES, TABLE
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import ADA, held, send

FRENCH = {**HTML, "Accept-Language": "fr-CA,fr;q=0.9"}
# What is no sentence of ours: names, what the event calls things, what every language writes alike.
DATA = {"Night", "of", "Lanterns", "Stalls", "Standing", "Floor", "GST", "onsale", "RSS", "Secure", "Hall", "House"} | {
    word for language in TABLE.values() for word in language.name.split()
}
SILENT = {"script", "style", "time", "code"}
SPOKEN = {"aria-label", "placeholder", "title", "alt", "aria-roledescription"}
_WORD = re.compile(r"[^\W\d_]{3,}")


class Brackets(NullTranslations):
    """A language that puts each sentence into brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Text(HTMLParser):
    """What a reader sees or hears of a page, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag not in {"meta", "link", "input", "br", "img", "source", "hr"}:
            self.inside.append(tag)
        if tag == "meta" and given.get("name") == "description":
            self.pieces.append(given["content"] or "")
        self.pieces += [value for name, value in attributes if name in SPOKEN and value and tag != "link"]

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, text: str) -> None:
        if not SILENT & set(self.inside):
            self.pieces.append(text)


def bare(html: str) -> set[str]:
    """The words of a page outside of all brackets that are no data."""
    text = Text()
    text.feed(html)
    shown, depth = [], 0
    for piece in "\n".join(text.pieces):
        depth += {"⟦": 1, "⟧": -1}.get(piece, 0)
        shown.append(piece if depth == 0 else " ")
    assert depth == 0
    return {word for word in _WORD.findall("".join(shown)) if word not in DATA and not word.isupper()}


@pytest.fixture(autouse=True)
def _bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalogues.catalogue
    monkeypatch.setattr(catalogues, "catalogue", lambda tag: Brackets() if tag == "fr" else known(tag))


async def read(client: Client, path: str, status: int = 200) -> str:
    response = await client.get(path, headers=FRENCH)
    text = await response.text()
    assert response.status == status, text
    assert response.headers["Content-Language"] == "fr"
    return text


async def test_public_pages_say_nothing_outside_the_catalogue(engine: Client, night: Night) -> None:
    pages = {
        "/": 200,
        "/?q=nothingatall&price_max=20": 200,
        f"/e/{night.slug}": 200,
        f"/e/{night.slug}/shop": 200,
        "/my-tickets": 200,
        "/account/forgot": 200,
        "/account/verify?token=x": 200,
        "/account/reset?token=x": 200,
        "/nowhere": 404,
        "/order/ord_1": 401,
        "/checkout/hld_1": 403,
    }
    found = {path: bare(await read(engine, path, status)) for path, status in pages.items()}
    assert {path: words for path, words in found.items() if words - {"nothingatall"}} == {}


async def test_buying_says_nothing_outside_the_catalogue(engine: Client, night: Night) -> None:
    await engine.get("/?lang=fr", headers=HTML)  # from here on the browser carries it
    shop = f"/e/{night.slug}/shop"
    refused = await send(engine, shop, await read(engine, shop), {})
    assert bare(await refused.text()) == set()
    address = await held(engine, night, kind=1)
    checkout = await read(engine, address)
    assert bare(checkout) == set()
    faulty = await send(engine, address, checkout, {"name": "", "email": "x"})
    assert (faulty.status, bare(await faulty.text())) == (422, set())
    paid = await send(engine, address, checkout, ADA)
    assert bare(await read(engine, paid.headers["Location"])) <= {"Ada", "Lovelace", "ada", "example", "com", "Example"}


async def test_an_address_that_names_a_language_wins_and_is_kept(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}"
    for tag in LANGUAGES:
        response = await engine.get(f"{path}?lang={tag}", headers=FRENCH)
        html = await response.text()
        assert f'<html lang="{tag}"' in html
        assert ('dir="rtl">\n<head>' in html) == (tag == "ar")
        assert f"onsale_language={tag};" in response.headers["Set-Cookie"]
        assert response.headers["Vary"] == "Accept-Encoding"
        kept = await engine.get(path, headers=FRENCH)
        assert kept.headers["Content-Language"] == tag
        assert kept.headers["Vary"] == "Accept-Encoding, Accept-Language, Cookie"


async def test_what_stands_ready_stands_for_its_language_alone(engine: Client, night: Night) -> None:
    path = f"/e/{night.slug}"
    for language, tag in (("fr", "fr"), ("en", "en"), ("ar", "ar"), ("fr", "fr"), ("xx", "en")):
        response = await engine.get(path, headers={**HTML, "Accept-Language": language})
        assert f'<html lang="{tag}"' in await response.text()
    document = f"/v1/events/{night.id}"
    answers = [await engine.get(document, headers={"Accept-Language": tag}) for tag in ("en", "fr")]
    assert len({await answer.text() for answer in answers}) == 1


async def test_a_script_is_given_its_sentences_and_an_english_page_none(
    engine: Client, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    shop = f"/e/{night.slug}/shop"
    german = await (await engine.get(f"{shop}?lang=de", headers=HTML)).text()
    assert '<script type="application/json" id="words">' in german
    assert "Diesen Platz reservieren" in german
    assert "Es sind nicht genug Tickets übrig" in german
    assert 'id="words"' not in await (await engine.get(f"{shop}?lang=en", headers=HTML)).text()
