"""The whole contract of the engine: the rows of every noun, in the order of the buyer's journey."""

from __future__ import annotations

from engine.web import (
    allotments,
    availability,
    devices,
    events,
    gates,
    holds,
    on_sales,
    operations,
    orders,
    organizations,
    payments,
    people,
    promos,
    requirement_orders,
    scans,
    ticket_types,
    tickets,
    venues,
)
from engine.web.route import Route

ROUTES: tuple[Route, ...] = (
    *people.ROUTES,
    *organizations.ROUTES,
    *venues.ROUTES,
    *events.ROUTES,
    *ticket_types.ROUTES,
    *on_sales.ROUTES,
    *allotments.ROUTES,
    *promos.ROUTES,
    *availability.ROUTES,
    *holds.ROUTES,
    *orders.ROUTES,
    *requirement_orders.ROUTES,
    *payments.ROUTES,
    *operations.ROUTES,
    *tickets.ROUTES,
    *devices.ROUTES,
    *scans.ROUTES,
    *gates.ROUTES,
)
