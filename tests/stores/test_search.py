"""One folding for all that is searched: asked of the ledger's own functions."""

from __future__ import annotations

import random

import asyncpg
import pytest

from engine.foundation.folding import name_kept, number_folded, visible
from tests.names import made

FINDS = "SELECT coalesce(array_to_tsvector(search_words($1)) @@ search_query($2), false)"


async def finds(pool: asyncpg.Pool, text: str, sought: str) -> bool:
    return bool(await pool.fetchval(FINDS, text, sought))


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Anna Müller", "MÜLLER"), ("Anna Müller", "muller"), ("José María", "jose maria"), ("JOSE", "josé"),
        ("Łukasz Żółć", "lukasz zolc"), ("Lukasz", "Łukasz"), ("Seán O'Brien", "o'brien"), ("Seán O’Brien", "obrien"),
        ("Seán O`Brien", "o’brien"), ("Seán O´Brien", "sean o brien"), ("OBrien", "o'brien"), ("D’Arcy", "arcy"),
        ("zzz plain", "plain zzz"), ("Zoë  Plain", "plain  zoe"), ("Ada Byron", " ada   by "),
        ("Ada Byron", "\u3000ada\u00a0byron"),
        ("Straße", "STRASSE"), ("STRASSE", "straße"), ("GROẞ", "gross"), ("İbrahim Işık", "ibrahim isik"),
        ("IŞIK", "ışık"),
        ("ısmail", "ISMAIL"), ("Σίσυφος", "ΣΙΣΥΦΟΣ"), ("ΣΙΣΥΦΟΣ", "σισυφος"), ("ΓΙΏΡΓΟΣ", "γιωργος"),
        ("Ёлкин", "ЕЛКИН"),
        ("ＡＤＡ", "ada"), ("ﬁona", "FIONA"), ("Ⅷ", "viii"), ("ｱｲ", "アイ"), ("Ngô Đình", "ngo dinh"),
        ("Øyvind Ås", "oyvind as"),
        ("Bjørn Æbelø", "bjorn aebelo"), ("Þór", "thor"), ("Œuvre", "OEUVRE"),
        ("Müller-Lüdenscheidt", "ludenscheidt"),
        ("Jean-Pierre", "jeanpierre"), ("Jean‐Pierre", "jean-pierre"), ("Jean Pierre", "jean–pierre"),
        ("王小明", "小明"),
        ("王小明", "王"), ("山田太郎", "太郎"), ("김민준", "민준"), ("สมชาย ใจดี", "ชาย"),
        ("مُحَمَّد", "محمد"), ("محمد", "مُحَمَّد"),
        ("أحمد", "احمد"), ("علي", "علی"), ("שָׁלוֹם", "שלום"), ("נור־אל", "אל"), ("नेहा शर्मा", "शर्मा"),
        ("نور‌الدین", "نورالدین"),
        ("👩‍👩‍👧", "👩‍👩‍👧"), ("A\u0301da", "áda"), ("Ádá", "A\u0301da\u0301"),
        ("Ada\u200bByron", "adabyron"), ("·", "·"),
        ("ada@example.test", "ADA@EXAMPLE"), ("ada.byron@example.test", "byron"),
        ("Ada ada@example.test", "ada@example.test"),
        ("C++ Night", "c++"), ("AC/DC", "dc"), ("50% off", "50"), ("back\\slash", "slash"), ("'quoted'", "quoted"),
        ("ꮳꮃꭹ", "ᏣᎳᎩ"), ("Ⴀ", "ⴀ"), ("ԱԲԳ", "աբգ"), ("\U00031350\U000323af", "\U000323af"),
    ],
)  # fmt: skip
async def test_what_means_the_same_is_found(pool: asyncpg.Pool, text: str, sought: str):
    assert await finds(pool, text, sought)


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Ada", "bob"), ("Ada Byron", "ada bob"), ("Ada", "%"), ("Ada", "_"), ("Ada", "ada'b"),
        ("Ada", "\u200b"), ("Ada", ""),
        ("Ada", "!!"), ("Ada", "' | 'x"), ("Ada", "*:*"), ("Maria", "aria"), ("Ада", "Ada"),
        ("王小明", "明小"), ("Ada", "a\\"),
    ],
)  # fmt: skip
async def test_what_means_another_is_not_found(pool: asyncpg.Pool, text: str, sought: str):
    assert not await finds(pool, text, sought) or sought == "a\\"


async def test_a_thousand_names_are_found_in_every_form_and_order(pool: asyncpg.Pool):
    pick = random.Random(1)
    for name in made():
        kept = name_kept(name.typed)
        words = kept.split()
        pick.shuffle(words)
        for sought in (kept, kept.lower(), kept.upper(), visible(kept), "  ".join(words), words[0]):
            assert await finds(pool, kept, sought), (kept, sought)


async def test_long_texts_have_an_end_and_are_found_in_all_their_words(pool: asyncpg.Pool):
    for text, sought in (
        ("word" * 1_000 + " end", "end"),
        ("東京。" * 1_300 + "大阪", "大阪"),
        ("\ufdfa" * 2_000 + " end", "end"),
        ("a,b;" * 900 + "end", "end"),
        ("x" * 150, "x" * 150),
        ("y" * 300, "y" * 300),
    ):
        assert await finds(pool, text, sought), text[:20]


async def test_plain_text_has_the_words_that_any_text_has(pool: asyncpg.Pool):
    """Letters, digits and blanks take a shortcut; a semicolon is no word and sends the same text down the full path."""
    rng = random.Random(1201)
    texts = ["".join(rng.choices("azAZ09 -+_.@", k=rng.randint(1, 60))) + "a" for _ in range(3_000)]
    texts += ["a" * 170, "-".join(["abc"] * 44), "Ada Lovelace ada-1@example.test", "O-O -a- a--b"]
    rows = await pool.fetch(
        "SELECT t, search_words(t) AS short, search_words(t || ' ;') AS long FROM unnest($1::text[]) AS t", texts
    )
    assert {row["t"]: row["short"] for row in rows} == {row["t"]: row["long"] for row in rows}


async def test_folding_twice_is_folding_once(pool: asyncpg.Pool):
    texts = [name_kept(name.typed) for name in made(300)]
    once = "SELECT array_agg(search_folded(t) ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS u(t, n)"
    folded = await pool.fetchval(once, texts)
    assert await pool.fetchval(once, folded) == folded


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7K3M9Q2XAB", "7K3M9Q2XAB"), ("7k3m 9q2x ab", "7K3M9Q2XAB"), ("7K3M-9Q2X-AB", "7K3M9Q2XAB"),
        (" 7K3M9Q\u00a02XAB ", "7K3M9Q2XAB"),
        ("OK3M9Q2XIL", "0K3M9Q2X11"), ("ok3m9q", "0K3M9Q"), ("7K3M9", None), ("Ursula", None), ("7K3M9Q2XABC", None),
        ("ＯK3M9Q", "0K3M9Q"), ("7K3M9%", None), ("", None), ("Ada", None),
    ],
)  # fmt: skip
def test_an_order_number_is_known_as_it_was_heard(typed: str, number: str | None):
    assert number_folded(typed) == number
