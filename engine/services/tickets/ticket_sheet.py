"""Tickets on paper: one A5 page each, the code as vectors, readable by a person and by a scanner at arm's length."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from engine.domain.tickets.tickets import TicketPage
from engine.services.tickets.ticket_images import matrix

PAGES_MAX: Final = 500
TITLE_LINES_MAX: Final = 3
CODE_POINTS: Final = 190
MARGIN: Final = 34
FOOTER: Final = "Show this code at the gate. It admits one person once; a copy admits nobody."
INK, MUTED, ACCENT, PAPER = HexColor("#16133a"), HexColor("#5b5870"), HexColor("#d0ff3d"), HexColor("#ffffff")
_BODY, _BOLD = "Helvetica", "Helvetica-Bold"
_FONTS: Final = Path(__file__).parent / "fonts" / "vendor"
_WIDER: Final = {_BODY: "DejaVuSansCondensed", _BOLD: "DejaVuSansCondensed-Bold"}


def pdf(pages: Sequence[tuple[TicketPage, str]]) -> bytes:
    """A document with a page for each (ticket, code), at most PAGES_MAX."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A5, pageCompression=1)
    first = pages[0][0]
    canvas.setTitle(f"{first.event_title}: ticket {first.order_number}")
    canvas.setAuthor(first.organization_name)
    canvas.setSubject("Admission ticket")
    for ticket, code in pages[:PAGES_MAX]:
        _page(canvas, ticket, code)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(canvas: Any, ticket: TicketPage, code: str) -> None:
    width, height = A5
    canvas.setFillColor(INK)
    canvas.rect(0, height - 58, width, 58, stroke=0, fill=1)
    canvas.setFillColor(ACCENT)
    canvas.rect(0, height - 62, width, 4, stroke=0, fill=1)
    _text(canvas, ticket.organization_name, MARGIN, height - 36, _BOLD, 13, PAPER)
    canvas.setFillColor(PAPER)
    canvas.setFont(_BODY, 9)
    canvas.drawRightString(width - MARGIN, height - 35, f"Order {ticket.order_number}")
    y = height - 96
    for line in _lines(ticket.event_title, _BOLD, 20, width - 2 * MARGIN)[:TITLE_LINES_MAX]:
        _text(canvas, line, MARGIN, y, _BOLD, 20, INK)
        y -= 24
    starts_at = ticket.starts_at.astimezone(ZoneInfo(ticket.timezone))
    _text(canvas, f"{starts_at:%A %d %B %Y, %H:%M}", MARGIN, y, _BODY, 11, INK)
    where = ", ".join(part for part in (ticket.venue_name, ticket.venue_address, ticket.venue_city) if part)
    for line in _lines(where, _BODY, 10, width - 2 * MARGIN)[:2]:
        y -= 15
        _text(canvas, line, MARGIN, y, _BODY, 10, MUTED)
    y = min(y - 22, 330)
    _code(canvas, code, (width - CODE_POINTS) / 2, y - CODE_POINTS)
    _facts(canvas, ticket, y - CODE_POINTS - 30)
    _text(canvas, FOOTER, MARGIN, 26, _BODY, 8, MUTED)


def _facts(canvas: Any, ticket: TicketPage, y: float) -> None:
    place = ticket.seat.replace("/", "  /  ") if ticket.seat else ticket.section
    facts = (("Place", place), ("Ticket", ticket.ticket_type_name), ("Name", ticket.holder_name))
    for label, value in facts:
        _text(canvas, label.upper(), MARGIN, y, _BODY, 7.5, MUTED)
        _text(canvas, _lines(value, _BOLD, 13, 290)[0], MARGIN + 62, y - 2, _BOLD, 13, INK)
        y -= 24


def _code(canvas: Any, code: str, x: float, y: float) -> None:
    rows = matrix(code)
    module = CODE_POINTS / len(rows)
    path = canvas.beginPath()
    for index, row in enumerate(rows):
        for column, dark in enumerate(row):
            if dark:
                path.rect(x + column * module, y + CODE_POINTS - (index + 1) * module, module, module)
    canvas.setFillColor(HexColor("#000000"))
    canvas.drawPath(path, stroke=0, fill=1)


def _text(canvas: Any, text: str, x: float, y: float, font: str, size: float, color: Any) -> None:
    canvas.setFillColor(color)
    canvas.setFont(_font(text, font), size)
    canvas.drawString(x, y, text)


def _lines(text: str, font: str, size: float, width: float) -> list[str]:
    """The text broken to a width; never empty."""
    lines: list[str] = simpleSplit(text, _font(text, font), size, width)
    return lines or [""]


def _font(text: str, font: str) -> str:
    """The built-in fonts speak Latin-1 and cost nothing; anybody who spells otherwise gets an embedded one."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return _embedded(_WIDER[font])
    return font


@lru_cache(maxsize=len(_WIDER))
def _embedded(name: str) -> str:
    pdfmetrics.registerFont(TTFont(name, _FONTS / f"{name}.ttf"))
    return name
