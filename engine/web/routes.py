"""The whole contract of the engine: the rows of every noun, in the order of the buyer's journey."""

from __future__ import annotations

from engine.web import operations
from engine.web.accounts import api_keys, flags, invitations, mailed_links, organizations, people, sessions
from engine.web.catalogue import discovery, events, on_sales, promos, questions, ticket_types, venues
from engine.web.catalogue.media import images
from engine.web.catalogue.programme import bulk, publication, series, templates
from engine.web.gates import devices, gates, scans
from engine.web.insight import activity, order_sheets, personal_data, reports
from engine.web.messages import notifications, text_hooks
from engine.web.money import disputes, orders, payments, refunds, requirement_orders, webhooks
from engine.web.route import Route
from engine.web.sale import allotments, availability, carts, holds
from engine.web.tickets import tickets

ROUTES: tuple[Route, ...] = (
    *people.ROUTES,
    *mailed_links.ROUTES,
    *sessions.ROUTES,
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
    *promos.ROUTES,
    *availability.ROUTES,
    *holds.ROUTES,
    *carts.ROUTES,
    *orders.ROUTES,
    *requirement_orders.ROUTES,
    *payments.ROUTES,
    *webhooks.ROUTES,
    *refunds.ROUTES,
    *disputes.ROUTES,
    *operations.ROUTES,
    *tickets.ROUTES,
    *devices.ROUTES,
    *scans.ROUTES,
    *gates.ROUTES,
    *activity.ROUTES,
    *order_sheets.ROUTES,
    *reports.ROUTES,
    *personal_data.ROUTES,
    *notifications.ROUTES,
    *text_hooks.ROUTES,
)
