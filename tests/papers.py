"""A printed document as a reader sees it: its text, where the ink is, and the codes on it."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image

Size = tuple[float, float]
Box = tuple[float, float, float, float]  # left, bottom, right, top in points
HAIR = 0.1
ONE_LINE = 0.6  # boxes that share this part of their height stand on one line

_STEERING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe]")


@dataclass
class Read:
    """One page."""

    text: str
    picture: Image.Image
    size: Size
    lines: list[Box]  # where there is text

    def says(self, text: str) -> bool:
        return folded(text) in folded(self.text)

    @property
    def codes(self) -> list[str]:
        return [found.text for found in zxingcpp.read_barcodes(self.picture)]

    def outside(self) -> list[Box]:
        """Lines that leave the page."""
        width, height = self.size
        return [box for box in self.lines if box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height]

    def overlaps(self) -> list[tuple[Box, Box]]:
        """Text that is printed over another, by more than a hair of the smaller one."""
        return [(one, other) for one, other in itertools.combinations(self.lines, 2) if _common(one, other) > HAIR]

    def crossing_lines(self) -> list[tuple[Box, Box]]:
        """The same between lines alone: how wide a shaped letter is, readers guess from its plain form."""
        return [pair for pair in self.overlaps() if not _on_one_line(*pair)]


def _common(one: Box, other: Box) -> float:
    """The part of the smaller box that lies in the other."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down / smaller if across > 0 and down > 0 and smaller else 0.0


def _on_one_line(one: Box, other: Box) -> bool:
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > ONE_LINE * min(one[3] - one[1], other[3] - other[1])


def read(pdf: bytes, *, scale: float = 2.0) -> list[Read]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [_read(page, scale) for page in document]
    finally:
        document.close()


def _read(page: Any, scale: float) -> Read:
    text = page.get_textpage()
    boxes = [text.get_rect(number) for number in range(text.count_rects())]
    picture = page.render(scale=scale).to_pil().convert("L")
    return Read(text.get_text_range().replace("\r\n", "\n"), picture, page.get_size(), boxes)


def title(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document.get_metadata_value("Title")
    finally:
        document.close()


def folded(text: str) -> str:
    """Without white space and the signs that only steer the direction; some readers take ligatures apart."""
    return unicodedata.normalize("NFKC", "".join(_STEERING.sub("", text).split()))
