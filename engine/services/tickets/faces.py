"""The typefaces of printed documents: Noto, by script, from the packages that carry them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

_NOTO = Path(str(files("manimgx_fonts")))
_CJK = Path(str(files("noto_cjk_sans_otc"))) / "NotoSansCJK-Regular.ttc"

# The first is asked for everything that no other script claims. Codes are ISO 15924; Zyyy are signs, Zsye emoji.
_SCRIPTS: Final = {
    "NotoSans": ("Latn", "Grek", "Cyrl"),
    "NotoSansArabic": ("Arab",),
    "NotoSansHebrew": ("Hebr",),
    "NotoSansThai": ("Thai",),
    "NotoSansDevanagari": ("Deva",),
    "NotoSansBengali": ("Beng",),
    "NotoSansTamil": ("Taml",),
    "NotoSansTelugu": ("Telu",),
    "NotoSansKannada": ("Knda",),
    "NotoSansMalayalam": ("Mlym",),
    "NotoSansGujarati": ("Gujr",),
    "NotoSansGurmukhi": ("Guru",),
    "NotoSansOriya": ("Orya",),
    "NotoSansSinhala": ("Sinh",),
    "NotoSansKhmer": ("Khmr",),
    "NotoSansLao": ("Laoo",),
    "NotoSansMyanmar": ("Mymr",),
    "NotoSansGeorgian": ("Geor",),
    "NotoSansArmenian": ("Armn",),
    "NotoSansEthiopic": ("Ethi",),
}
_SIGNS: Final = {"NotoSansSymbols": ("Zyyy",), "NotoEmoji": ("Zsye", "Zyyy")}
# The collection's faces differ in how they write Han: Japanese, Korean, simplified and traditional Chinese.
_HAN: Final = ((2, ("Hani",)), (0, ("Hira", "Kana")), (1, ("Hang",)), (3, ("Bopo",)))

FACES: Final[list[tuple[Path, int, list[str]]]] = [
    *[(_NOTO / f"{name}[wght].ttf", 0, list(scripts)) for name, scripts in _SCRIPTS.items()],
    *[(_CJK, index, list(scripts)) for index, scripts in _HAN],
    *[(_NOTO / f"{name}[wght].ttf", 0, list(scripts)) for name, scripts in _SIGNS.items()],
]
