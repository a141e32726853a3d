"""Delivers events as Stripe does: signed, at least once, in no particular order, again and again until a 2xx."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections import Counter

import aiohttp

from loadtest.sandbox import limits
from loadtest.sandbox.controls import Board
from loadtest.sandbox.errors import Obj
from loadtest.sandbox.store import Store

_log = logging.getLogger(__name__)


def signature(secret: str, payload: bytes, at_s: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 over "{time}.{payload}"."""
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={mac}"


class Webhooks:
    """A bounded queue of deliveries and a fixed crew of senders. `counts` says what became of them."""

    def __init__(self, store: Store, board: Board) -> None:
        self._store, self._board = store, board
        self._ready: asyncio.Queue[tuple[Obj, int]] = asyncio.Queue()
        self._held_back = 0
        self.counts: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Deliveries that are queued or held back by a delay or a retry."""
        return self._ready.qsize() + self._held_back

    def offer(self, event: Obj) -> None:
        """Let one new event out into today's weather: maybe lost, late, doubled or overtaken."""
        now = self._board.now
        if not (now.webhook_enabled and now.webhook_url and _wanted(event["type"], now.webhook_events)):
            return
        dice = self._board.dice
        if now.webhook_loss_rate and dice.random() < now.webhook_loss_rate:
            self.counts["lost"] += 1
            return
        copies = 1
        if now.webhook_duplicate_rate and dice.random() < now.webhook_duplicate_rate:
            copies = now.webhook_copies
            self.counts["duplicated"] += 1
        for _ in range(copies):
            delay_ms = 0.0
            if now.webhook_delay_max_ms:
                delay_ms = dice.uniform(
                    min(now.webhook_delay_min_ms, now.webhook_delay_max_ms), now.webhook_delay_max_ms
                )
            if now.webhook_reorder_rate and dice.random() < now.webhook_reorder_rate:
                delay_ms += now.webhook_reorder_ms
                self.counts["reordered"] += 1
            self.send_later(event, delay_ms=delay_ms)

    def send_later(self, event: Obj, *, delay_ms: float = 0.0, attempt: int = 1) -> None:
        if self.waiting >= limits.DELIVERIES_WAITING_MAX:
            self.counts["overflowed"] += 1  # as good as lost; it can be sent again by its id
            return
        event["_awaited"] = True
        if delay_ms <= 0:
            self._ready.put_nowait((event, attempt))
            return
        self._held_back += 1
        asyncio.get_running_loop().call_later(delay_ms / 1000, self._release, event, attempt)

    def resume(self) -> None:
        """After a restart: send again what had not been delivered."""
        for event in list(self._store.tables["events"].by_id.values()):
            if event["_awaited"]:
                self.send_later(event)

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=limits.DELIVERIES_IN_FLIGHT_MAX, keepalive_timeout=15)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
            crew = [asyncio.create_task(self._deliver(session)) for _ in range(limits.DELIVERIES_IN_FLIGHT_MAX)]
            try:
                await asyncio.gather(*crew)
            finally:
                for sender in crew:
                    sender.cancel()
                await asyncio.gather(*crew, return_exceptions=True)

    def _release(self, event: Obj, attempt: int) -> None:
        self._held_back -= 1
        self._ready.put_nowait((event, attempt))

    async def _deliver(self, session: aiohttp.ClientSession) -> None:
        while True:
            event, attempt = await self._ready.get()
            now = self._board.now
            if not (now.webhook_enabled and now.webhook_url):
                self.counts["switched_off"] += 1
                continue
            try:
                status = await self._post(session, event)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                status = 0
            event["_attempts"] += 1
            self.counts["attempts"] += 1
            if 200 <= status < 300:  # noqa: PLR2004 - any success, as Stripe counts it
                self.counts["delivered"] += 1
                event["_awaited"] = False
            else:
                self._retry(event, attempt, status)
            self._store.save("events", event)

    async def _post(self, session: aiohttp.ClientSession, event: Obj) -> int:
        now = self._board.now
        payload = event["_payload"].encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(now.webhook_secret, payload, int(time.time())),
        }
        timeout = aiohttp.ClientTimeout(total=now.webhook_timeout_ms / 1000)
        async with session.post(
            now.webhook_url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer.status

    def _retry(self, event: Obj, attempt: int, status: int) -> None:
        self.counts["refused"] += 1
        now = self._board.now
        if attempt >= now.webhook_attempts_max:
            self.counts["given_up"] += 1
            event["_awaited"] = False
            _log.warning(
                "webhook %s (%s) given up after %d attempts, last status %d",
                event["id"],
                event["type"],
                attempt,
                status,
            )
            return
        wait_ms = min(now.webhook_retry_max_ms, now.webhook_retry_base_ms * 2 ** (attempt - 1))
        self.send_later(event, delay_ms=max(1.0, wait_ms * self._board.dice.uniform(0.8, 1.2)), attempt=attempt + 1)


def _wanted(kind: str, subscribed: list[str]) -> bool:
    return "*" in subscribed or kind in subscribed
