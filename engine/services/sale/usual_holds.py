"""The usual hold: one ticket type, best available or general admission, no code. Nearly every request is one.

Rust reads, checks and packs it (``start``), the batch of its event takes it to the script, and Rust writes the answer's
JSON (``finish``); no Python object stands for the hold in between. Whatever is not usual is left to ``Holds.place``.
"""

from __future__ import annotations

import asyncio

from msgspec import Struct

import hotpath_rs
from engine.domain.sale.selling import SellingEvent
from engine.foundation.batching import Promise
from engine.services.sale.availability import Availability
from engine.services.sale.hold_batches import HoldBatches
from engine.services.sale.hold_refusals import refusal_of
from engine.services.sale.selling import Selling
from engine.services.sale.takers import Taker, Takers
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.holds import POLICY_BYTE

POLICY_EVERY_S = 0.25


class UsualHold(Struct, frozen=True):
    """A request that was found usual: ``item`` is packed for the script."""

    event: SellingEvent
    hold_id: bytes
    item: bytes
    taker: Taker


class UsualHolds:
    """``start``, then ``send``, then ``finish``; or ``place``, which is all three."""

    def __init__(
        self, *, selling: Selling, batches: HoldBatches, availability: Availability, takers: Takers, enabled: bool
    ) -> None:
        self._selling = selling
        self._batches = batches
        self._availability = availability
        self._takers = takers
        self._enabled = enabled

    def start(self, body: bytes, *, admission: str | None, principal: str, key: str, taker: Taker) -> UsualHold | None:
        """The request, ready for the script; None if it is not of the usual kind, or would be refused."""
        event_id = hotpath_rs.hold_event(body)
        event = self._selling.ready(event_id) if event_id is not None and self._enabled else None
        if event is None:
            return None
        prepared = event.desk.prepare(body, principal, key, admission, taker.block)
        return None if prepared is None else UsualHold(event, *prepared, taker)

    def send(self, usual: UsualHold, promise: Promise[bytes]) -> None:
        """Into the batch, whose answer goes to ``promise``. Raises Overloaded at once."""
        self._batches.place_to(usual.event.id, usual.item, promise)

    def finish(self, usual: UsualHold, answer: bytes) -> tuple[bytes, bool] | None:
        """(the answer's JSON, whether it is a repetition); None if ``Holds.place`` must answer.

        Raises the refusal if the script said no.
        """
        rendered = usual.event.desk.render(usual.hold_id, answer)
        if rendered is not None:
            return rendered
        match answers.read_placed(answer):
            case answers.Replayed() | answers.NeedsPlan() | answers.TapeMissing():
                return None
            case (answers.Held() | answers.NotUnderstood()) as unspeakable:
                raise AssertionError(f"the desk has no words for {unspeakable}")
            case no:
                if isinstance(no, answers.BlockLimit):
                    self._takers.full(usual.event.id, usual.taker, no.held)
                raise refusal_of(usual.event, no)

    async def place(
        self, body: bytes, *, admission: str | None, principal: str, key: str, taker: Taker
    ) -> tuple[bytes, bool] | None:
        """The answer of ``finish``; None if ``Holds.place`` must answer. SlowDown."""
        await self._takers.turn(taker)
        usual = self.start(body, admission=admission, principal=principal, key=key, taker=taker)
        if usual is None:
            return None
        return self.finish(usual, await self._batches.place(usual.event.id, usual.item))

    async def keep_policies(self) -> None:
        """Tell every desk the orphan policy of the moment; runs until cancelled."""
        while True:
            await asyncio.sleep(POLICY_EVERY_S)
            for event in self._selling.all_ready():
                if event.orphan_policy != "auto":
                    continue
                for kind in event.ticket_types.values():
                    policy = self._availability.policy_now(event, kind.categories)
                    if policy is not None:
                        event.desk.set_policy(kind.number, POLICY_BYTE[policy])
