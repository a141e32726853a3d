"""What the public reports, and an event that the platform takes down: sold no more, valid all the same."""

from __future__ import annotations

import asyncio
import re

from engine.foundation.bearer import Person
from tests.shop import WAIT_MAX_S, Answer, Shop

ROOT = Person("usr_root", is_admin=True)
HTML = {"Accept": "text/html"}


async def slug_of(shop: Shop) -> str:
    return str(await shop.services.common.pool.fetchval("SELECT slug FROM events WHERE id = $1", shop.event_id))


async def read(shop: Shop, path: str, **headers: str) -> tuple[int, str]:
    async with shop.http.get(shop.url + path, headers={**HTML, **headers}) as answer:
        return answer.status, await answer.text()


async def refused(shop: Shop) -> Answer:
    """The first hold that is refused; the engine hears of what another process did within a second."""
    async with asyncio.timeout(WAIT_MAX_S):
        while (answer := await shop.hold()).status == 201:
            await asyncio.sleep(0.02)
    return answer


async def test_anybody_reports_an_event_and_hears_what_is_missing(shop: Shop) -> None:
    await shop.open_event()
    path = f"/e/{await slug_of(shop)}/report"
    assert path in (await read(shop, path.removesuffix("/report")))[1]
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await read(shop, path))[1])
    assert csrf is not None

    async def send(**fields: str) -> tuple[int, str]:
        async with shop.http.post(shop.url + path, data=fields, headers=HTML) as answer:
            return answer.status, await answer.text()

    assert (await send(reason="fraud"))[0] == 403
    given = {"csrf": csrf[1], "reason": "other", "message": "  ", "email": "me@"}
    status, page = await send(**given)
    assert (status, "Say what is wrong" in page) == (422, True)
    status, page = await send(**{**given, "message": "<b>No such hall</b>"})
    assert (status, "&lt;b&gt;No such hall" in page, "not an e-mail address" in page) == (422, True, True)
    assert (await send(**{**given, "reason": "nothing"}))[0] == 422
    assert await shop.services.common.pool.fetchval("SELECT count(*) FROM complaints") == 0
    status, page = await send(**{**given, "message": "No such hall", "email": "Me@Example.test"})
    assert (status, "Thank you." in page) == (200, True)
    complaints = shop.services.catalogue.complaints
    (found,) = await complaints.of_state(ROOT, "open", None, 10)
    assert (found.event_id, found.message, found.email) == (shop.event_id, "No such hall", "me@example.test")
    await complaints.decide(ROOT, found.id, "dismissed")
    (found,) = await complaints.of_state(ROOT, "dismissed", None, 10)
    assert found.email is None
    assert await complaints.counts(ROOT) == {"dismissed": 1}


async def test_what_is_taken_down_sells_nothing_and_honours_what_it_sold(shop: Shop) -> None:
    await shop.open_event()
    slug, owner = await slug_of(shop), await shop.organizer()
    order, open_order, again = await shop.paid(), await shop.ordered(), await shop.paid()
    device = await shop.ask("POST", f"/v1/events/{shop.event_id}/devices", {"name": "D"}, Authorization=owner)
    complaints = shop.services.catalogue.complaints
    await complaints.hide(ROOT, shop.event_id, "Nobody knows the hall")
    answer = await refused(shop)
    assert (answer.status, answer["code"]) == (409, "sales_closed")
    await shop.work("payment_reconciler", rounds=2)
    await shop.until(open_order, "cancelled", "expired")
    status, page = await read(shop, f"/e/{slug}")
    assert (status, "This event was taken down." in page) == (404, True)
    assert (await shop.ask("GET", f"/v1/events/{shop.event_id}")).status == 404
    assert (await shop.ask("GET", "/v1/events"))["data"] == []
    mine = await shop.ask("GET", f"/v1/events/{shop.event_id}", Authorization=owner)
    assert (mine.status, mine["hidden_reason"]) == (200, "Nobody knows the hall")
    # Nothing that its organizer does shows it again.
    patched = await shop.ask(
        "PATCH", f"/v1/events/{shop.event_id}", {"title": "New"}, Authorization=owner, If_Match="*"
    )
    assert patched.status == 200, patched.body
    assert (await shop.ask("GET", "/v1/events"))["data"] == []
    shown = {"code": (await shop.tickets(order))[0]["code"]}
    gate = f"Device {device['device_id']}.{device['secret']}"
    assert (await shop.ask("POST", "/v1/tickets/validate", shown, Authorization=gate))["result"] == "admit"
    path = f"/v1/orders/{again['order_id']}/refunds"
    refund = await shop.ask("POST", path, {"reason": "ill"}, Authorization=owner, Idempotency_Key="r")
    assert refund.status == 201, refund.body
    own = {"Cookie": f"onsale_order={order['order_token']}"}
    assert (await read(shop, f"/order/{order['order_id']}", **own))[0] == 200
    await complaints.bring_back(ROOT, shop.event_id)
    async with asyncio.timeout(WAIT_MAX_S):
        while (await shop.hold()).status != 201:
            await asyncio.sleep(0.02)
    assert [one["id"] for one in (await shop.ask("GET", "/v1/events"))["data"]] == [shop.event_id]
    lines = await shop.services.insight.activity.of_event(ROOT, shop.event_id, None, 50)
    deeds = [line for line in lines if line.action in {"event.hidden", "event.brought_back"}]
    assert [(line.action, line.facts) for line in reversed(deeds)] == [
        ("event.hidden", {"reason": "Nobody knows the hall"}),
        ("event.brought_back", {}),
    ]
    (report,) = await shop.services.insight.audit.check(shop.event_id, provider=True)
    assert report["problems"] == []
