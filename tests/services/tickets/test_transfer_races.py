"""Accepting a ticket at the same moment as something else is done to it: one of both wins, and one code is good.

``ONSALE_RACES=200`` runs each that often.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from engine.domain.gates.attempts import Scanner, Shown
from engine.domain.money.refund_requests import RefundRequest
from engine.domain.tickets.transfers import NewTransfer, TransferAccepted
from engine.foundation.errors import Refusal
from engine.services.insight import audit
from engine.services.tickets.tickets import Asker
from tests import factories
from tests.handing_on import scanner
from tests.shop import Shop

REPEATS = int(os.environ.get("ONSALE_RACES", "30"))
OF_AN_ORDER = 10


class Race:
    """One ticket on its way, confirmed by its sender; both its codes are known here."""

    def __init__(self, shop: Shop, gate: Scanner, order: dict[str, Any], ticket_id: str) -> None:
        self.shop, self.gate, self.order, self.ticket_id = shop, gate, order, ticket_id
        self.wing = shop.services.tickets
        self.asker = Asker(order_token=order["order_token"])
        self.transfer_id = ""
        self.old = ""

    async def begin(self) -> None:
        page = await self.wing.tickets.of_holder(self.ticket_id)
        assert page is not None
        self.old = self.wing.tickets.live_code(page)
        begun = await self.wing.transfers.start(self.asker, self.ticket_id, NewTransfer("grace@example.test"))
        self.transfer_id = begun.transfer_id
        code = await self.wing.one_time_codes.issue(self.transfer_id, "sender")
        await self.wing.transfers.confirm(self.transfer_id, code)

    async def accept(self) -> str:
        code = await self.wing.one_time_codes.issue(self.transfer_id, "recipient")
        return await _told(self.wing.transfers.accept(self.transfer_id, TransferAccepted(code, "Grace"), "en"))

    async def cancel(self) -> str:
        return await _told(self.wing.transfers.cancel(self.asker, None, self.transfer_id))

    async def expire(self) -> str:
        await self.shop.services.common.pool.execute(
            "UPDATE ticket_transfers SET expires_at = now() WHERE id = $1", self.transfer_id
        )
        return str(await self.wing.transfers.step())

    async def refund(self) -> str:
        wanted = RefundRequest("asked for", lines=(self.ticket_id,))
        await self.shop.services.money.refunds.claim(self.order["order_id"], wanted)
        return "refunded"

    async def reissue(self) -> str:
        return await _told(self.wing.ticket_corrections.reissue(self.asker, self.ticket_id))

    async def scan(self, code: str | None = None) -> str:
        verdict = await self.shop.services.gates.scans.validate(self.gate, Shown(code=code or self.old))
        return f"{verdict['result']} {verdict['reason']}"

    async def good_codes(self) -> list[str]:
        """Those of the old and the present code that the door lets in."""
        page = await self.wing.tickets.of_holder(self.ticket_id)
        assert page is not None
        now = self.wing.tickets.code(page)
        shown = [self.old, *([now] if now not in {None, self.old} else [])]
        return [code for code in shown if (await self.scan(code)).startswith("admit")]


async def _told(deed: Awaitable[Any]) -> str:
    try:
        done = await deed
    except Refusal as refusal:
        return refusal.code
    return str(done.status)


async def races(shop: Shop, run: Callable[[Race], Awaitable[str]]) -> Counter[str]:
    """What came of each of REPEATS races."""
    await shop.open_event(
        factories.general("Floor", REPEATS + OF_AN_ORDER),
        types=[{"categories": ["Floor"], "price_cents": 0, "max_per_order": OF_AN_ORDER}],
    )
    credential = (await scanner(shop)).removeprefix("Device ")
    gate = await shop.services.gates.devices.verify(credential)
    seen: Counter[str] = Counter()
    for _ in range(-(-REPEATS // OF_AN_ORDER)):
        order = await shop.ordered(OF_AN_ORDER)
        for ticket in await shop.tickets(order):
            seen[await run(Race(shop, gate, order.body, ticket["id"]))] += 1
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]
    return seen


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "LOOK_AGAIN_S", 0.01)


@pytest.mark.parametrize("rival", ["cancel", "expire"])
async def test_accepting_and_calling_back_at_once_leave_one_good_code(shop: Shop, rival: str):
    async def run(race: Race) -> str:
        await race.begin()
        accepted, _ = await asyncio.gather(race.accept(), getattr(race, rival)())
        good = await race.good_codes()
        assert len(good) == 1
        assert (good[0] == race.old) == (accepted != "completed")
        return accepted

    seen = await races(shop, run)
    assert set(seen) <= {"completed", "transfer_over"}


async def test_accepting_and_scanning_the_old_code_at_once_let_nobody_in_by_it(shop: Shop):
    async def run(race: Race) -> str:
        await race.begin()
        accepted, scanned = await asyncio.gather(race.accept(), race.scan())
        assert accepted == "completed"
        assert len(await race.good_codes()) == 1
        return scanned

    assert set(await races(shop, run)) <= {"reject transfer_pending", "reject stale_version"}


async def test_beginning_and_scanning_at_once_have_one_winner(shop: Shop):
    async def run(race: Race) -> str:
        page = await race.wing.tickets.of_holder(race.ticket_id)
        assert page is not None
        race.old = race.wing.tickets.live_code(page)
        begun, scanned = await asyncio.gather(
            _told(race.wing.transfers.start(race.asker, race.ticket_id, NewTransfer("grace@example.test"))),
            race.scan(),
        )
        assert (begun, scanned) in {("pending", "reject transfer_pending"), ("ticket_already_used", "admit ok")}
        return begun

    await races(shop, run)


async def test_accepting_and_refunding_at_once_leave_no_good_code(shop: Shop):
    async def run(race: Race) -> str:
        await race.begin()
        accepted, _ = await asyncio.gather(race.accept(), race.refund())
        assert await race.good_codes() == []
        status = await shop.services.common.pool.fetchval(
            "SELECT status FROM ticket_transfers WHERE id = $1", race.transfer_id
        )
        assert status == ("completed" if accepted == "completed" else "ended")
        return accepted

    assert set(await races(shop, run)) <= {"completed", "transfer_over"}


async def test_two_who_accept_at_once_make_one_new_holder(shop: Shop):
    async def run(race: Race) -> str:
        await race.begin()
        code = await race.wing.one_time_codes.issue(race.transfer_id, "recipient")
        given = TransferAccepted(code, "Grace")
        both = await asyncio.gather(*(_told(race.wing.transfers.accept(race.transfer_id, given, "en")) for _ in "ab"))
        page = await race.wing.tickets.of_holder(race.ticket_id)
        assert page is not None
        assert (page.version, page.handed_on) == (2, 1)
        return "+".join(both)

    assert set(await races(shop, run)) == {"completed+completed"}


async def test_issuing_again_and_beginning_at_once_have_one_winner_or_follow_each_other(shop: Shop):
    async def run(race: Race) -> str:
        page = await race.wing.tickets.of_holder(race.ticket_id)
        assert page is not None
        race.old = race.wing.tickets.live_code(page)
        begun, again = await asyncio.gather(
            _told(race.wing.transfers.start(race.asker, race.ticket_id, NewTransfer("grace@example.test"))),
            race.reissue(),
        )
        assert begun == "pending"
        assert await race.good_codes() == []
        return again

    assert set(await races(shop, run)) <= {"valid", "transfer_pending"}
