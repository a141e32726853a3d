"""A trial order: one place bought, admitted and refunded on an event that is for sale, over the API that buyers use.

It shows on the morning of a release that the whole line stands: hold, order, payment, webhook, ticket, gate, refund,
books. The money is play money: with keys that take real money there is no trial. The place is back on sale at the end,
the order stays in the list as refunded.

TrialRefused 409 trial_refused
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from engine.domain.accounts.people import User
from engine.domain.catalogue.events import Event
from engine.domain.money.refund_requests import RefundRequest
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.errors import Conflict, Refusal
from engine.foundation.ids import new_id
from engine.services.wiring import Services

CALL_TIMEOUT_S: Final = 10.0
PAID_WITHIN_S: Final = 20.0  # the webhook's way; a provider's is seconds at most
REFUNDED_WITHIN_S: Final = 20.0
LOOK_EVERY_S: Final = 0.25
ADMITTED_FOR_MS: Final = 120_000
NAME: Final = "Trial order"
STEPS: Final = (
    "A place is held",
    "An order is opened",
    "The payment goes through",
    "The provider reports it, the order is paid",
    "The ticket is out",
    "A scanner lets it in",
    "The same ticket a second time is stopped",
    "The money is given back",
    "The refunded ticket is stopped",
    "The books agree",
)


class TrialRefused(Conflict):
    code, title = "trial_refused", "A trial order is not possible here"


class StepError(Exception):
    """What was expected did not come. The message is for people."""


@dataclass(frozen=True, slots=True)
class Step:
    """``done`` is None where an earlier step failed and this one was not tried."""

    text: str
    done: bool | None
    took_ms: int = 0
    note: str = ""


@dataclass(slots=True)
class Trial:
    """One run. ``order_id`` is empty until there is an order."""

    services: Services
    person: Person
    user: User
    event: Event
    client: aiohttp.ClientSession
    steps: list[Step] = field(default_factory=list)
    order_id: str = ""
    credential: str = ""
    held: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    ticket: dict[str, Any] = field(default_factory=dict)
    is_refunded: bool = False

    @property
    def is_good(self) -> bool:
        return all(step.done for step in self.steps)

    async def walk(self) -> None:
        """Every step in turn; after the first that fails the rest is not tried, and what was taken is given back."""
        acts = (
            self._hold, self._open, self._pay, self._paid, self._issued, self._admitted, self._stopped, self._refund,
            self._refused, self._books,
        )  # fmt: skip
        async with self._scanner() as self.credential:
            for text, act in zip(STEPS, acts, strict=True):
                if self.steps and not self.steps[-1].done:
                    self.steps.append(Step(text, None))
                    continue
                began_s = time.monotonic()
                try:
                    note, done = await act(), True
                except StepError as failed:
                    note, done = str(failed), False
                except Refusal as refusal:
                    note, done = str(refusal.detail), False
                self.steps.append(Step(text, done, round(1000 * (time.monotonic() - began_s)), note))
        if not self.is_good:
            await self._give_back()

    async def _hold(self) -> str:
        """Of the first ticket type that has a place left."""
        refusal = "There is no ticket type"
        for kind in await self.services.catalogue.ticket_types.of_event(self.person, self.event.id):
            items = [{"ticket_type_id": kind.id, "quantity": 1}]
            body = {"event_id": self.event.id, "items": items}
            status, answer = await self._call("POST", "/v1/holds", body, self._admission())
            if status == 201:  # noqa: PLR2004 - HTTP
                self.held = answer
                unit = answer["items"][0]
                return f"{unit.get('seat') or unit['section']}, {kind.name}"
            refusal = str(answer.get("detail") or answer.get("title") or status)
        raise StepError(refusal)

    async def _open(self) -> str:
        body = {"hold_id": self.held["id"], "user_info": {"name": NAME, "email": self.user.email}}
        headers = {"X-Order-Token": self.held["hold_token"], **self._admission()}
        status, answer = await self._call("POST", "/v1/orders", body, headers)
        self.order = _expect(status, answer, 201)
        self.order_id = answer["order_id"]
        return str(answer["order_number"])

    async def _pay(self) -> str:
        """As the buyer's browser does it, with the provider's test card."""
        if not self.order["amount_cents"]:
            return "Free: there is nothing to pay"
        secret = self.order["client_secret"]
        intent = secret.partition("_secret_")[0]
        url = f"{self.services.common.settings.stripe_url}/v1/payment_intents/{intent}/confirm"
        headers = {"Authorization": f"Bearer {self.order['publishable_key']}"}
        given = {"client_secret": secret, "payment_method": "pm_card_visa"}
        async with self._reached("The payment provider"), self.client.post(url, data=given, headers=headers) as answer:
            document = orjson.loads(await answer.read())
        if not answer.ok:
            raise StepError(str(document.get("error", {}).get("message", answer.status)))
        return str(document["status"])

    async def _paid(self) -> str:
        """Nobody confirms by hand: only the provider's word makes the order paid."""
        token = {"X-Order-Token": self.order["order_token"]}
        deadline_s = time.monotonic() + PAID_WITHIN_S
        while time.monotonic() < deadline_s:
            status, answer = await self._call("GET", f"/v1/orders/{self.order_id}", None, token)
            if _expect(status, answer, 200)["status"] == "paid":
                return ""
            await asyncio.sleep(LOOK_EVERY_S)
        raise StepError(f"Not within {PAID_WITHIN_S:.0f} seconds: look at the provider's webhooks, and at the worker")

    async def _issued(self) -> str:
        token = {"X-Order-Token": self.order["order_token"]}
        status, answer = await self._call("GET", f"/v1/orders/{self.order_id}/tickets", None, token)
        (self.ticket,) = _expect(status, answer, 200)["data"]
        if not self.ticket.get("code"):
            raise StepError("The ticket has no code")
        return f"It also goes to {self.user.email}"

    async def _admitted(self) -> str:
        return await self._scan("admit")

    async def _stopped(self) -> str:
        return await self._scan("duplicate")

    async def _refund(self) -> str:
        refund = await self.services.money.refunds.create(self.person, self.order_id, RefundRequest(reason=NAME))
        self.is_refunded = True
        deadline_s = time.monotonic() + REFUNDED_WITHIN_S
        while refund.status == "pending" and time.monotonic() < deadline_s:
            await asyncio.sleep(LOOK_EVERY_S)
            refund = await self.services.money.refunds.read(refund.id)
        if refund.status != "succeeded":
            raise StepError(f"The refund is {refund.status}{': ' + refund.error if refund.error else ''}")
        return ""

    async def _refused(self) -> str:
        return await self._scan("reject")

    async def _books(self) -> str:
        (report,) = await self.services.insight.audit.check(self.event.id)
        if not report["ok"]:
            raise StepError("They do not: see “Check the books”")
        return ""

    async def _scan(self, result: str) -> str:
        headers = {"Authorization": f"Device {self.credential}"}
        body = {"code": self.ticket["code"], "nonce": new_id("key")[-24:]}
        status, answer = await self._call("POST", "/v1/tickets/validate", body, headers)
        if _expect(status, answer, 200)["result"] != result:
            raise StepError(f"The gate said {answer['result']}, {answer['reason']}")
        return ""

    @contextlib.asynccontextmanager
    async def _scanner(self) -> AsyncIterator[str]:
        """A scanner of the trial's own, revoked at its end."""
        devices = self.services.gates.devices
        device, secret = await devices.create(self.person, self.event.id, NAME, [])
        try:
            yield f"{device.id}.{secret}"
        finally:
            await devices.revoke(self.person, self.event.id, device.id)

    async def _give_back(self) -> None:
        """Leave nothing taken: an unpaid order is cancelled, a paid one refunded. An unused hold ends by itself."""
        if not self.order_id or self.is_refunded:
            return
        try:
            await self.services.money.orders.cancel(self.order_id, person=self.person, token=None)
        except Refusal:
            with contextlib.suppress(Refusal):
                await self.services.money.refunds.create(self.person, self.order_id, RefundRequest(reason=NAME))

    def _admission(self) -> dict[str, str]:
        """Past the waiting room, as its own front would be."""
        keys = self.services.common.settings.keyring.event(self.event.id)
        token = keys.mint_admission(
            lease_id=os.urandom(16),
            device_key_hash=bytes(16),
            not_before_ms=now_ms() - 1_000,
            expires_at_ms=now_ms() + ADMITTED_FOR_MS,
        )
        return {"Authorization": f"Admission {token}"}

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        url = self.services.common.settings.engine_url.rstrip("/") + path
        headers = {"Idempotency-Key": new_id("key"), **headers} if method == "POST" else headers
        async with (
            self._reached("The shop"),
            self.client.request(method, url, json=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, orjson.loads(await answer.read())

    @contextlib.asynccontextmanager
    async def _reached(self, whom: str) -> AsyncIterator[None]:
        try:
            yield
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise StepError(f"{whom} does not answer at its address") from error


def why_not(services: Services, event: Event) -> str:
    """Why no trial is possible; empty where one is."""
    if event.status != "published":
        return "A trial needs an event that is published."
    if not services.common.settings.stripe_publishable_key.startswith("pk_test"):
        return "The payment keys of this installation take real money: try with test keys."
    return ""


async def run(services: Services, person: Person, user: User, event: Event) -> Trial:
    """The steps as they went. TrialRefused before anything is done."""
    reason = why_not(services, event)
    if reason:
        raise TrialRefused(reason)
    timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as client:
        trial = Trial(services=services, person=person, user=user, event=event, client=client)
        await trial.walk()
    return trial


def _expect(status: int, answer: dict[str, Any], wanted: int) -> dict[str, Any]:
    if status != wanted:
        raise StepError(str(answer.get("detail") or answer.get("title") or status))
    return answer
