"""Names as people type them, and as people attack with them: made from a seed, the same each time.

``made(1000)`` gives names of every kind in turn. ``typed`` is what goes into the form; what is kept of it,
``engine.foundation.folding.name_kept`` says. ``script`` is the writing it is mostly in, for tests that print.
"""

from __future__ import annotations

import random
import unicodedata
from typing import NamedTuple

SEED = 20261130
NAME_CHARS_MAX = 120  # well below what a name may have, so that no test is about that

# Letters that stand alone, by script: ranges of Unicode, from which only letters are taken.
RANGES = {
    "Latin": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF)),
    "Greek": ((0x391, 0x3C9), (0x1F00, 0x1FFC)),
    "Cyrillic": ((0x410, 0x44F), (0x400, 0x45F), (0x490, 0x4FF)),
    "Armenian": ((0x531, 0x556), (0x561, 0x586)),
    "Georgian": ((0x10D0, 0x10F0),),
    "Hebrew": ((0x5D0, 0x5EA),),
    "Arabic": ((0x621, 0x64A), (0x671, 0x6D3)),
    "Devanagari": ((0x904, 0x939),),
    "Bengali": ((0x985, 0x9B9),),
    "Gurmukhi": ((0xA05, 0xA39),),
    "Gujarati": ((0xA85, 0xAB9),),
    "Tamil": ((0xB85, 0xBB9),),
    "Telugu": ((0xC05, 0xC39),),
    "Kannada": ((0xC85, 0xCB9),),
    "Malayalam": ((0xD05, 0xD39),),
    "Sinhala": ((0xD85, 0xDC6),),
    "Thai": ((0xE01, 0xE2E),),
    "Lao": ((0xE81, 0xEAE),),
    "Khmer": ((0x1780, 0x17A2),),
    "Myanmar": ((0x1000, 0x102A),),
    "Ethiopic": ((0x1200, 0x1248),),
    "Cherokee": ((0x13A0, 0x13F4),),
    "Hangul": ((0xAC00, 0xD7A3),),
    "Hiragana": ((0x3041, 0x3096),),
    "Katakana": ((0x30A1, 0x30FA),),
    "Han": ((0x4E00, 0x9FFF),),
    "Han of Unicode 3": ((0x20000, 0x2A6DF),),
    "Han of Unicode 13": ((0x30000, 0x3134A),),
    "Han of Unicode 15": ((0x31350, 0x323AF), (0x2EBF0, 0x2EE5D)),
}
MARKS = {
    "Latin": "\u0300\u0301\u0302\u0303\u0308\u0327\u0328",
    "Greek": "\u0301\u0308",
    "Cyrillic": "\u0301\u0306\u0308",
    "Hebrew": "\u05b0\u05b4\u05b7\u05bc\u05c1",
    "Arabic": "\u064b\u064e\u064f\u0650\u0651\u0652",
    "Devanagari": "\u093e\u093f\u0940\u0947\u094d",
    "Bengali": "\u09be\u09bf\u09cd",
    "Tamil": "\u0bbe\u0bbf\u0bcd",
    "Malayalam": "\u0d3e\u0d3f\u0d4d",
    "Sinhala": "\u0dcf\u0dca",
    "Thai": "\u0e31\u0e34\u0e38\u0e48\u0e49",
}
JOINED = {
    "Arabic": "\u200c",
    "Devanagari": "\u200d\u200c",
    "Malayalam": "\u200d",
    "Sinhala": "\u200d",
    "Bengali": "\u200c",
}
DIRECTIONS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSEEN = "\u200b\u2060\ufeff\u00ad\u180e\u3164"
EMOJI = (
    "👩‍👩‍👧", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇺🇦", "👋🏽", "☕", "🧑‍🚀", "✨", "🦊", "1️⃣",
)  # fmt: skip
FAMOUS = (
    "O'Brien", "O’Brien", "Øyvind Ås", "José María",
    "Łukasz Żółć", "Müller-Lüdenscheidt", "Weiß", "İbrahim Işık",
    "Σίσυφος", "Ngô Đình Đức",
    "Nguyễn Thị Ánh", "D’Arcy, Lady Anne", 'Dwayne "The Rock" Johnson', "Smith; Jones",
    "Ada =?utf-8?q?=2C?= Ada", "=?utf-8?b?QWRh?=",
    "a@b.test, Ada", "Ada <eve@evil.test>", "Ada (the first)",
    "X Æ A-12", "=1+1", "＝1+1", "@SUM(A1)",
    "-2+3", ";=1", "+49 Ada", "Mary, " * 14, "Jr., Robert" * 8, "ｆｕｌｌ　ｗｉｄｔｈ",
    "山田　太郎", "김 민준", "नेहा शर्मा", "เอก ชัย", "محمد علی",
    "نور‌الدین", "יוסף בן־דוד", "ﬁona", "Ⅷ Henry", "Zoë", "Zoe\u0308",
    "𠮷野家", "葛󠄀城", "\\back\\slash", "percent%20_name",
    "100% Ada", "'; DROP TABLE tickets;--", "null", "NaN", "Ada\u00a0Byron",
    "line\u2028two", "tab\tbed", "  two   blanks  ", "Ada\u200b Byron",
    "\u202eevil", "\u2067ada\u2069", "·", "Ω", "王",
)  # fmt: skip


class Made(NamedTuple):
    """``script``: the writing it is mostly in."""

    typed: str
    script: str


def made(count: int = 1000, seed: int = SEED) -> list[Made]:
    """Names: the famous ones first, then a mixture of every script."""
    pick = random.Random(seed)
    names = [Made(name, "famous") for name in FAMOUS]
    while len(names) < count:
        names.append(_name(pick, list(RANGES)[len(names) % len(RANGES)]))
    return names[:count]


def _name(pick: random.Random, script: str) -> Made:
    words = [_word(pick, script) for _ in range(pick.choice((1, 2, 2, 2, 3, 4)))]
    text = pick.choice((" ", " ", " ", "-", ", ", " \u3000", "'", "  ")).join(words)
    if pick.random() < 0.15:
        text += " " + pick.choice(EMOJI)
    if pick.random() < 0.15:
        text = _with(pick, text, DIRECTIONS)
    if pick.random() < 0.1:
        text = _with(pick, text, UNSEEN)
    if pick.random() < 0.1:
        text = pick.choice(('"', "(", "=", ",", ";", "“", "«")) + text
    if pick.random() < 0.2:
        text = unicodedata.normalize(pick.choice(("NFD", "NFC")), text)
    return Made(text[:NAME_CHARS_MAX], script)


def _word(pick: random.Random, script: str) -> str:
    letters = ""
    for _ in range(pick.randrange(1, 9)):
        letters += _letter(pick, script)
        if script in MARKS and pick.random() < 0.25:
            letters += pick.choice(MARKS[script])
        if script in JOINED and pick.random() < 0.1:
            letters += pick.choice(JOINED[script])
    return letters


def _letter(pick: random.Random, script: str) -> str:
    while True:
        letter = chr(pick.randrange(*pick.choice(RANGES[script])))
        if unicodedata.category(letter)[0] == "L" or script.startswith("Han of"):
            return letter


def _with(pick: random.Random, text: str, signs: str) -> str:
    for _ in range(pick.randrange(1, 4)):
        place = pick.randrange(len(text) + 1)
        text = text[:place] + pick.choice(signs) + text[place:]
    return text
