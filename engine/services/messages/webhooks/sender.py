"""Messages go out: several at once, few to one endpoint, those of one object one after the other.

A try that its process does not live to note is another's after CLAIM_S: a message may come twice, and never stays away.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from typing import Final

from cryptography.fernet import InvalidToken, MultiFernet
from prometheus_client import Counter

from engine.domain.errands import MailWebhookOff
from engine.domain.messages import webhooks as rules
from engine.domain.messages.webhooks import GONE
from engine.foundation import logs
from engine.foundation.clock import now_ms
from engine.foundation.ids import new_id
from engine.foundation.metrics import labelled
from engine.services.messages.webhooks.documents import Documents, Happened, Shapes, body_of
from engine.stores import activity, outbox
from engine.stores.database import Connection, Pool
from engine.stores.messages.webhooks import deliveries
from engine.stores.messages.webhooks import endpoints as endpoint_store
from engine.stores.messages.webhooks.deliveries import Delivery, Try
from engine.stores.messages.webhooks.gateway import Answer, WebhookGateway

FLIGHTS_MAX: Final = 48  # tries under way in this process
OK: Final = range(200, 300)
LOST = "The message tells of something that is not there any more"
SEALED = "The secret cannot be opened: its master key is gone. Give the endpoint another secret"

_TRIES = Counter("onsale_webhook_tries_total", "Tries to deliver a webhook message by outcome", ["outcome"])
_log = logs.get("webhooks_out")


class WebhookSender:
    """``seal`` opens secrets. Its tries go on from step to step; ``close`` ends them."""

    def __init__(self, *, pool: Pool, gateway: WebhookGateway, documents: Documents, seal: MultiFernet) -> None:
        self._pool = pool
        self._gateway = gateway
        self._documents = documents
        self._seal = seal
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def step(self, shapes: Shapes) -> int:
        """Begin tries that are due, and wait until one ends if there is no room for more. How many began."""
        if len(self._under_way) >= FLIGHTS_MAX:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        busy = Tally(self._under_way.values())
        claimed = await deliveries.claim(self._pool, FLIGHTS_MAX - len(self._under_way), busy)
        for delivery in claimed:
            task = asyncio.create_task(self._try(delivery, shapes))
            self._under_way[task] = delivery.endpoint_id
            task.add_done_callback(self._under_way.pop)
        return len(claimed)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """End what is under way: it is tried again later."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _try(self, delivery: Delivery, shapes: Shapes) -> None:
        try:
            await self._note(delivery, await self._sent(delivery, shapes))
        except Exception as error:  # noqa: BLE001 - a ledger that is away: the claim runs out, and it is tried again
            _log.warning("webhook_try_lost", message=delivery.message_id, error=repr(error))

    async def _sent(self, delivery: Delivery, shapes: Shapes) -> Answer:
        body = await self._body(delivery, shapes)
        if body is None:
            return Answer(None, LOST, "", 0)
        sealed = [delivery.secret, *([delivery.older_secret] if delivery.older_secret else [])]
        try:
            secrets = [self._seal.decrypt(each) for each in sealed]
        except InvalidToken:
            return Answer(None, SEALED, "", 0)
        headers = rules.headers(secrets, delivery.message_id, now_ms() // 1000, body)
        return await self._gateway.post(delivery.url, headers, body)

    async def _body(self, delivery: Delivery, shapes: Shapes) -> bytes | None:
        """The bytes that were kept; of somebody who was erased since, the message as it would be written now."""
        if delivery.body is not None:
            return delivery.body.encode()
        happened = Happened(
            delivery.kind, delivery.organization_id, delivery.object_id, delivery.subject, "", delivery.happened_at
        )
        (data,) = await self._documents.of([happened], shapes)
        if data is None:
            return None
        body = body_of(happened, delivery.message_id, delivery.sequence, data)
        await deliveries.keep_body(self._pool, delivery.message_id, body.decode())
        return body

    async def _note(self, delivery: Delivery, answer: Answer) -> None:
        tried = Try(new_id("wha"), answer.status, answer.error, answer.response, answer.took_ms)
        arrived = answer.status is not None and answer.status in OK
        labelled(_TRIES, "delivered" if arrived else "failed").inc()
        async with self._pool.acquire() as db, db.transaction():
            if arrived:
                await deliveries.delivered(db, delivery, tried)
                return
            pause = rules.pause(delivery.tried + 1)
            failing = await deliveries.failed(db, delivery, tried, pause)
            if answer.status == GONE or failing:
                await self._switch_off(db, delivery.endpoint_id, "gone" if answer.status == GONE else "failing")

    async def _switch_off(self, db: Connection, endpoint_id: str, reason: str) -> None:
        """Nothing more is sent there, and its owners are told."""
        disabled = await endpoint_store.disable(db, endpoint_id, reason)
        if disabled is None:
            return
        organization_id, url = disabled
        await activity.record(
            db,
            None,
            "webhook.switched_off",
            organization_id,
            endpoint_id=endpoint_id,
            url=rules.place(url),
            reason=reason,
        )
        for email, language in await endpoint_store.owners(db, organization_id):
            await outbox.add(db, endpoint_id, MailWebhookOff(endpoint_id=endpoint_id, email=email, language=language))
