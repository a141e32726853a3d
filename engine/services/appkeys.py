"""The names under which handlers and pages find their services. One key a service, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from engine.foundation import manners
from engine.foundation.bearer import Bearers
from engine.foundation.health import Health
from engine.foundation.idempotency import Idempotency
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.services.accounts.access import Access
    from engine.services.accounts.agreements.consents import Consents
    from engine.services.accounts.agreements.policies import Policies
    from engine.services.accounts.api_keys import ApiKeys
    from engine.services.accounts.flags import Flags
    from engine.services.accounts.invitations import Invitations
    from engine.services.accounts.mailed_links import MailedLinks
    from engine.services.accounts.openid import OpenId
    from engine.services.accounts.organizations import Organizations
    from engine.services.accounts.passkeys import Passkeys
    from engine.services.accounts.people import People
    from engine.services.accounts.second_factors import SecondFactors
    from engine.services.accounts.sign_ins import SignIns
    from engine.services.catalogue.complaints import Complaints
    from engine.services.catalogue.discovery import Discovery
    from engine.services.catalogue.events import Events
    from engine.services.catalogue.media.images import Images
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
    from engine.services.gates.attendance import Attendance
    from engine.services.gates.devices import Devices
    from engine.services.gates.gate_bundles import GateBundles
    from engine.services.gates.gate_events import GateEvents
    from engine.services.gates.scans import Scans
    from engine.services.insight.activity import Activity
    from engine.services.insight.guest_data import GuestData
    from engine.services.insight.order_sheets import OrderSheets
    from engine.services.insight.personal_data import PersonalData
    from engine.services.insight.reports import Reports
    from engine.services.messages.delivery.notifications import Notifications
    from engine.services.messages.webhooks.endpoints import WebhookEndpoints
    from engine.services.money.aftersale.asked_refunds import AskedRefunds
    from engine.services.money.aftersale.corrections import Corrections
    from engine.services.money.box_office.drawers import Drawers
    from engine.services.money.box_office.guests import Guests
    from engine.services.money.box_office.sales import BoxOffice
    from engine.services.money.confirms import Confirms
    from engine.services.money.disputes import Disputes
    from engine.services.money.order_reads import OrderReads
    from engine.services.money.order_waits import OrderWaits
    from engine.services.money.orders import Orders
    from engine.services.money.payouts.connect import Connect
    from engine.services.money.refunds import Refunds
    from engine.services.money.webhooks import Webhooks
    from engine.services.sale.allotments import Allotments
    from engine.services.sale.availability import Availability
    from engine.services.sale.crowding import Crowding
    from engine.services.sale.holds import Holds
    from engine.services.sale.inventory import Inventory
    from engine.services.sale.selling import Selling
    from engine.services.sale.staff.blocks import Blocks
    from engine.services.tickets.corrections import TicketCorrections
    from engine.services.tickets.tickets import Tickets
    from engine.services.tickets.transfers import Transfers

SETTINGS: Final = web.AppKey("settings", Settings)
BEARERS: Final = web.AppKey("bearers", Bearers)
HEALTH: Final = web.AppKey("health", Health)
LIMITS: Final = manners.LIMITS
IDEMPOTENCY: Final = web.AppKey("idempotency", Idempotency)

ACCESS: Final[web.AppKey[Access]] = web.AppKey("access")
API_KEYS: Final[web.AppKey[ApiKeys]] = web.AppKey("api_keys")
CONSENTS: Final[web.AppKey[Consents]] = web.AppKey("consents")
POLICIES: Final[web.AppKey[Policies]] = web.AppKey("policies")
FLAGS: Final[web.AppKey[Flags]] = web.AppKey("flags")
PEOPLE: Final[web.AppKey[People]] = web.AppKey("people")
SIGN_INS: Final[web.AppKey[SignIns]] = web.AppKey("sign_ins")
SECOND_FACTORS: Final[web.AppKey[SecondFactors]] = web.AppKey("second_factors")
OPENID: Final[web.AppKey[OpenId]] = web.AppKey("openid")
PASSKEYS: Final[web.AppKey[Passkeys]] = web.AppKey("passkeys")
MAILED_LINKS: Final[web.AppKey[MailedLinks]] = web.AppKey("mailed_links")
INVITATIONS: Final[web.AppKey[Invitations]] = web.AppKey("invitations")
ORGANIZATIONS: Final[web.AppKey[Organizations]] = web.AppKey("organizations")
VENUES: Final[web.AppKey[Venues]] = web.AppKey("venues")
EVENTS: Final[web.AppKey[Events]] = web.AppKey("events")
IMAGES: Final[web.AppKey[Images]] = web.AppKey("images")
LOGOS: Final[web.AppKey[Logos]] = web.AppKey("logos")
PICTURES: Final[web.AppKey[Pictures]] = web.AppKey("pictures")
TICKET_TYPES: Final[web.AppKey[TicketTypes]] = web.AppKey("ticket_types")
ON_SALES: Final[web.AppKey[OnSales]] = web.AppKey("on_sales")
ALLOTMENTS: Final[web.AppKey[Allotments]] = web.AppKey("allotments")
BLOCKS: Final[web.AppKey[Blocks]] = web.AppKey("blocks")
PROMOS: Final[web.AppKey[Promos]] = web.AppKey("promos")
DISCOVERY: Final[web.AppKey[Discovery]] = web.AppKey("discovery")
PUBLICATION: Final[web.AppKey[Publication]] = web.AppKey("publication")
COMPLAINTS: Final[web.AppKey[Complaints]] = web.AppKey("complaints")
SERIES: Final[web.AppKey[SeriesOfEvents]] = web.AppKey("series")
BULK: Final[web.AppKey[BulkOfEvents]] = web.AppKey("bulk")
TEMPLATES: Final[web.AppKey[Templates]] = web.AppKey("templates")
QUESTIONS: Final[web.AppKey[EventsQuestions]] = web.AppKey("questions")
SELLING: Final[web.AppKey[Selling]] = web.AppKey("selling")
INVENTORY: Final[web.AppKey[Inventory]] = web.AppKey("inventory")
AVAILABILITY: Final[web.AppKey[Availability]] = web.AppKey("availability")
HOLDS: Final[web.AppKey[Holds]] = web.AppKey("holds")
CROWDING: Final[web.AppKey[Crowding]] = web.AppKey("crowding")
ORDERS: Final[web.AppKey[Orders]] = web.AppKey("orders")
ORDER_READS: Final[web.AppKey[OrderReads]] = web.AppKey("order_reads")
ORDER_WAITS: Final[web.AppKey[OrderWaits]] = web.AppKey("order_waits")
DISPUTES: Final[web.AppKey[Disputes]] = web.AppKey("disputes")
CONNECT: Final[web.AppKey[Connect]] = web.AppKey("connect")
CONFIRMS: Final[web.AppKey[Confirms]] = web.AppKey("confirms")
ASKED_REFUNDS: Final[web.AppKey[AskedRefunds]] = web.AppKey("asked_refunds")
REFUNDS: Final[web.AppKey[Refunds]] = web.AppKey("refunds")
WEBHOOKS: Final[web.AppKey[Webhooks]] = web.AppKey("webhooks")
BOX_OFFICE: Final[web.AppKey[BoxOffice]] = web.AppKey("box_office")
DRAWERS: Final[web.AppKey[Drawers]] = web.AppKey("drawers")
GUESTS: Final[web.AppKey[Guests]] = web.AppKey("guests")
WEBHOOK_ENDPOINTS: Final[web.AppKey[WebhookEndpoints]] = web.AppKey("webhook_endpoints")
TICKETS: Final[web.AppKey[Tickets]] = web.AppKey("tickets")
CORRECTIONS: Final[web.AppKey[Corrections]] = web.AppKey("corrections")
TICKET_CORRECTIONS: Final[web.AppKey[TicketCorrections]] = web.AppKey("ticket_corrections")
TRANSFERS: Final[web.AppKey[Transfers]] = web.AppKey("transfers")
DEVICES: Final[web.AppKey[Devices]] = web.AppKey("devices")
SCANS: Final[web.AppKey[Scans]] = web.AppKey("scans")
GATE_EVENTS: Final[web.AppKey[GateEvents]] = web.AppKey("gate_events")
ATTENDANCE: Final[web.AppKey[Attendance]] = web.AppKey("attendance")
ACTIVITY: Final[web.AppKey[Activity]] = web.AppKey("activity")
GATE_BUNDLES: Final[web.AppKey[GateBundles]] = web.AppKey("gate_bundles")
ORDER_SHEETS: Final[web.AppKey[OrderSheets]] = web.AppKey("order_sheets")
REPORTS: Final[web.AppKey[Reports]] = web.AppKey("reports")
NOTIFICATIONS: Final[web.AppKey[Notifications]] = web.AppKey("notifications")
PERSONAL_DATA: Final[web.AppKey[PersonalData]] = web.AppKey("personal_data")
GUEST_DATA: Final[web.AppKey[GuestData]] = web.AppKey("guest_data")
