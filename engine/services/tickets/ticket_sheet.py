"""Tickets on paper: one A5 page each, what it says and how it looks. ``press.py`` prints it.

Everything that organizers and buyers typed is printed in full: a page that is too full is set smaller, then runs on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain.accounts.accents import palette
from engine.domain.sale.places import place
from engine.domain.tickets.sheets import Band, Code, Fact, Facts, Foot, Page, Paper, Sheet, Words
from engine.domain.tickets.tickets import TicketPage
from engine.foundation.speech import figures
from engine.foundation.speech.tongue import say, speaking

PAGES_MAX: Final = 500
A5: Final = Paper(width=419.53, height=595.28, margin=34)
CODE_POINTS: Final = 180  # 63 mm: read at arm's length
_ISOLATED, _END = "\u2068", "\u2069"  # the first strong sign decides (Unicode bidi algorithm, FSI and PDI)


@dataclass(frozen=True, slots=True)
class Brand:
    """The colours of a document."""

    ground: str = "#16133a"
    on_ground: str = "#ffffff"
    accent: str = "#d0ff3d"
    ink: str = "#16133a"
    muted: str = "#5b5870"


HOUSE: Final = Brand()


def brand_of(accent: str | None) -> Brand:
    """An organization's own colours; the house's if it has none. The band keeps its dark ground, as pages do."""
    return Brand(accent=palette(accent).on_dark) if accent is not None else HOUSE


def sheet(tickets: Sequence[tuple[TicketPage, str]]) -> Sheet:
    """A document with a page for each (ticket, code), at most PAGES_MAX, in its order's language."""
    first = tickets[0][0]
    with speaking(first.locale):
        return Sheet(
            title=say("%(title)s: ticket %(number)s", title=first.event_title, number=first.order_number),
            author=first.organization_name,
            subject=say("Admission ticket"),
            language=first.locale,
            paper=A5,
            pages=tuple([_page(ticket, code) for ticket, code in tickets[:PAGES_MAX]]),
        )


def _page(ticket: TicketPage, code: str) -> Page:
    brand = brand_of(ticket.organization_accent)
    where = _listed([ticket.venue_name, ticket.venue_address, ticket.venue_city])
    where_in_it = place(ticket.section, ticket.seat)
    facts = (
        Fact(say("Place").upper(), where_in_it),
        Fact(say("Ticket").upper(), ticket.ticket_type_name),
        Fact(say("Name").upper(), ticket.holder_name),
    )
    return Page(
        band=Band(
            left=ticket.organization_name,
            right=say("Order %(number)s", number=ticket.order_number),
            fill=brand.ground,
            accent=brand.accent,
            ink=brand.on_ground,
        ),
        blocks=(
            Words(text=ticket.event_title, size=22, bold=True, ink=brand.ink, heading=1, after=4),
            Words(text=figures.told(ticket.starts_at, ticket.timezone), size=11.5, ink=brand.ink, after=1),
            Words(text=where, size=10, ink=brand.muted, after=6),
            Code(
                text=code,
                alt=say("Ticket code for %(place)s", place=where_in_it.replace("\u00a0", " ")),
                side=CODE_POINTS,
            ),
            Facts(rows=tuple([fact for fact in facts if fact.value]), muted=brand.muted, ink=brand.ink),
        ),
        foot=Foot(
            text=say("Show this code at the gate. It admits one person once; a copy admits nobody."), ink=brand.muted
        ),
    )


def _listed(parts: Sequence[str]) -> str:
    """Joined by commas. In a line that is read from the right, ``601 Smithe Street`` stays together as it is."""
    given = [part for part in parts if part]
    if any([_has_right(part) for part in given]):
        given = [part if _has_right(part) else f"{_ISOLATED}{part}{_END}" for part in given]
    return ", ".join(given)


def _has_right(text: str) -> bool:
    return any([unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text])
