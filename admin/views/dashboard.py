"""What a person sees first: their organizations and events, what is on sale now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.phases import PHASES, Phase
from engine.domain.catalogue.programme.bulk import BULK_MAX, BulkDone
from engine.foundation.world.categories import CATEGORIES

ORGANIZATIONS_SHOWN: Final = 12
ORDER: Final[tuple[Phase, ...]] = (
    "on_sale", "ongoing", "sold_out", "published", "sales_ended", "draft", "completed", "cancelled", "archived"
)  # fmt: skip
EVENTS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Card:
    """An event with its counts."""

    event: Event
    sold: int
    ordered: int

    @property
    def order(self) -> tuple[int, float]:
        """On sale first, then what comes next, drafts, and what is over."""
        return ORDER.index(self.event.phase), self.event.starts_at.timestamp()


async def show(visit: Visit) -> web.Response:
    return await visit.page("dashboard/show.html", **await _board(visit))


async def board(visit: Visit) -> web.Response:
    """The same with fresh counts, for a page that is already open."""
    return visit.piece("dashboard/board.html", **await _board(visit))


async def _board(visit: Visit) -> dict[str, Any]:
    organizations = await visit.services.accounts.organizations.of_person(visit.person, "", ORGANIZATIONS_SHOWN + 1)
    shown = organizations[:ORGANIZATIONS_SHOWN]
    cards = await asyncio.gather(*(cards_of(visit, one, EVENTS_SHOWN) for one in shown))
    return {"houses": list(zip(shown, cards, strict=True)), "more": len(organizations) > ORGANIZATIONS_SHOWN}


async def cards_of(
    visit: Visit, organization: Organization, limit: int, before: str | None = None, phase: Phase | None = None
) -> list[Card]:
    """An organization's newest events, what matters now first."""
    events = await visit.services.catalogue.events.of_organization(visit.person, organization.id, before, limit, phase)
    counts = await visit.services.insight.reports.board(visit.person, organization.id, [event.id for event in events])
    known = [(event, counts[event.id]) for event in events if event.id in counts]
    cards = [Card(event, count["sold"], count["ordered"]) for event, count in known]
    return sorted(cards, key=lambda card: card.order)


async def list_events(visit: Visit) -> web.Response:
    """One organization's events, of one phase or all but the archived ones, page by page."""
    organization = await reach.organization(visit, "events.read")
    return await events_page(visit, organization, filled.Filled(), None)


async def events_page(
    visit: Visit, organization: Organization, form: filled.Filled[Any], done: BulkDone | None
) -> web.Response:
    """The list, with a form for several of them at once: as it was filled in, or with what came of it."""
    phase = next((one for one in PHASES if one == visit.query.get("phase")), None)
    rows = await cards_of(visit, organization, reach.PAGE + 1, visit.query.get("before") or None, phase)
    newest_first = sorted(rows, key=lambda card: card.event.id, reverse=True)
    page, more = reach.cut(newest_first)
    return await visit.page(
        "events/list.html",
        organization=organization,
        cards=page,
        more=more,
        phase=phase,
        phases=PHASES,
        form=form,
        done=done,
        at=address("o", organization.id, "events"),
        categories=CATEGORIES,
        most=BULK_MAX,
        status=form.status,
    )
