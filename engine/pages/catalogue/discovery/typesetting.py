"""Lines of text in any script on a picture: each piece in a typeface that has its letters, shaped by Raqm."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from PIL import ImageDraw, ImageFont

FONTS_KEPT_MAX: Final = 64
THICKER_ONE_IN: Final = 44  # of the size
_NOTO: Final = Path(str(files("manimgx_fonts")))
_CJK: Final = Path(str(files("noto_cjk_sans_otc"))) / "NotoSansCJK-Regular.ttc"
_USUAL: Final = "NotoSans"
_HAN: Final = "CJK"
# How Unicode calls the letters of a script, which is the first word of each letter's name.
_FACES: Final = {
    "ARABIC": "NotoSansArabic",
    "ARMENIAN": "NotoSansArmenian",
    "BENGALI": "NotoSansBengali",
    "DEVANAGARI": "NotoSansDevanagari",
    "ETHIOPIC": "NotoSansEthiopic",
    "GEORGIAN": "NotoSansGeorgian",
    "GUJARATI": "NotoSansGujarati",
    "GURMUKHI": "NotoSansGurmukhi",
    "HEBREW": "NotoSansHebrew",
    "KANNADA": "NotoSansKannada",
    "KHMER": "NotoSansKhmer",
    "LAO": "NotoSansLao",
    "MALAYALAM": "NotoSansMalayalam",
    "MYANMAR": "NotoSansMyanmar",
    "ORIYA": "NotoSansOriya",
    "SINHALA": "NotoSansSinhala",
    "TAMIL": "NotoSansTamil",
    "TELUGU": "NotoSansTelugu",
    "THAI": "NotoSansThai",
    **dict.fromkeys(
        ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH"), _HAN
    ),
}
_EMOJI: Final = "NotoEmoji"
_EMOJI_FROM: Final = 0x1F000
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_JOINS: Final = frozenset({"Mn", "Mc", "Me", "Cf", "Zs"})  # stand in the face of what they follow
# Where a line may break: after blanks, and on both sides of what is written without them.
_PIECES: Final = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]|\S+\s*|\s+")
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line in one typeface."""

    face: str
    text: str


def wrapped(text: str, size: int, width: float, lines_max: int) -> list[str]:
    """The text in lines that fit, the last cut short with an ellipsis if there is more than may be."""
    lines, line = list[str](), ""
    for piece in _pieces(text, size, width):
        if line and length(line + piece.rstrip(), size) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    lines.append(line.rstrip())
    lines = [each for each in lines if each]
    if len(lines) <= lines_max:
        return lines
    last = lines[lines_max - 1]
    while last and length(last + _ELLIPSIS, size) > width:
        last = last[:-1]
    return [*lines[: lines_max - 1], last + _ELLIPSIS]


def length(text: str, size: int) -> float:
    """How wide a line is."""
    return sum(_font(run.face, size).getlength(run.text, direction=_direction(run.text)) for run in _runs(text))


def write(draw: ImageDraw.ImageDraw, left: float, right: float, base: float, text: str, size: int, ink: str) -> None:
    """A line between two edges, on its base: from the right one if it reads so."""
    backwards = next((_reads_leftwards(sign) for sign in text if unicodedata.bidirectional(sign) in _STRONG), False)
    at = right if backwards else left
    for run in _parted(_runs(text)) if backwards else _runs(text):
        font, direction = _font(run.face, size), _direction(run.text)
        wide = font.getlength(run.text, direction=direction)
        at -= wide if backwards else 0
        # The face of Han has no bold of its own.
        thicker = size // THICKER_ONE_IN if run.face == _HAN else 0
        draw.text((at, base), run.text, fill=ink, font=font, anchor="ls", direction=direction, stroke_width=thicker)
        at += 0 if backwards else wide


_STRONG: Final = _RIGHT_TO_LEFT | {"L"}


def _pieces(text: str, size: int, width: float) -> Iterator[str]:
    """What a line may be broken between; a word that is wider than a line is broken anywhere."""
    for piece in _PIECES.findall(text):
        while length(piece, size) > width and len(piece) > 1:
            cut = max(1, int(len(piece) * width / length(piece, size)))
            yield piece[:cut]
            piece = piece[cut:]  # noqa: PLW2901 - the rest of the same word
        yield piece


def _runs(text: str) -> Iterable[Run]:
    runs: list[Run] = []
    for sign in text:
        follows = runs and unicodedata.category(sign) in _JOINS
        face = runs[-1].face if follows else _face_of(sign)
        if runs and runs[-1].face == face:
            runs[-1] = Run(face, runs[-1].text + sign)
        else:
            runs.append(Run(face, sign))
    return runs


def _parted(runs: Iterable[Run]) -> Iterator[Run]:
    """In a line that reads leftwards, blanks and signs before foreign words stand by themselves, on their right."""
    for run in runs:
        kept = len(run.text)
        if _direction(run.text) == "ltr":
            kept = next((at for at, sign in enumerate(run.text) if unicodedata.bidirectional(sign) == "L"), 0)
        if kept:
            yield Run(run.face, run.text[:kept])
        if kept < len(run.text):
            yield Run(run.face, run.text[kept:])


def _face_of(sign: str) -> str:
    if sign.isascii():
        return _USUAL
    if ord(sign) >= _EMOJI_FROM and unicodedata.category(sign) == "So":
        return _EMOJI
    return _FACES.get(unicodedata.name(sign, "").partition(" ")[0].partition("-")[0], _USUAL)


def _direction(text: str) -> str:
    return "rtl" if any(_reads_leftwards(sign) for sign in text) else "ltr"


def _reads_leftwards(sign: str) -> bool:
    return unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT


@lru_cache(maxsize=FONTS_KEPT_MAX)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    """The bold of a face if it has one."""
    if face == _HAN:
        return ImageFont.truetype(str(_CJK), size, layout_engine=ImageFont.Layout.RAQM)
    font = ImageFont.truetype(str(_NOTO / f"{face}[wght].ttf"), size, layout_engine=ImageFont.Layout.RAQM)
    font.set_variation_by_axes([700])
    return font
