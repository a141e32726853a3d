"""Flags of the platform: turned at run time, known to every process within a second, draining."""

from __future__ import annotations

import asyncio

import pytest

from engine.foundation.bearer import Person
from tests.shop import WAIT_MAX_S, Answer, Shop

ROOT = Person("usr_root", is_admin=True)
PATH = "/v1/platform/flags"


async def turn(shop: Shop, **flags: bool) -> Answer:
    """As an admin does it, over HTTP."""
    return await shop.ask("PATCH", PATH, flags, Authorization="Bearer " + shop.bearers.sign(ROOT))


async def elsewhere(shop: Shop, **switches: bool) -> None:
    """Another process, the shop's own services, knows too."""
    async with asyncio.timeout(WAIT_MAX_S):
        while any(getattr(shop.services.accounts.flags.switches, name) != on for name, on in switches.items()):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("flag", ["checkout", "ticketing"])
async def test_what_is_switched_off_refuses_what_is_new_and_finishes_what_was_begun(shop: Shop, flag: str) -> None:
    await shop.open_event()
    hold, begun = await shop.hold(), await shop.ordered()
    assert (await turn(shop, **{flag: False}))[flag] is False
    for refused in (await shop.hold(), await shop.order(hold)):
        assert (refused.status, refused["code"]) == (503, "switched_off")
        assert refused.headers["Retry-After"]
    await elsewhere(shop, selling=False)
    assert (await shop.pay(begun))[0] == 200  # the webhook is heard
    await shop.until(begun, "paid")
    kept = await shop.ask("GET", f"/v1/holds/{hold['id']}", X_Order_Token=hold["hold_token"])
    assert kept.status == 200
    await turn(shop, **{flag: True})
    await elsewhere(shop, selling=True)
    assert (await shop.order(hold)).status == 201
    lines = await shop.services.common.pool.fetch(
        "SELECT action, actor_id, facts FROM audit_log WHERE target = 'platform'"
    )
    assert [(line["action"], line["actor_id"], line["facts"]["flag"]) for line in lines] == [
        ("platform.switched_off", "usr_root", flag),
        ("platform.switched_on", "usr_root", flag),
    ]


async def test_refunds_and_scanning_have_switches_of_their_own(shop: Shop) -> None:
    await shop.open_event()
    order, owner = await shop.paid(), await shop.organizer()
    await turn(shop, refunds=False, scanning=False)
    path = f"/v1/orders/{order['order_id']}/refunds"
    refused = await shop.ask("POST", path, {"reason": "ill"}, Authorization=owner, Idempotency_Key="r")
    assert (refused.status, refused["code"]) == (503, "switched_off")
    device = await shop.ask("POST", f"/v1/events/{shop.event_id}/devices", {"name": "D"}, Authorization=owner)
    shown = {"code": (await shop.tickets(order))[0]["code"]}
    gate = f"Device {device['device_id']}.{device['secret']}"
    refused = await shop.ask("POST", "/v1/tickets/validate", shown, Authorization=gate)
    assert (refused.status, refused["code"]) == (503, "switched_off")
    assert (await shop.hold()).status == 201
    await turn(shop, refunds=True, scanning=True)
    assert (await shop.ask("POST", "/v1/tickets/validate", shown, Authorization=gate))["result"] == "admit"
    assert (await shop.ask("POST", path, {"reason": "ill"}, Authorization=owner, Idempotency_Key="s")).status == 201


async def test_a_process_that_begins_and_one_that_missed_the_news_know_what_is_off(shop: Shop) -> None:
    await shop.services.common.pool.execute(
        "INSERT INTO platform_flags (name, is_on, changed_by) VALUES ('refunds', false, 'usr_root')"
    )
    await elsewhere(shop, refunds=False)
    flags = await shop.ask("GET", PATH, Authorization="Bearer " + shop.bearers.sign(ROOT))
    assert {name: flags[name] for name in ("refunds", "checkout", "payouts")} == {
        "refunds": False, "checkout": True, "payouts": True
    }  # fmt: skip


async def test_flags_are_the_platforms_own(shop: Shop) -> None:
    await shop.open_event()
    owner = await shop.organizer()
    assert (await shop.ask("GET", PATH, Authorization=owner)).status == 403
    assert (await shop.ask("PATCH", PATH, {"checkout": False}, Authorization=owner)).status == 403
    wrong = await shop.ask("PATCH", PATH, {"checkout": "no"}, Authorization="Bearer " + shop.bearers.sign(ROOT))
    assert (wrong.status, wrong["errors"][0]["pointer"]) == (422, "/checkout")
    assert (await shop.hold()).status == 201
