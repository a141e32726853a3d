"""What is printed: values that the press (``hotpath_rs.Press``) sets, places and draws. Measures in points."""

from __future__ import annotations

from msgspec import Struct


class Paper(Struct, frozen=True, kw_only=True):
    """``margin`` is the white space left and right."""

    width: float
    height: float
    margin: float


class Band(Struct, frozen=True, kw_only=True):
    """The head of a page: who speaks, and a reference. Colours are ``#rrggbb``."""

    left: str
    right: str
    fill: str
    accent: str
    ink: str


class Words(Struct, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """A heading (1 is the page's title) or a paragraph (0)."""

    text: str
    size: float
    ink: str
    bold: bool = False
    heading: int = 0
    after: float = 0.0


class Fact(Struct, frozen=True):
    label: str
    value: str


class Facts(Struct, frozen=True, kw_only=True, tag_field="kind", tag="facts"):
    """Named values; ``muted`` is the colour of the names."""

    rows: tuple[Fact, ...]
    muted: str
    ink: str


class Code(Struct, frozen=True, kw_only=True, tag_field="kind", tag="code"):
    """A QR code; ``alt`` is what a screen reader says."""

    text: str
    alt: str
    side: float


class Foot(Struct, frozen=True, kw_only=True):
    text: str
    ink: str


class Page(Struct, frozen=True, kw_only=True):
    """A page that is too full runs on to further ones, with the same head and foot."""

    band: Band
    blocks: tuple[Words | Facts | Code, ...]
    foot: Foot


class Sheet(Struct, frozen=True, kw_only=True):
    """A document; ``language`` is the BCP 47 tag of its fixed words."""

    title: str
    author: str
    subject: str
    language: str
    paper: Paper
    pages: tuple[Page, ...]
