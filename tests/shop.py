"""A whole shop in one process: engine over real stores, the payment sandbox, a mail catcher, and a buyer's steps."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope

from engine.app import create_app
from engine.foundation.bearer import Bearers, Person
from engine.foundation.ids import new_id
from engine.jobs import all_jobs
from engine.services import appkeys
from engine.services.money.orders import Orders
from engine.services.wiring import Services, open_services
from engine.settings import Settings
from loadtest.sandbox.app import build_app
from loadtest.sandbox.controls import Controls
from tests import factories

ERRAND_LOOKS = 12
WAIT_MAX_S = 10.0
_keys = itertools.count(1)


@dataclass
class Mailbox:
    """Catches mail."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


@dataclass
class Shop:
    """``services`` are a second process's: workers and direct questions."""

    url: str
    stripe_url: str
    http: aiohttp.ClientSession
    services: Services
    mailbox: Mailbox
    bearers: Bearers
    orders: Orders
    event_id: str = ""
    types: list[str] = field(default_factory=list)
    organization_id: str = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if isinstance(body, bytes):
            named.setdefault("Content-Type", "application/json")
        raw_body = isinstance(body, bytes | aiohttp.FormData)
        more: dict[str, Any] = {"data": body} if raw_body else {"json": body} if body is not None else {}
        more["allow_redirects"] = "/auth/oauth/" not in path  # which leads to another site
        async with self.http.request(method, self.url + path, headers=named, **more) as response:
            raw = await response.read()
            parsed = await response.json(content_type=None) if raw and "json" in response.content_type else raw
            return Answer(response.status, parsed, response.headers)

    def key(self) -> str:
        return f"key-{next(_keys)}-{new_id('k')}"

    async def open_event(
        self, *sections: dict[str, Any], types: list[dict[str, Any]] | None = None, **columns: Any
    ) -> None:
        self.organization_id = await factories.organization(self.services.common.pool)
        sections = sections or (factories.general("Floor", 100),)
        types = types or [{"categories": ["Floor"]}]
        self.event_id, self.types = await factories.event(
            self.services.common.pool,
            factories.chart(*sections),
            types,
            organization_id=self.organization_id,
            **columns,
        )
        await self.services.sale.inventory.load(self.event_id)

    async def hold(self, quantity: int = 1, **more: Any) -> Answer:
        promo = {"promo_code": more.pop("promo_code")} if "promo_code" in more else {}
        item = {"ticket_type_id": more.pop("type", self.types[0]), "quantity": quantity, **more}
        return await self.ask(
            "POST", "/v1/holds", {"event_id": self.event_id, "items": [item], **promo}, Idempotency_Key=self.key()
        )

    async def order(self, hold: Answer, key: str | None = None, **more: Any) -> Answer:
        body = {"hold_id": hold["id"], "user_info": {"name": "Ada", "email": "Ada@Example.test"}, **more}
        return await self.ask(
            "POST", "/v1/orders", body, X_Order_Token=hold["hold_token"], Idempotency_Key=key or self.key()
        )

    async def ordered(self, quantity: int = 1, **more: Any) -> Answer:
        hold = await self.hold(quantity, **more)
        assert hold.status == 201, hold.body
        order = await self.order(hold)
        assert order.status == 201, order.body
        return order

    async def pay(self, order: Answer, method: str = "pm_card_visa") -> tuple[int, Any]:
        """As Stripe.js does it: the publishable key, the client secret, a form."""
        intent_id = order["client_secret"].partition("_secret_")[0]
        async with self.http.post(
            f"{self.stripe_url}/v1/payment_intents/{intent_id}/confirm",
            data={"client_secret": order["client_secret"], "payment_method": method},
            headers={"Authorization": f"Bearer {order['publishable_key']}"},
        ) as response:
            return response.status, await response.json()

    async def paid(self, quantity: int = 1, **more: Any) -> Answer:
        order = await self.ordered(quantity, **more)
        assert (await self.pay(order))[0] == 200
        assert (await self.until(order, "paid"))["status"] == "paid"
        return order

    async def status(self, order: Answer) -> Answer:
        return await self.ask("GET", f"/v1/orders/{order['order_id']}/status", X_Order_Token=order["order_token"])

    async def tickets(self, order: Answer) -> list[dict[str, Any]]:
        answer = await self.ask("GET", f"/v1/orders/{order['order_id']}/tickets", X_Order_Token=order["order_token"])
        assert answer.status == 200, answer.body
        return list(answer["data"])

    async def until(self, order: Answer, *statuses: str) -> Answer:
        async with asyncio.timeout(WAIT_MAX_S):
            while (answer := await self.status(order))["status"] not in statuses:
                await asyncio.sleep(0.02)
        return answer

    async def switch(self, **changes: Any) -> None:
        """Change the sandbox's weather."""
        async with self.http.post(f"{self.stripe_url}/_sandbox/controls", json=changes) as response:
            assert response.status == 200, await response.text()

    async def sandbox(self, path: str, body: Any = None) -> Any:
        async with self.http.post(f"{self.stripe_url}/_sandbox/{path}", json=body or {}) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def provider(self) -> Any:
        async with self.http.get(f"{self.stripe_url}/_sandbox/state") as response:
            return await response.json()

    async def work(self, *names: str, rounds: int = 1) -> None:
        """Run the worker's jobs by name, once or more; with the relay, that of what can wait."""
        wanted = {*names, "waiting_relay"} if "outbox_relay" in names else set(names)
        for _ in range(rounds):
            for job in all_jobs(self.services):
                if job.name in wanted:
                    await job.step()

    async def overdue(self, order: Answer) -> None:
        """Let the order's time be over."""
        await self.services.common.pool.execute(
            "UPDATE orders SET expires_at = now() - interval '1 second', reconcile_at = now() WHERE id = $1",
            order["order_id"],
        )

    async def organizer(self, role: str = "owner") -> str:
        """The Authorization header of somebody who works for the event's organization."""
        user_id = new_id("usr")
        await self.services.common.pool.execute(
            "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'Organizer', 'x')",
            user_id,
            f"{user_id.lower()}@x.test",
        )
        await self.services.common.pool.execute(
            "INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)",
            self.organization_id,
            user_id,
            role,
        )
        return "Bearer " + self.bearers.sign(Person(user_id, is_admin=False))

    async def pulse(self) -> dict[str, int]:
        """Units free, held, ordered and sold, as Redis counts them."""
        found = await self.services.common.redis.hgetall(b"inv:{%s}:pulse" % self.event_id.encode())
        names = {b"free", b"held", b"ordered", b"sold"}
        return {name.decode(): int(value) for name, value in found.items() if name in names}

    async def settled_errands(self) -> int:
        """Errands left in the outbox apart from mail, once those that were done had their time to leave it."""
        for _ in range(ERRAND_LOOKS):
            await asyncio.sleep(0.05)
            left: int = await self.services.common.pool.fetchval(
                "SELECT count(*) FROM outbox WHERE topic NOT LIKE 'mail.%'"
            )
            if not left:
                break
        return left


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


@pytest.fixture
async def shop(settings: Settings, mailbox: Mailbox, hot: Any) -> AsyncIterator[Shop]:
    sandbox = TestServer(build_app(Controls()))
    await sandbox.start_server()
    stripe_url = str(sandbox.make_url("")).rstrip("/")
    changes = {"stripe_url": stripe_url, "stripe_rate_per_s": 1000, "smtp_host": "127.0.0.1", "smtp_port": mailbox.port,
               "webhooks_private": True}  # fmt: skip
    own = settings.model_copy(update=changes)
    engine = TestServer(create_app(own))
    await engine.start_server()
    url = str(engine.make_url("")).rstrip("/")
    jar = aiohttp.CookieJar(unsafe=True)  # takes cookies of an address that is no name
    async with aiohttp.ClientSession(cookie_jar=jar) as http, open_services(own) as services:
        shop = Shop(url, stripe_url, http, services, mailbox, engine.app[appkeys.BEARERS], engine.app[appkeys.ORDERS])
        await shop.switch(webhook_url=url + "/v1/webhooks/stripe", webhook_secret="whsec_test_onsale")
        yield shop
    await engine.close()
    await sandbox.close()
