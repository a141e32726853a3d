"""The whole contract of the engine: the rows of every noun, in the order of the buyer's journey."""

from __future__ import annotations

from engine.web import operations
from engine.web.accounts import (
    api_keys,
    consents,
    flags,
    invitations,
    mailed_links,
    openid,
    organizations,
    passkeys,
    people,
    sessions,
)
from engine.web.catalogue import discovery, events, on_sales, promos, questions, ticket_types, venues
from engine.web.catalogue.media import images
from engine.web.catalogue.programme import bulk, publication, series, templates
from engine.web.gates import devices, gates, scans
from engine.web.insight import activity, order_sheets, personal_data, reports
from engine.web.messages import notifications, text_hooks, webhook_endpoints
from engine.web.money import asked_refunds, connect, disputes, orders, payments, refunds, requirement_orders, webhooks
from engine.web.money import corrections as order_corrections
from engine.web.money.box_office import drawers, guests, sales
from engine.web.route import Route
from engine.web.sale import allotments, availability, blocks, carts, holds
from engine.web.tickets import corrections as ticket_corrections
from engine.web.tickets import tickets, transfers

ROUTES: tuple[Route, ...] = (
    *people.ROUTES,
    *consents.ROUTES,
    *mailed_links.ROUTES,
    *sessions.ROUTES,
    *openid.ROUTES,
    *passkeys.ROUTES,
    *organizations.ROUTES,
    *invitations.ROUTES,
    *api_keys.ROUTES,
    *flags.ROUTES,
    *venues.ROUTES,
    *discovery.ROUTES,
    *events.ROUTES,
    *images.ROUTES,
    *publication.ROUTES,
    *series.ROUTES,
    *templates.ROUTES,
    *bulk.ROUTES,
    *questions.ROUTES,
    *ticket_types.ROUTES,
    *on_sales.ROUTES,
    *allotments.ROUTES,
    *blocks.ROUTES,
    *promos.ROUTES,
    *availability.ROUTES,
    *holds.ROUTES,
    *carts.ROUTES,
    *orders.ROUTES,
    *requirement_orders.ROUTES,
    *payments.ROUTES,
    *webhooks.ROUTES,
    *refunds.ROUTES,
    *asked_refunds.ROUTES,
    *disputes.ROUTES,
    *connect.ROUTES,
    *sales.ROUTES,
    *guests.ROUTES,
    *drawers.ROUTES,
    *operations.ROUTES,
    *tickets.ROUTES,
    *transfers.ROUTES,
    *ticket_corrections.ROUTES,
    *order_corrections.ROUTES,
    *devices.ROUTES,
    *scans.ROUTES,
    *gates.ROUTES,
    *activity.ROUTES,
    *order_sheets.ROUTES,
    *reports.ROUTES,
    *personal_data.ROUTES,
    *webhook_endpoints.ROUTES,
    *notifications.ROUTES,
    *text_hooks.ROUTES,
)
