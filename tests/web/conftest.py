"""The catalogue behind real HTTP."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.foundation import bodies, http
from engine.foundation.bearer import Bearers
from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.ended_sessions import EndedSessions
from engine.foundation.news import ORDERS_CHANGED, News
from engine.foundation.shelf import SHELF, Shelf
from engine.services import appkeys
from engine.services.accounts.access import Access
from engine.services.accounts.agreements.consents import Consents
from engine.services.accounts.agreements.sealed_links import SealedLinks
from engine.services.accounts.api_keys import ApiKeys
from engine.services.accounts.invitations import Invitations
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.organizations import Organizations
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.people import People
from engine.services.accounts.second_factors import SecondFactors
from engine.services.accounts.sign_ins import SignIns
from engine.services.accounts.throttle import Throttle
from engine.services.catalogue.discovery import Discovery
from engine.services.catalogue.events import Events
from engine.services.catalogue.media.images import Images, Uploads
from engine.services.catalogue.media.kept import open_files
from engine.services.catalogue.media.logos import Logos
from engine.services.catalogue.media.pictures import Pictures
from engine.services.catalogue.on_sales import OnSales
from engine.services.catalogue.programme.bulk import BulkOfEvents
from engine.services.catalogue.programme.publication import Publication
from engine.services.catalogue.programme.series import SeriesOfEvents
from engine.services.catalogue.programme.templates import Templates
from engine.services.catalogue.promos import Promos
from engine.services.catalogue.questions import EventsQuestions
from engine.services.catalogue.ticket_types import TicketTypes
from engine.services.catalogue.venues import Venues
from engine.services.messages.webhooks.endpoints import WebhookEndpoints
from engine.services.money.guest_orders import GuestOrders
from engine.services.outbox import Outbox
from engine.services.sale.allotments import Allotments
from engine.services.sale.inventory import Inventory
from engine.services.sale.selling import Selling
from engine.settings import Settings
from engine.stores.catalogue.media.darkroom import DarkroomGateway
from engine.stores.outbox import OutboxStore
from engine.stores.sale.holds import HoldStore
from engine.stores.sale.selling import SellingStore
from engine.web import route
from engine.web.accounts import api_keys, consents, invitations, mailed_links, organizations, people, sessions
from engine.web.catalogue import discovery, events, on_sales, promos, questions, ticket_types, venues
from engine.web.catalogue.media import images
from engine.web.catalogue.programme import bulk, publication, series, templates
from engine.web.messages import webhook_endpoints
from engine.web.sale import allotments
from tests.web.organizer import PASSWORD, Someone

_people = itertools.count(1)
NOUNS = (
    people, mailed_links, sessions, organizations, invitations, api_keys, consents, venues, discovery, events, images,
    publication, series, templates, bulk, ticket_types, on_sales, allotments, promos, questions,
    webhook_endpoints,
)  # fmt: skip


@pytest.fixture
async def catalogue(
    pool: asyncpg.Pool, hot: HotRedis, redis_client: RedisClient, settings: Settings
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[http.boundary], client_max_size=bodies.BODY_BYTES_CEILING)
    selling_store = SellingStore(pool)
    selling = Selling(store=selling_store, keyring=settings.keyring, redis=redis_client)
    inventory = Inventory(hot=hot, redis=redis_client, holds=HoldStore(hot), store=selling_store, selling=selling)
    ended = EndedSessions(hot=hot, pool=pool)
    access, bearers = Access(pool=pool), Bearers(settings.jwt_key.get_secret_value().encode(), ended)
    throttle, passwords, outbox = Throttle(hot=hot), Passwords(), Outbox(store=OutboxStore(pool))
    links = MailedLinks(pool=pool, outbox=outbox, ended=ended, throttle=throttle, passwords=passwords)
    GuestOrders(pool=pool, news=News(ORDERS_CHANGED, hot=hot)).register(outbox)
    all_events = Events(pool=pool, access=access, inventory=inventory, outbox=outbox, engine_url=settings.engine_url)
    files, uploads = open_files(settings), Uploads(darkroom=DarkroomGateway())
    pictures = Pictures(pool=pool, files=files)
    pictures.register(outbox)
    all_images = Images(
        pool=pool, events=all_events, uploads=uploads, files=files, outbox=outbox, engine_url=settings.engine_url
    )
    app[appkeys.SETTINGS] = settings
    app[appkeys.BEARERS] = bearers
    factors = app[appkeys.SECOND_FACTORS] = SecondFactors(
        pool=pool, hot=hot, throttle=throttle, seal=settings.seal, ended=ended
    )
    sign_ins = app[appkeys.SIGN_INS] = SignIns(pool=pool, bearers=bearers, factors=factors)
    app[appkeys.PEOPLE] = People(
        pool=pool,
        sign_ins=sign_ins,
        factors=factors,
        ended=ended,
        throttle=throttle,
        passwords=passwords,
        links=links,
    )
    app[appkeys.MAILED_LINKS] = links
    app[appkeys.CONSENTS] = Consents(pool=pool, sealed=SealedLinks(settings.seal), engine_url=settings.engine_url)
    app[appkeys.INVITATIONS] = Invitations(pool=pool, access=access, throttle=throttle)
    app[appkeys.API_KEYS] = ApiKeys(pool=pool, access=access, bearers=bearers)
    app[appkeys.ORGANIZATIONS] = Organizations(pool=pool, access=access)
    app[appkeys.VENUES] = Venues(pool=pool, access=access)
    app[appkeys.EVENTS] = all_events
    app[appkeys.DISCOVERY] = Discovery(pool=pool)
    app[appkeys.IMAGES] = all_images
    app[appkeys.LOGOS] = Logos(pool=pool, access=access, images=all_images, uploads=uploads, files=files, outbox=outbox)
    app[appkeys.PICTURES] = pictures
    app[appkeys.PUBLICATION] = Publication(
        pool=pool, events=all_events, platform=settings.keyring.platform(), engine_url=settings.engine_url
    )
    app[appkeys.SERIES] = SeriesOfEvents(pool=pool, access=access, events=all_events)
    app[appkeys.TEMPLATES] = Templates(pool=pool, access=access, events=all_events)
    app[appkeys.BULK] = BulkOfEvents(access=access, events=all_events)
    app[appkeys.TICKET_TYPES] = TicketTypes(pool=pool, access=access, events=all_events)
    app[appkeys.ON_SALES] = OnSales(pool=pool, access=access, events=all_events)
    app[appkeys.ALLOTMENTS] = Allotments(pool=pool, hot=hot, access=access, events=all_events, inventory=inventory)
    app[appkeys.WEBHOOK_ENDPOINTS] = WebhookEndpoints(
        pool=pool, access=access, seal=settings.seal, private_allowed=settings.webhooks_private
    )
    app[appkeys.PROMOS] = Promos(pool=pool, access=access, events=all_events, keyring=settings.keyring)
    app[appkeys.QUESTIONS] = EventsQuestions(pool=pool, events=all_events)
    app[SHELF] = Shelf({})
    selling.follow(app[SHELF].forget)
    for noun in NOUNS:
        route.add(app, noun.ROUTES)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def register(catalogue: TestClient[web.Request, web.Application]) -> Callable[..., Awaitable[Someone]]:
    """``await register()``: a new person, signed in."""

    async def run(email: str | None = None) -> Someone:
        email = email or f"person{next(_people)}@example.test"
        session = await Someone(catalogue).ok(
            "POST", "/v1/auth/register", {"email": email, "password": PASSWORD, "name": "Some One"}, 201
        )
        return Someone(catalogue, session["access_token"], email, session)

    return run


@pytest.fixture
def guest(catalogue: TestClient[web.Request, web.Application]) -> Someone:
    return Someone(catalogue)
