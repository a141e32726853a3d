"""Every page of the admin app, one row each. All but the first few are behind the guard."""

from __future__ import annotations

from aiohttp import web

from admin.guard import Route, guarded
from admin.views import (
    accounts,
    allotments,
    attendance,
    console,
    dashboard,
    devices,
    disputes,
    events,
    history,
    invitations,
    moderation,
    on_sales,
    operations,
    orders,
    organizations,
    promos,
    ticket_types,
    trials,
    venues,
)
from engine.domain.catalogue.venues import CHART_BYTES_MAX

ORGANIZATION = r"/o/{organization:org_[0-9A-Z]{26}}"
VENUE = r"/venues/{venue:ven_[0-9A-Z]{26}}"
EVENT = r"/events/{event:evt_[0-9A-Z]{26}}"
CHART_FORM_BYTES_MAX = CHART_BYTES_MAX + 64 * 1024

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", dashboard.show),
    Route("GET", "/board", dashboard.board, touches=False),
    Route("GET", "/account", accounts.show),
    Route("POST", "/account/password", accounts.change_password),
    Route("POST", "/account/verify", invitations.ask_to_verify),
    Route("POST", "/sign-out", accounts.sign_out),
    Route("GET", "/organizations", organizations.list_all),
    Route("GET", "/organizations/new", organizations.show_new),
    Route("POST", "/organizations", organizations.create),
    Route("GET", ORGANIZATION, organizations.show),
    Route("GET", ORGANIZATION + "/settings", organizations.show_settings),
    Route("POST", ORGANIZATION + "/settings", organizations.change),
    Route("GET", ORGANIZATION + "/members", organizations.list_members),
    Route("POST", ORGANIZATION + "/members", invitations.invite),
    Route("POST", ORGANIZATION + r"/invitations/{invitation:inv_[0-9A-Z]{26}}/resend", invitations.resend),
    Route("POST", ORGANIZATION + r"/invitations/{invitation:inv_[0-9A-Z]{26}}/revoke", invitations.revoke),
    Route("POST", invitations.PATH, invitations.accept),
    Route("POST", ORGANIZATION + r"/members/{user:usr_[0-9A-Z]{26}}/role", organizations.set_role),
    Route("POST", ORGANIZATION + r"/members/{user:usr_[0-9A-Z]{26}}/remove", organizations.remove_member),
    Route("GET", ORGANIZATION + "/history", history.show_organization),
    Route("GET", ORGANIZATION + "/disputes", disputes.list_all),
    Route("POST", ORGANIZATION + r"/disputes/{dispute:dsp_[0-9A-Z]{26}}/release", disputes.release),
    Route("GET", ORGANIZATION + "/venues", venues.list_all),
    Route("GET", ORGANIZATION + "/venues/new", venues.show_new),
    Route("POST", ORGANIZATION + "/venues", venues.create),
    Route("GET", VENUE, venues.show),
    Route("POST", VENUE, venues.change),
    Route("POST", VENUE + "/delete", venues.delete),
    Route("GET", VENUE + "/chart", venues.show_chart),
    Route("POST", VENUE + "/chart", venues.put_chart, body_bytes_max=CHART_FORM_BYTES_MAX),
    Route("POST", VENUE + "/chart/preview", venues.preview_chart, body_bytes_max=CHART_FORM_BYTES_MAX),
    Route("GET", VENUE + "/chart.json", venues.export_chart),
    Route("GET", ORGANIZATION + "/events", dashboard.list_events),
    Route("GET", ORGANIZATION + "/events/new", events.show_new),
    Route("POST", ORGANIZATION + "/events", events.create),
    Route("GET", EVENT, events.show),
    Route("GET", EVENT + "/live", events.live, touches=False),
    Route("GET", EVENT + "/settings", events.show_settings),
    Route("POST", EVENT + "/settings", events.change),
    Route("POST", EVENT + "/copy", events.copy),
    Route("POST", EVENT + "/publish", events.publish),
    Route("POST", EVENT + "/unpublish", events.unpublish),
    Route("POST", EVENT + "/cancel", events.cancel),
    Route("POST", EVENT + "/delete", events.delete),
    Route("GET", EVENT + "/ticket-types", ticket_types.list_all),
    Route("POST", EVENT + "/ticket-types", ticket_types.create),
    Route("GET", EVENT + r"/ticket-types/{ticket_type:tt_[0-9A-Z]{26}}", ticket_types.show),
    Route("POST", EVENT + r"/ticket-types/{ticket_type:tt_[0-9A-Z]{26}}", ticket_types.change),
    Route("POST", EVENT + r"/ticket-types/{ticket_type:tt_[0-9A-Z]{26}}/delete", ticket_types.delete),
    Route("GET", EVENT + "/on-sale", on_sales.show),
    Route("POST", EVENT + "/on-sale", on_sales.put),
    Route("GET", EVENT + "/allotments", allotments.list_all),
    Route("POST", EVENT + "/allotments", allotments.create),
    Route("POST", EVENT + r"/allotments/{allotment:alt_[0-9A-Z]{26}}", allotments.change),
    Route("POST", EVENT + r"/allotments/{allotment:alt_[0-9A-Z]{26}}/release", allotments.release),
    Route("GET", EVENT + "/promos", promos.list_all),
    Route("POST", EVENT + "/promos", promos.create),
    Route("POST", EVENT + r"/promos/{promo:pro_[0-9A-Z]{26}}/status", promos.switch),
    Route("POST", EVENT + r"/promos/{promo:pro_[0-9A-Z]{26}}/delete", promos.delete),
    Route("GET", EVENT + "/orders", orders.search),
    Route("GET", EVENT + "/orders.csv", orders.export),
    Route("GET", EVENT + r"/orders/{order:ord_[0-9A-Z]{26}}", orders.show),
    Route("POST", EVENT + r"/orders/{order:ord_[0-9A-Z]{26}}/cancel", orders.cancel),
    Route("POST", EVENT + r"/orders/{order:ord_[0-9A-Z]{26}}/refunds", orders.refund),
    Route("GET", EVENT + "/devices", devices.list_all),
    Route("POST", EVENT + "/devices", devices.create),
    Route("POST", EVENT + r"/devices/{device:dev_[0-9A-Z]{26}}/revoke", devices.revoke),
    Route("POST", EVENT + "/doors", devices.set_entry_rules),
    Route("GET", EVENT + "/console", console.show),
    Route("GET", EVENT + "/console/figures", console.figures, touches=False),
    Route("POST", EVENT + "/console/controls", console.control),
    Route("GET", EVENT + "/attendance", attendance.show),
    Route("GET", EVENT + "/attendance/counts", attendance.counts, touches=False),
    Route("GET", EVENT + "/history", history.show),
    Route("GET", EVENT + "/books", history.check_books),
    Route("GET", EVENT + "/trial", trials.show),
    Route("POST", EVENT + "/trial", trials.run),
    Route("GET", "/people", moderation.list_people),
    Route("POST", r"/people/{user:usr_[0-9A-Z]{26}}/disable", moderation.disable),
    Route("POST", r"/people/{user:usr_[0-9A-Z]{26}}/enable", moderation.enable),
    Route("POST", ORGANIZATION + "/suspend", moderation.suspend),
    Route("POST", ORGANIZATION + "/reinstate", moderation.reinstate),
)


def add(app: web.Application) -> None:
    """Register every row."""
    app.router.add_get("/livez", operations.livez)
    app.router.add_get("/readyz", operations.readyz)
    app.router.add_get("/sign-in", accounts.show_sign_in)
    app.router.add_post("/sign-in", accounts.sign_in)
    app.router.add_get("/register", accounts.show_register)
    app.router.add_post("/register", accounts.register)
    app.router.add_get(invitations.PATH, invitations.show)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, guarded(route))
