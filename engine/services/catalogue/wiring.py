"""The wiring of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.catalogue.events import EventInventory, Events
from engine.services.catalogue.on_sales import OnSales
from engine.services.catalogue.programme.publication import Publication
from engine.services.catalogue.programme.series import SeriesOfEvents
from engine.services.catalogue.programme.templates import Templates
from engine.services.catalogue.promos import Promos
from engine.services.catalogue.ticket_types import TicketTypes
from engine.services.catalogue.venues import Venues
from engine.services.common import Common


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Venues, events, what is sold in them, and when."""

    venues: Venues
    events: Events
    ticket_types: TicketTypes
    on_sales: OnSales
    promos: Promos
    publication: Publication
    series: SeriesOfEvents
    templates: Templates


def open_catalogue(common: Common, accounts: Accounts, inventory: EventInventory) -> Catalogue:
    """Make them; nothing needs closing. ``inventory`` is the sale's, which hears of every change to an event."""
    pool, access = common.pool, accounts.access
    engine_url, platform = common.settings.engine_url, common.settings.keyring.platform()
    events = Events(pool=pool, access=access, inventory=inventory, engine_url=engine_url)
    return Catalogue(
        venues=Venues(pool=pool, access=access),
        events=events,
        ticket_types=TicketTypes(pool=pool, access=access, events=events),
        on_sales=OnSales(pool=pool, access=access, events=events),
        promos=Promos(pool=pool, access=access, events=events),
        publication=Publication(pool=pool, events=events, platform=platform, engine_url=engine_url),
        series=SeriesOfEvents(pool=pool, access=access, events=events),
        templates=Templates(pool=pool, access=access, events=events),
    )
