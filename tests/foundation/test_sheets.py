"""Tables for spreadsheets: nothing in them is run, and nothing else is changed."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from datetime import UTC, datetime

import pytest

from engine.foundation import sheets

# What a spreadsheet might begin a cell with, in any place where it might begin one.
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "⁺", "⁼", "−")
BEFORE = (
    "",
    " ",
    "\t",
    "\r",
    "\n",
    "\u200b",
    "\ufeff",
    "\u2060",
    "\u00a0",
    "\u3000",
    '"',
    "\u202e",
    "\ufe0f",
    " \u200d\t",
)
PARTED = ("", ";", ",", "\t", "x;", "x,", "x\t", "x\r\n", "Ada|", "x；", ";;")


def read(raw: bytes, delimiter: str = ",") -> list[list[str]]:
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("sign", SIGNS)
def test_no_cell_is_run_wherever_a_spreadsheet_parts_the_line(sign):
    for parted in PARTED:
        for before in BEFORE:
            cell = sheets.defused(f"{parted}{before}{sign}1+1")
            assert cell.startswith("'"), (parted, before)
            for part in re.split(r"[,;|\t\r\n，；｜]", cell):
                seen = "".join(c for c in part if unicodedata.category(c) not in {"Cf", "Mn"}).strip().strip('" ')
                assert not unicodedata.normalize("NFKC", seen).startswith(("=", "+", "-", "@")), (parted, before)


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace", "O'Brien", "Müller-Lüdenscheidt", "a=b", "1+1", "ada@example.org", "C++", "Smith, John",
        "Tom; Ada", 'the "Duke"', "王小明", "👩‍👩‍👧", "نور‌الدین", "x - y", "", "'quoted'", "4:30", "a|b", "Zoë\nAda",
    ],
)  # fmt: skip
def test_every_other_text_is_read_back_as_it_was(text):
    raw = sheets.begun(["name", "other"]) + sheets.rows([[text, 7], [None, datetime(2027, 1, 2, 3, tzinfo=UTC)]])
    assert read(raw) == [["name", "other"], [text, "7"], ["", "2027-01-02T03:00:00.000Z"]]


def test_numbers_below_zero_stay_numbers():
    assert sheets.rows([[-1, -0.5]]) == b"-1,-0.5\r\n"
