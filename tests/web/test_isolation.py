"""One organization's people never reach another's things: every organizer route, asked by a stranger and by a guest."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests import pictures
from tests.web.bodies import bodies
from tests.web.conftest import NOUNS
from tests.web.organizer import CHART, Someone, at, join

WRITTEN = (
    "organizations",
    "members",
    "invitations",
    "api_keys",
    "venues",
    "events",
    "images",
    "ticket_types",
    "on_sales",
    "allotments",
    "promo_codes",
    "series",
    "event_templates",
    "featured_events",
    "webhook_endpoints",
)


async def estate(owner: Someone, *, public: bool) -> dict[str, str]:
    """An organization with one of everything; its ids by the names that paths use."""
    organization_id = await owner.organization()
    venue_id = await owner.venue(organization_id)
    event = await owner.event(organization_id, venue_id)
    kind = await owner.ticket_type(event["id"])
    path = f"/v1/events/{event['id']}"
    await owner.ok("PUT", f"{path}/on-sale", {"opens_at": at(1)})
    allotment = await owner.ok("POST", f"{path}/allotments", {"name": "A", "section": "Floor", "quantity": 1})
    promo = await owner.ok("POST", f"{path}/promo-codes", {"code": "TEN", "kind": "percent", "value": 1000})
    template = await owner.ok("POST", f"{path}/template", {"name": "T"}, 201)
    series = await owner.ok("POST", f"{path}/series", {"rrule": "FREQ=WEEKLY;COUNT=2"}, 201)
    if public:
        await owner.ok("POST", f"{path}/publish")
    return {
        "organization_id": organization_id,
        "venue_id": venue_id,
        "event_id": event["id"],
        "ticket_type_id": kind["id"],
        "image_id": (await owner.ok("POST", f"{path}/images", data=pictures.form()))["id"],
        "allotment_id": allotment["id"],
        "promo_id": promo["id"],
        "template_id": template["id"],
        "series_id": series["series_id"],
        "invitation_id": (
            await owner.ok(
                "POST", f"/v1/organizations/{organization_id}/members", {"email": "in@x.test", "role": "owner"}
            )
        )["invitation_id"],
        "key_id": (
            await owner.ok(
                "POST", f"/v1/organizations/{organization_id}/api-keys", {"name": "K", "scopes": ["orders.read"]}, 201
            )
        )["id"],
        "endpoint_id": (
            await owner.ok(
                "POST",
                f"/v1/organizations/{organization_id}/webhook-endpoints",
                {"url": "https://hooks.example.test/in", "events": ["order.paid"]},
                201,
            )
        )["id"],
        "user_id": (await owner.ok("GET", "/v1/users/me"))["id"],
    }


async def counts(pool: asyncpg.Pool) -> dict[str, Any]:
    """Every row that a write could have touched."""
    return {table: sorted(map(repr, await pool.fetch(f"SELECT * FROM {table}"))) for table in WRITTEN}


ROUTES = [route for noun in NOUNS for route in noun.ROUTES if route.who == "organizer"]


@pytest.mark.parametrize("public", [False, True], ids=["draft", "published"])
async def test_a_stranger_and_a_guest_reach_nothing_of_another_organization(register, guest, pool, public):
    owner, stranger = await register(), await register()
    await estate(stranger, public=True)  # somebody with rights, only not here
    ids = await estate(owner, public=public)
    before, given = await counts(pool), bodies(ids)
    for route in ROUTES:
        path = route.path.format(**ids)
        if route.query is not None and "organization_id" in route.query.__struct_fields__:
            path += f"?organization_id={ids['organization_id']}"
        body = CHART if route.path.endswith("seating-chart") else given.get(getattr(route.takes, "__name__", ""))
        more = {"headers": {"If-Match": "*"}} if route.method in {"PATCH", "DELETE"} else {}
        file = (lambda route=route: {"data": pictures.form()}) if route.takes_file else dict
        asked = await stranger.ask(route.method, path, body, **more, **file())
        assert asked.status in {403, 404}, (route.method, route.path, asked.status, await asked.text())
        if not public:
            hidden = "{organization_id}" not in route.path and "{" in route.path
            assert asked.status == 404 or not hidden, (route.method, route.path, "a draft's existence was told")
        asked = await guest.ask(route.method, path, body, **more, **file())
        assert asked.status == 401, (route.method, route.path, asked.status)
    assert await counts(pool) == before


async def test_each_role_reaches_what_it_may_over_http(register, pool):
    owner = await register()
    ids = await estate(owner, public=True)
    people = {}
    for role in ("manager", "finance", "box_office"):
        people[role] = await register()
        await join(pool, owner, ids["organization_id"], people[role], role)
    headers = {"If-Match": "*"}
    event = f"/v1/events/{ids['event_id']}"
    for role, status in (("manager", 200), ("finance", 403), ("box_office", 403)):
        assert (await people[role].ask("PATCH", event, {"summary": role}, headers=headers)).status == status
        assert (await people[role].ask("POST", f"{event}/publish")).status == status
        assert (await people[role].ask("GET", f"{event}/promo-codes")).status == 200
        assert (await people[role].ask("GET", f"{event}/allotments")).status == 200
        new_member = {"email": "x@y.test", "role": "owner"}
        path = f"/v1/organizations/{ids['organization_id']}/members"
        assert (await people[role].ask("POST", path, new_member)).status == 403


async def test_a_removed_member_is_out_at_once(register, pool):
    owner, manager = await register(), await register()
    ids = await estate(owner, public=False)
    manager_id = await join(pool, owner, ids["organization_id"], manager, "manager")
    await manager.ok("GET", f"/v1/events/{ids['event_id']}")
    await owner.ok("DELETE", f"/v1/organizations/{ids['organization_id']}/members/{manager_id}", status=204)
    await manager.refused("event_unknown", "GET", f"/v1/events/{ids['event_id']}")


async def test_an_id_of_another_kind_or_of_nothing_is_not_found(register):
    owner = await register()
    ids = await estate(owner, public=True)
    headers = {"If-Match": "*"}
    wrong = ids["event_id"]
    nouns = ("venues", "ticket-types", "promo-codes", "organizations")
    for path in (f"/v1/events/{ids['venue_id']}", *[f"/v1/{noun}/{wrong}" for noun in nouns]):
        assert (await owner.ask("GET", path)).status == 404, path
        if "organizations" not in path:
            assert (await owner.ask("PATCH", path, {}, headers=headers)).status == 404, path
