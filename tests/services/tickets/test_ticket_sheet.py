"""Tickets on paper: every name is printed and read back, nothing is cut off or printed over, the code is read."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pypdfium2
import pytest

from engine.domain.accounts.accents import palette
from engine.domain.tickets.tickets import TicketPage
from engine.foundation.folding import name_kept
from engine.services.tickets import press, ticket_sheet
from engine.services.tickets.press import Printer
from tests import names
from tests.papers import Read, folded, read, title

CODE = "AQEAAAB4dGlja2V0LWNvZGUtZXhhbXBsZS1vZi01NC1jaGFycw0123"
NOW = datetime(2027, 1, 20, 20, 0, tzinfo=UTC)
TICKET = TicketPage(
    id="tkt_1", event_id="evt_1", order_id="ord_1", order_number="7KQ4-2MPX", unit=3, version=1, status="valid",
    ticket_type_id="tt_1", ticket_type_name="Adult", section="Balcony", seat="Balcony/F/12", holder_name="Ada Lovelace",
    holder_email="ada@example.test", checked_in_at=None, checked_in_gate=None, created_at=NOW, price_cents=1000,
    currency="CAD", user_id=None, paid_at=NOW, organization_id="org_1", organization_name="Night Songs Society",
    event_title="Night of Songs", starts_at=NOW, ends_at=NOW + timedelta(hours=3), timezone="America/Vancouver",
    venue_name="Orpheum", venue_address="601 Smithe Street", venue_city="Vancouver", code_not_before_s=0,
    code_expires_s=2_000_000_000, link_generation=0,
)  # fmt: skip

NAMES = {
    "arabic": "محمد بن سلمان آل سعود",
    "persian, with a joiner": "علی‌رضا می‌خواهم",
    "hebrew": "יוסף בן־דוד",
    "thai": "สมชาย วงศ์สุวรรณ",
    "devanagari": "राजेश श्रीवास्तव क्षत्रिय",
    "bengali": "আব্দুল্লাহ আল মামুন",
    "tamil": "தமிழ்ச்செல்வி கிருஷ்ணன்",
    "telugu": "వెంకటేశ్వర్లు",
    "kannada": "ಕನ್ನಡ ಹೆಸರು",
    "malayalam": "ഇന്ത്യ മലയാളം",
    "gujarati": "ગુજરાતી નામ",
    "gurmukhi": "ਪੰਜਾਬੀ ਨਾਮ",
    "sinhala": "සිංහල නම",
    "khmer": "ភ្នំពេញ ខ្មែរ",
    "lao": "ຊື່ລາວ",
    "myanmar": "မြန်မာ နာမည်",
    "georgian": "ქართული სახელი",
    "armenian": "Հայերեն անուն",
    "ethiopic": "አማርኛ ስም",
    "chinese": "王小明 髙橋 﨑",
    "chinese, beyond the first plane": "𠮷野家 𡈽",
    "japanese": "山田 太郎 ヤマダ",
    "korean": "김민준 한글",
    "latin, greek and cyrillic": "Żółć Łukasz Ναυσικά Иван Đặng Thị Ầu",
    "accents that are put on one by one": "e\u0301 o\u0308 n\u0303 Ä́ z\u0338",
    "ligatures": "fi ffi fl office fluffy",
    "emoji": "Zoë 🎉 👩‍👩‍👧 🇨🇦 👍🏽 O’Brien",
    "marks in a heap": "Z̸͉͑ä́̂l̷g̸o̶",
    "two directions": "Ada שלום Bob",
}  # fmt: skip


async def printed(*tickets: TicketPage) -> bytes:
    printer = Printer()
    return await printer.printed(printer.document(ticket_sheet.sheet([(ticket, CODE) for ticket in tickets])))


async def pages(*tickets: TicketPage) -> list[Read]:
    return read(await printed(*tickets))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_name_in_any_script_is_read_back_as_it_was_typed(name):
    [page] = await pages(dataclasses.replace(TICKET, holder_name=name))
    assert page.says(name)


@pytest.mark.parametrize("field", ["organization_name", "event_title", "ticket_type_name", "venue_name", "section"])
@pytest.mark.parametrize("name", [NAMES["arabic"], NAMES["bengali"], NAMES["chinese"], NAMES["emoji"]])
async def test_every_field_is_printed_in_any_script(field, name):
    [page] = await pages(dataclasses.replace(TICKET, seat=None, **{field: name}))
    assert page.says(name)


@pytest.mark.parametrize("venue", [NAMES["arabic"], NAMES["hebrew"], "Opera דוד"])
async def test_a_street_beside_a_name_that_is_read_from_the_right_has_its_number_in_front(venue):
    pdf = await printed(dataclasses.replace(TICKET, venue_name=venue))
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage()

    def left(word: str) -> float:
        index, _ = text.search(word).get_next()
        return float(text.get_charbox(index)[0])

    assert left("601") < left("Smithe") < left("Street")


def filled(text: str, count: int) -> str:
    return (text * (count // len(text) + 1))[:count].strip()


LONG = {
    "words": "Ada Augusta King Countess of Lovelace ",
    "one word": "W",
    "arabic": NAMES["arabic"] + " ",
    "hebrew": NAMES["hebrew"] + " ",
    "thai without a blank": "ราชมังคลากีฬาสถาน",
    "devanagari": NAMES["devanagari"] + " ",
    "chinese": "漢字仮名交じり文",
    "emoji": "👩‍👩‍👧🎉",
    "a heap of marks": "Z̸͉͑ä́̂l̷",
    "slashes": "Balcony/Left/",
}


SHAPED = {LONG["arabic"], LONG["hebrew"], LONG["emoji"]}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
async def test_the_longest_texts_are_printed_in_full_side_by_side_and_on_the_page(text):
    """Every field at its limit, at once."""
    name, line, short = filled(text, 200), filled(text, 400), filled(text, 64)
    longest = dataclasses.replace(
        TICKET, organization_name=name, event_title=name, venue_name=name, venue_address=line, venue_city=short,
        seat=f"{short}/{short}/{short}", ticket_type_name=name, holder_name=name,
    )  # fmt: skip
    sheets = await pages(longest)
    assert [code for page in sheets for code in page.codes] == [CODE]
    said = "".join(folded(page.text) for page in sheets)
    for whole in (name, line, short):
        assert folded(whole) in said
    for page in sheets:
        assert page.outside() == []
        assert page.crossing_lines() == []
        assert text in SHAPED or page.overlaps() == []


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_lines_of_any_script_keep_apart(name):
    [page] = await pages(dataclasses.replace(TICKET, event_title=filled(name + " ", 150), holder_name=name))
    assert page.outside() == []
    assert page.crossing_lines() == []


async def test_a_gate_reads_the_printed_code_of_every_page():
    printer = Printer()
    codes = [f"{CODE[:-3]}{number:03}" for number in range(6)]
    document = printer.document(ticket_sheet.sheet([(TICKET, code) for code in codes]))
    assert [page.codes for page in read(await printer.printed(document))] == [[code] for code in codes]


async def test_the_code_is_read_from_a_small_grey_copy_of_the_page():
    [page] = read(await printed(TICKET), scale=1.0)
    assert page.codes == [CODE]


async def test_a_sheet_is_printed_once_and_gives_the_same_bytes_in_every_process():
    first, second = Printer(), Printer()
    document = first.document(ticket_sheet.sheet([(TICKET, CODE)]))
    printed_once = await first.printed(document)
    assert await first.printed(document) is printed_once
    assert await second.printed(second.document(ticket_sheet.sheet([(TICKET, CODE)]))) == printed_once
    newer = dataclasses.replace(TICKET, version=2, holder_name="Grace")
    assert first.document(ticket_sheet.sheet([(newer, CODE)])).mark != document.mark


async def test_what_was_printed_ahead_is_the_same_document_and_is_not_drawn_again():
    ahead, alone = Printer(), Printer()
    documents = [ahead.document(ticket_sheet.sheet([(TICKET, f"{CODE}{number}")])) for number in range(3)]
    await ahead.print_ahead([*documents, documents[0]])
    kept = [ahead._kept[document.mark] for document in documents]
    assert [await ahead.printed(document) for document in documents] == kept
    assert kept == [await alone.printed(document) for document in documents]
    await ahead.print_ahead(documents)
    assert [ahead._kept[document.mark] is pdf for document, pdf in zip(documents, kept, strict=True)] == [True] * 3


async def test_a_printer_forgets_the_oldest_documents(monkeypatch):
    printer = Printer()
    documents = [printer.document(ticket_sheet.sheet([(TICKET, f"{CODE}{number}")])) for number in range(4)]
    printed_once = [await printer.printed(document) for document in documents[:2]]
    monkeypatch.setattr(press, "KEPT_BYTES_MAX", sum(map(len, printed_once)))
    for document in documents[2:]:
        await printer.printed(document)
    assert await printer.printed(documents[3]) is not None
    assert documents[0].mark not in printer._kept
    assert sum(map(len, printer._kept.values())) == printer._kept_bytes <= press.KEPT_BYTES_MAX


async def test_the_document_says_its_language_its_title_and_what_its_parts_are():
    pdf = await printed(TICKET)
    for told in (
        b"/Lang(en)",
        b"/MarkInfo<</Marked true",
        b"/S/H1",
        b"/S/Figure",
        b"/Alt(Ticket code for",
        b"/S/LBody",
    ):
        assert told in pdf, told
    assert title(pdf) == "Night of Songs: ticket 7KQ4-2MPX"


@pytest.mark.parametrize("when", ["2026-11-30, 20:00", "30 November 2026, 20:00", "7", "#12 - 14 (15)"])
async def test_numbers_and_words_of_a_page_are_set_in_one_family(when):
    pdf = await printed(dataclasses.replace(TICKET, event_title=when, organization_name=when))
    assert {name.partition(b"-")[0] for name in re.findall(rb"/BaseFont/[A-Z]{6}\+([A-Za-z-]+)", pdf)} == {b"NotoSans"}


async def test_a_line_is_one_part_of_the_document_however_many_words_it_has():
    one, many = [
        await printed(dataclasses.replace(TICKET, event_title=title)) for title in ("Songs", "Songs at night on a hill")
    ]
    assert many.count(b"/StructElem") == one.count(b"/StructElem")
    assert re.search(rb"/S/H1/P \d+ 0 R/K\[\d+\]", many)


async def test_a_thousand_made_names_are_read_back_from_their_pages():
    made = [name_kept(name.typed) for name in names.made(1_000)]
    kept = [name for name in made if name]
    assert len(kept) > 900
    lost = []
    for start in range(0, len(kept), 250):
        some = kept[start : start + 250]
        tickets = [dataclasses.replace(TICKET, holder_name=name) for name in some]
        lost += [name for name, page in zip(some, await pages(*tickets), strict=True) if not found(name, page)]
    # A letter that no face has borrows a glyph to be read by; in a book of 250 names these run short, on a ticket not.
    alone = [(name, await pages(dataclasses.replace(TICKET, holder_name=name))) for name in lost]
    assert len(lost) < 10
    assert [name for name, [page] in alone if not found(name, page)] == []


def found(name: str, page: Read) -> bool:
    """Readers turn round what is written from the right, each with its own idea of quotes and of marks at an end."""
    if any(unicodedata.bidirectional(char) in {"R", "AL"} for char in name):
        return letters(name) in letters(page.text)
    return page.says(name)


def letters(text: str) -> str:
    return "".join(char for char in folded(text) if unicodedata.category(char).startswith("L"))


def test_a_ticket_has_the_colour_of_its_organization():
    coloured = dataclasses.replace(TICKET, organization_accent="#d6336c")
    bands = [page.band.accent for page in ticket_sheet.sheet([(coloured, CODE), (TICKET, CODE)]).pages]
    assert bands == [palette("#d6336c").on_dark, ticket_sheet.HOUSE.accent]
