"""A shop that keeps the contract in memory, to rehearse the rehearsal: it can be told to oversell, to fail, to shed.

Run as a process: `fake_shop.py STRIPE_URL WEBHOOK_PORT FAULT`; prints its address as a JSON line.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys

import aiohttp
from aiohttp import web

CAPACITY = 4_000


class FakeShop:
    def __init__(self, stripe: str, fault: str) -> None:
        self.stripe, self.fault = stripe, fault
        self.units = itertools.count()
        self.holds: dict[str, list[int]] = {}
        self.orders: dict[str, dict] = {}
        self.intents: dict[str, str] = {}
        self.scanned: set[str] = set()
        self.seen = itertools.count(1)
        self.asked = itertools.count(1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/rooms/{event}", self.room), web.post("/v1/rooms/{event}/join", self.join),
            web.post("/v1/rooms/{event}/claim", self.claim),
            web.post("/v1/rooms/{event}/release", self.release), web.get("/v1/events/{event}", self.event),
            web.post("/v1/holds", self.hold), web.delete("/v1/holds/{id}", self.release),
            web.post("/v1/orders", self.order), web.get("/v1/orders/{id}/status", self.status),
            web.get("/v1/orders/{id}/tickets", self.tickets), web.post("/v1/tickets/validate", self.scan),
            web.post("/hook", self.hook),
        ]  # fmt: skip

    async def room(self, request):
        return web.json_response({"phase": "open", "serving": 10**9, "poll": {"min_s": 1}})

    async def event(self, request):
        kinds = [{"id": "tt_seat", "max_per_order": 8}, {"id": "tt_floor", "type": "GA", "max_per_order": 8}]
        return web.json_response({"id": request.match_info["event"], "ticket_types": kinds})

    async def join(self, request):
        number = next(self.seen)
        return web.json_response({"queue_ticket": f"q{number}", "kind": "live", "number": number}, status=201)

    async def claim(self, request):
        if next(self.seen) % 5 == 0:
            return web.json_response({"position": 3, "ahead": 2, "eta_s": 1, "retry_after_s": 0.05}, status=202)
        return web.json_response({"admission_token": "adm"})

    async def hold(self, request):
        assert request.headers["Authorization"] == "Admission adm"
        assert request.headers["Idempotency-Key"]
        body = await request.json()
        if self.fault == "error" and next(self.asked) % 40 == 0:
            return web.json_response({"code": "internal"}, status=500)
        if self.fault == "shed" and next(self.asked) % 20 == 0:
            return web.json_response({"code": "overloaded"}, status=503, headers={"Retry-After": "0.05"})
        units = [next(self.units) for _ in range(body["items"][0]["quantity"])]
        if units[-1] >= CAPACITY:
            return web.json_response({"code": "sold_out", "free": 0}, status=409)
        if self.fault == "oversell" and units[-1] > 100:
            units[0] = 7
        hold = f"hld_{next(self.seen)}"
        self.holds[hold] = units
        return web.json_response({"id": hold, "hold_token": f"t-{hold}"}, status=201)

    async def release(self, request):
        return web.json_response({})

    async def order(self, request):
        body = await request.json()
        assert request.headers["X-Order-Token"] == f"t-{body['hold_id']}"
        order = body["hold_id"].replace("hld", "ord")
        units = self.holds[body["hold_id"]]
        form = {"amount": str(5000 * len(units)), "currency": "cad", "metadata[order_id]": order}
        headers = {"Authorization": "Bearer sk_test_shop", "Idempotency-Key": order}
        async with self.http.post(f"{self.stripe}/v1/payment_intents", data=form, headers=headers) as made:
            intent = await made.json()
        self.orders[order] = {"status": "pending", "units": units}
        return web.json_response(
            {"order_id": order, "order_token": f"o-{order}", "amount_cents": intent["amount"],
             "client_secret": intent["client_secret"], "publishable_key": "pk_test_shop"}, status=201,
        )  # fmt: skip

    async def hook(self, request):
        event = await request.json()
        self.orders[event["data"]["object"]["metadata"]["order_id"]]["status"] = "paid"
        return web.Response()

    async def status(self, request):
        order = self.orders[request.match_info["id"]]
        return web.json_response({"status": order["status"]}, headers={"ETag": f'"{order["status"]}"'})

    async def tickets(self, request):
        assert request.headers["X-Order-Token"] == f"o-{request.match_info['id']}"
        units = self.orders[request.match_info["id"]]["units"]
        return web.json_response({"data": [{"unit": unit, "code": f"code-{unit}"} for unit in units]})

    async def scan(self, request):
        assert request.headers["Authorization"] == "Device dev_1.s3cret"
        code = (await request.json())["code"]
        result = "duplicate" if code in self.scanned else "admit"
        self.scanned.add(code)
        return web.json_response({"result": result})


async def main() -> None:
    stripe, port, fault = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    shop = FakeShop(stripe, fault)
    shop.http = aiohttp.ClientSession()
    app = web.Application()
    app.add_routes(shop.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with shop.http.post(
        f"{stripe}/_sandbox/controls",
        json={"webhook_url": f"{url}/hook", "webhook_events": ["payment_intent.succeeded"]},
    ) as answer:
        assert answer.status == 200
    print(json.dumps({"url": url}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
