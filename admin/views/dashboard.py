"""What a person sees first: their organizations and events, what is on sale now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.visit import Visit, address
from engine.domain.accounts.organizations import Organization
from engine.domain.catalogue.events import Event, OwnEvents, OwnOrder
from engine.domain.catalogue.phases import PHASES, Phase
from engine.domain.catalogue.programme.bulk import BULK_MAX, BulkDone
from engine.foundation.world.categories import CATEGORIES

ORGANIZATIONS_SHOWN: Final = 12
ORDER: Final[tuple[Phase, ...]] = (
    "on_sale", "ongoing", "sold_out", "published", "sales_ended", "draft", "completed", "cancelled", "archived"
)  # fmt: skip
EVENTS_SHOWN: Final = 8
SEARCH_CHARS_MAX: Final = 100
PAGE_DIGITS_MAX: Final = 3
SORTS: Final[tuple[OwnOrder, ...]] = get_args(OwnOrder)


@dataclass(frozen=True, slots=True)
class Card:
    """An event with its counts."""

    event: Event
    sold: int
    ordered: int
    unreached: int = 0  # messages of the last weeks that came back or were refused

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


async def cards_of(visit: Visit, organization: Organization, limit: int) -> list[Card]:
    """An organization's newest events, what matters now first."""
    events = await visit.services.catalogue.events.of_organization(visit.person, organization.id, None, limit)
    return sorted(await _counted(visit, organization, events), key=lambda card: card.order)


async def _counted(visit: Visit, organization: Organization, events: Sequence[Event]) -> list[Card]:
    """In the order they come; one that was deleted meanwhile is left out."""
    counts = await visit.services.insight.reports.board(visit.person, organization.id, [event.id for event in events])
    lost = await visit.services.messages.notifications.unreached(visit.person, organization.id, list(counts))
    known = [(event, counts[event.id]) for event in events if event.id in counts]
    return [Card(event, count["sold"], count["ordered"], lost.get(event.id, 0)) for event, count in known]


async def list_events(visit: Visit) -> web.Response:
    """One organization's events by title and phase, in the order asked for; without a phase, all but the archived."""
    organization = await reach.organization(visit, "events.read")
    return await events_page(visit, organization, filled.Filled(), None)


async def events_page(
    visit: Visit, organization: Organization, form: filled.Filled[Any], done: BulkDone | None
) -> web.Response:
    """The list, with a form for several of them at once: as it was filled in, or with what came of it."""
    typed = visit.query.get("page", "")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= PAGE_DIGITS_MAX else 0
    text = visit.query.get("q", "").strip()[:SEARCH_CHARS_MAX]
    phase = next((one for one in PHASES if one == visit.query.get("phase")), None)
    order: OwnOrder = next((one for one in SORTS if one == visit.query.get("sort")), "newest")
    wanted = OwnEvents(
        organization_id=organization.id,
        text=text or None,
        phase=phase,
        order=order,
        offset=number * reach.PAGE,
        limit=reach.PAGE + 1,
    )
    asked = {"q": text, "phase": phase, "sort": order}
    page, more = reach.cut(await visit.services.catalogue.events.searched(visit.person, wanted))
    return await visit.page(
        "events/list.html",
        organization=organization,
        cards=await _counted(visit, organization, page),
        more=number + 1 if more else None,
        asked={name: value for name, value in asked.items() if value},
        phases=PHASES,
        form=form,
        done=done,
        at=address("o", organization.id, "events"),
        categories=CATEGORIES,
        most=BULK_MAX,
        status=form.status,
    )
