"""What an address names, for this person: to those outside an organization nothing of it exists here.

The public may read published events elsewhere; in this app even those are NotFound to strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from admin.visit import Visit
from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.accounts.organizations import Organization, Permission
from engine.domain.catalogue.errors import EventUnknown, TicketTypeUnknown, VenueUnknown
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.ticket_types import TicketType
from engine.domain.catalogue.venues import Venue
from engine.domain.errors import CapabilityWrong
from engine.domain.money.orders import Order
from engine.foundation.errors import NotFound

PAGE: Final = 50
Row = TypeVar("Row")


async def organization(visit: Visit, permission: Permission = "organization.read") -> Organization:
    found = await visit.services.accounts.organizations.get(visit.person, visit.at("organization"))
    await visit.services.accounts.access.require(visit.person, found.id, permission, hidden=OrganizationUnknown)
    return found


async def venue(visit: Visit, permission: Permission = "venues.read") -> Venue:
    found = await visit.services.catalogue.venues.get(visit.person, visit.at("venue"))
    await visit.services.accounts.access.require(visit.person, found.organization_id, permission, hidden=VenueUnknown)
    return found


async def event(visit: Visit, permission: Permission = "events.read") -> Event:
    found = await visit.services.catalogue.events.get(visit.person, visit.at("event"))
    await visit.services.accounts.access.require(visit.person, found.organization_id, permission, hidden=EventUnknown)
    return found


async def ticket_type(visit: Visit, of: Event) -> TicketType:
    """A type of this event."""
    found = await visit.services.catalogue.ticket_types.get(visit.person, visit.at("ticket_type"))
    if found.event_id != of.id:
        raise TicketTypeUnknown
    return found


async def order(visit: Visit, of: Event) -> Order:
    """An order of this event; who asks may read its orders (the caller reached the event with that right)."""
    try:
        found = await visit.services.money.orders.read(visit.at("order"), person=visit.person, token=None)
    except CapabilityWrong:
        raise NotFound("There is no such order") from None
    if found.event_id != of.id:
        raise NotFound("There is no such order")
    return found


def cut(rows: Sequence[Row]) -> tuple[list[Row], bool]:
    """The rows of one page, and whether there are more: for lists read with PAGE + 1."""
    return list(rows[:PAGE]), len(rows) > PAGE
