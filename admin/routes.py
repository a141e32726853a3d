"""Every page of the admin app, one row each. All but the first few are behind the guard."""

from __future__ import annotations

from aiohttp import web

from admin.guard import Route, guarded
from admin.views import (
    accounts,
    allotments,
    attendance,
    chart_builder,
    console,
    dashboard,
    devices,
    disputes,
    events,
    featured,
    history,
    invitations,
    moderation,
    on_sales,
    operations,
    orders,
    organizations,
    pictures,
    promos,
    publication,
    questions,
    series,
    templates,
    ticket_types,
    trials,
    venues,
)
from engine.domain.catalogue.media.images import FILE_BYTES_MAX
from engine.domain.catalogue.venues import CHART_BYTES_MAX
from engine.foundation import manners
from engine.foundation.http import Handler
from engine.foundation.limits_table import RouteClass
from engine.foundation.manners import Manners

ORGANIZATION = r"/o/{organization:org_[0-9A-Z]{26}}"
VENUE = r"/venues/{venue:ven_[0-9A-Z]{26}}"
EVENT = r"/events/{event:evt_[0-9A-Z]{26}}"
PICTURE = EVENT + r"/pictures/{image:img_[0-9A-Z]{26}}"
CHART_FORM_BYTES_MAX = CHART_BYTES_MAX + 64 * 1024

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", dashboard.show, "person", "page"),
    Route("GET", "/board", dashboard.board, "person", "page", touches=False),
    Route("GET", "/account", accounts.show, "person", "page"),
    Route("POST", "/account/password", accounts.change_password, "person", "sign_in"),
    Route("POST", "/account/verify", invitations.ask_to_verify, "person", "operate"),
    Route("POST", "/sign-out", accounts.sign_out, "person", "operate"),
    Route("GET", "/organizations", organizations.list_all, "person", "page"),
    Route("GET", "/organizations/new", organizations.show_new, "person", "page"),
    Route("POST", "/organizations", organizations.create, "person", "operate"),
    Route("GET", ORGANIZATION, organizations.show, "organization.read", "page"),
    Route("GET", ORGANIZATION + "/settings", organizations.show_settings, "organization.write", "page"),
    Route("POST", ORGANIZATION + "/settings", organizations.change, "organization.write", "operate"),
    Route(
        "POST",
        ORGANIZATION + "/logo",
        pictures.put_logo,
        "organization.write",
        "upload",
        file_bytes_max=FILE_BYTES_MAX,
    ),
    Route("POST", ORGANIZATION + "/logo/delete", pictures.delete_logo, "organization.write", "operate"),
    Route("GET", ORGANIZATION + "/members", organizations.list_members, "members.read", "page"),
    Route("POST", ORGANIZATION + "/members", invitations.invite, "members.write", "operate"),
    Route(
        "POST",
        ORGANIZATION + r"/invitations/{invitation:inv_[0-9A-Z]{26}}/resend",
        invitations.resend,
        "members.write",
        "operate",
    ),
    Route(
        "POST",
        ORGANIZATION + r"/invitations/{invitation:inv_[0-9A-Z]{26}}/revoke",
        invitations.revoke,
        "members.write",
        "operate",
    ),
    Route("POST", invitations.PATH, invitations.accept, "person", "operate"),
    Route(
        "POST",
        ORGANIZATION + r"/members/{user:usr_[0-9A-Z]{26}}/role",
        organizations.set_role,
        "members.write",
        "operate",
    ),
    Route(
        "POST",
        ORGANIZATION + r"/members/{user:usr_[0-9A-Z]{26}}/remove",
        organizations.remove_member,
        "members.write",
        "operate",
    ),
    Route("GET", ORGANIZATION + "/history", history.show_organization, "organization.write", "page"),
    Route("GET", ORGANIZATION + "/disputes", disputes.list_all, "refunds.read", "page"),
    Route(
        "POST",
        ORGANIZATION + r"/disputes/{dispute:dsp_[0-9A-Z]{26}}/release",
        disputes.release,
        "refunds.write",
        "operate",
    ),
    Route("GET", ORGANIZATION + "/venues", venues.list_all, "venues.read", "page"),
    Route("GET", ORGANIZATION + "/venues/new", venues.show_new, "venues.write", "page"),
    Route("POST", ORGANIZATION + "/venues", venues.create, "venues.write", "operate"),
    Route("GET", VENUE, venues.show, "venues.read", "page"),
    Route("POST", VENUE, venues.change, "venues.write", "operate"),
    Route("POST", VENUE + "/delete", venues.delete, "venues.write", "operate"),
    Route("GET", VENUE + "/chart", venues.show_chart, "venues.read", "page"),
    Route("POST", VENUE + "/chart", venues.put_chart, "venues.write", "operate", body_bytes_max=CHART_FORM_BYTES_MAX),
    Route(
        "POST",
        VENUE + "/chart/preview",
        venues.preview_chart,
        "venues.write",
        "operate",
        body_bytes_max=CHART_FORM_BYTES_MAX,
    ),
    Route("GET", VENUE + "/chart.json", venues.export_chart, "venues.read", "page"),
    Route("GET", VENUE + "/chart.csv", chart_builder.export_table, "venues.read", "page"),
    Route("GET", VENUE + "/chart/builder", chart_builder.show, "venues.read", "page"),
    Route(
        "POST",
        VENUE + "/chart/check",
        chart_builder.check,
        "venues.write",
        "operate",
        body_bytes_max=CHART_FORM_BYTES_MAX,
    ),
    Route(
        "POST",
        VENUE + "/chart/keep",
        chart_builder.keep,
        "venues.write",
        "operate",
        body_bytes_max=CHART_FORM_BYTES_MAX,
    ),
    Route(
        "POST",
        VENUE + "/chart/import",
        chart_builder.read_file,
        "venues.write",
        "operate",
        body_bytes_max=CHART_FORM_BYTES_MAX,
    ),
    Route("GET", ORGANIZATION + "/templates", templates.list_all, "events.read", "page"),
    Route(
        "POST",
        ORGANIZATION + r"/templates/{template:tpl_[0-9A-Z]{26}}/events",
        templates.make,
        "events.write",
        "operate",
    ),
    Route(
        "POST",
        ORGANIZATION + r"/templates/{template:tpl_[0-9A-Z]{26}}/delete",
        templates.delete,
        "events.write",
        "operate",
    ),
    Route("GET", ORGANIZATION + "/import", templates.show_import, "events.write", "page"),
    Route("POST", ORGANIZATION + "/import", templates.read_in, "events.write", "operate"),
    Route("GET", ORGANIZATION + "/events", dashboard.list_events, "events.read", "page"),
    Route("GET", ORGANIZATION + "/events/new", events.show_new, "events.write", "page"),
    Route("POST", ORGANIZATION + "/events", events.create, "events.write", "operate"),
    Route("GET", EVENT, events.show, "events.read", "page"),
    Route("GET", EVENT + "/live", events.live, "events.read", "page", touches=False),
    Route("GET", EVENT + "/settings", events.show_settings, "events.write", "page"),
    Route("POST", EVENT + "/settings", events.change, "events.write", "operate"),
    Route("POST", EVENT + "/template", templates.save, "events.write", "operate"),
    Route("GET", EVENT + "/pictures", pictures.list_all, "events.write", "page"),
    Route("POST", EVENT + "/pictures", pictures.add, "events.write", "upload", file_bytes_max=FILE_BYTES_MAX),
    Route("POST", PICTURE, pictures.change, "events.write", "operate"),
    Route("POST", PICTURE + "/delete", pictures.delete, "events.write", "operate"),
    Route("POST", "/text/preview", pictures.preview_text, "person", "operate"),
    Route("POST", EVENT + "/copy", events.copy, "events.write", "operate"),
    Route("POST", EVENT + "/publish", events.publish, "events.publish", "operate"),
    Route("POST", EVENT + "/unpublish", events.unpublish, "events.publish", "operate"),
    Route("POST", EVENT + "/cancel", events.cancel, "events.publish", "operate"),
    Route("POST", EVENT + "/plan", publication.plan, "events.publish", "operate"),
    Route("POST", EVENT + "/unplan", publication.unplan, "events.publish", "operate"),
    Route("POST", EVENT + "/preview", publication.link, "events.write", "operate"),
    Route("POST", EVENT + "/archive", publication.archive, "events.publish", "operate"),
    Route("POST", EVENT + "/restore", publication.restore, "events.publish", "operate"),
    Route("POST", EVENT + "/delete", events.delete, "events.write", "operate"),
    Route("GET", EVENT + "/dates", series.show, "events.read", "page"),
    Route("POST", EVENT + "/dates", series.create, "events.write", "operate"),
    Route("POST", EVENT + "/dates/publish", series.publish, "events.publish", "operate"),
    Route("GET", EVENT + "/ticket-types", ticket_types.list_all, "events.read", "page"),
    Route("POST", EVENT + "/ticket-types", ticket_types.create, "events.write", "operate"),
    Route("GET", EVENT + r"/ticket-types/{ticket_type:tt_[0-9A-Z]{26}}", ticket_types.show, "events.read", "page"),
    Route(
        "POST", EVENT + r"/ticket-types/{ticket_type:tt_[0-9A-Z]{26}}", ticket_types.change, "events.write", "operate"
    ),
    Route(
        "POST",
        EVENT + r"/ticket-types/{ticket_type:tt_[0-9A-Z]{26}}/delete",
        ticket_types.delete,
        "events.write",
        "operate",
    ),
    Route("GET", EVENT + "/on-sale", on_sales.show, "events.read", "page"),
    Route("POST", EVENT + "/on-sale", on_sales.put, "events.write", "operate"),
    Route("GET", EVENT + "/checkout", questions.show, "events.write", "page"),
    Route("POST", EVENT + "/checkout", questions.put, "events.write", "operate"),
    Route("GET", EVENT + "/allotments", allotments.list_all, "allotments.read", "page"),
    Route("POST", EVENT + "/allotments", allotments.create, "allotments.write", "operate"),
    Route(
        "POST", EVENT + r"/allotments/{allotment:alt_[0-9A-Z]{26}}", allotments.change, "allotments.write", "operate"
    ),
    Route(
        "POST",
        EVENT + r"/allotments/{allotment:alt_[0-9A-Z]{26}}/release",
        allotments.release,
        "allotments.write",
        "operate",
    ),
    Route("GET", EVENT + "/promos", promos.list_all, "promos.read", "page"),
    Route("POST", EVENT + "/promos", promos.create, "promos.write", "operate"),
    Route("POST", EVENT + r"/promos/{promo:pro_[0-9A-Z]{26}}/status", promos.switch, "promos.write", "operate"),
    Route("POST", EVENT + r"/promos/{promo:pro_[0-9A-Z]{26}}/delete", promos.delete, "promos.write", "operate"),
    Route("GET", EVENT + "/orders", orders.search, "orders.read", "page"),
    Route("GET", EVENT + "/orders.csv", orders.export, "orders.read", "document"),
    Route("GET", EVENT + "/door-list.csv", orders.export_door_list, "orders.read", "document"),
    Route("GET", EVENT + r"/orders/{order:ord_[0-9A-Z]{26}}", orders.show, "orders.read", "page"),
    Route("POST", EVENT + r"/orders/{order:ord_[0-9A-Z]{26}}/cancel", orders.cancel, "orders.write", "operate"),
    Route("POST", EVENT + r"/orders/{order:ord_[0-9A-Z]{26}}/refunds", orders.refund, "refunds.write", "operate"),
    Route("GET", EVENT + "/devices", devices.list_all, "devices.read", "page"),
    Route("POST", EVENT + "/devices", devices.create, "devices.write", "operate"),
    Route("POST", EVENT + r"/devices/{device:dev_[0-9A-Z]{26}}/revoke", devices.revoke, "devices.write", "operate"),
    Route("POST", EVENT + "/doors", devices.set_entry_rules, "events.write", "operate"),
    Route("GET", EVENT + "/console", console.show, "orders.read", "page"),
    Route("GET", EVENT + "/console/figures", console.figures, "orders.read", "page", touches=False),
    Route("POST", EVENT + "/console/controls", console.control, "rooms.write", "operate"),
    Route("GET", EVENT + "/attendance", attendance.show, "attendance.read", "page"),
    Route("GET", EVENT + "/attendance/counts", attendance.counts, "attendance.read", "page", touches=False),
    Route("GET", EVENT + "/history", history.show, "events.write", "page"),
    Route("GET", EVENT + "/books", history.check_books, "reports.read", "page"),
    Route("GET", EVENT + "/trial", trials.show, "events.publish", "page"),
    Route("POST", EVENT + "/trial", trials.run, "events.publish", "operate"),
    Route("GET", "/featured", featured.show, "admin", "page"),
    Route("POST", "/featured", featured.put, "admin", "operate"),
    Route("GET", "/people", moderation.list_people, "admin", "page"),
    Route("POST", r"/people/{user:usr_[0-9A-Z]{26}}/disable", moderation.disable, "admin", "operate"),
    Route("POST", r"/people/{user:usr_[0-9A-Z]{26}}/enable", moderation.enable, "admin", "operate"),
    Route("POST", ORGANIZATION + "/suspend", moderation.suspend, "admin", "operate"),
    Route("POST", ORGANIZATION + "/reinstate", moderation.reinstate, "admin", "operate"),
)


# What is there before anybody has signed in.
OPEN: tuple[tuple[str, str, Handler, RouteClass], ...] = (
    ("GET", "/livez", operations.livez, "life"),
    ("GET", "/readyz", operations.readyz, "life"),
    ("GET", "/sign-in", accounts.show_sign_in, "page"),
    ("POST", "/sign-in", accounts.sign_in, "sign_in"),
    ("GET", "/register", accounts.show_register, "page"),
    ("POST", "/register", accounts.register, "sign_in"),
    ("GET", invitations.PATH, invitations.show, "page"),
    ("GET", "/media/{name}", pictures.serve, "picture"),
)


def add(app: web.Application) -> None:
    """Register every row."""
    for method, path, handler, limit in OPEN:
        manners.serve(app, method, path, handler, Manners(limit, takes=manners.UPLOAD))
    for route in ROUTES:
        manners.serve(app, route.method, route.path, guarded(route), Manners(route.limit, takes=manners.UPLOAD))
