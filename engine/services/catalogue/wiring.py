"""The wiring of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.catalogue.complaints import Complaints
from engine.services.catalogue.discovery import Discovery
from engine.services.catalogue.events import EventInventory, Events
from engine.services.catalogue.media.images import Images, Uploads
from engine.services.catalogue.media.kept import open_files
from engine.services.catalogue.media.logos import Logos
from engine.services.catalogue.media.pictures import Pictures
from engine.services.catalogue.media.plans import Plans
from engine.services.catalogue.on_sales import OnSales
from engine.services.catalogue.programme.bulk import BulkOfEvents
from engine.services.catalogue.programme.publication import Publication
from engine.services.catalogue.programme.series import SeriesOfEvents
from engine.services.catalogue.programme.templates import Templates
from engine.services.catalogue.promos import Promos
from engine.services.catalogue.questions import EventsQuestions
from engine.services.catalogue.ticket_types import TicketTypes
from engine.services.catalogue.venues import Venues
from engine.services.common import Common
from engine.stores.catalogue.media.darkroom import DarkroomGateway


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Venues, events, what is sold in them, and when."""

    venues: Venues
    events: Events
    images: Images
    logos: Logos
    pictures: Pictures
    plans: Plans
    ticket_types: TicketTypes
    on_sales: OnSales
    promos: Promos
    discovery: Discovery
    publication: Publication
    series: SeriesOfEvents
    templates: Templates
    complaints: Complaints
    bulk: BulkOfEvents
    questions: EventsQuestions


def open_catalogue(common: Common, accounts: Accounts, inventory: EventInventory) -> Catalogue:
    """Make them; nothing needs closing. ``inventory`` is the sale's, which hears of every change to an event."""
    pool, access, outbox, engine_url = common.pool, accounts.access, common.outbox, common.settings.engine_url
    platform = common.settings.keyring.platform()
    events = Events(pool=pool, access=access, inventory=inventory, outbox=outbox, engine_url=engine_url)
    files, uploads = open_files(common.settings), Uploads(darkroom=DarkroomGateway())
    images = Images(pool=pool, events=events, uploads=uploads, files=files, outbox=outbox, engine_url=engine_url)
    pictures = Pictures(pool=pool, files=files)
    pictures.register(outbox)
    return Catalogue(
        venues=Venues(pool=pool, access=access),
        events=events,
        images=images,
        logos=Logos(pool=pool, access=access, images=images, uploads=uploads, files=files, outbox=outbox),
        pictures=pictures,
        plans=Plans(pool=pool, access=access, uploads=uploads, files=files, outbox=outbox),
        ticket_types=TicketTypes(pool=pool, access=access, events=events),
        on_sales=OnSales(pool=pool, access=access, events=events),
        promos=Promos(pool=pool, access=access, events=events, keyring=common.settings.keyring),
        discovery=Discovery(pool=pool),
        publication=Publication(pool=pool, events=events, platform=platform, engine_url=engine_url),
        series=SeriesOfEvents(pool=pool, access=access, events=events),
        templates=Templates(pool=pool, access=access, events=events),
        complaints=Complaints(pool=pool, events=events, inventory=inventory, outbox=outbox),
        bulk=BulkOfEvents(access=access, events=events),
        questions=EventsQuestions(pool=pool, events=events),
    )
