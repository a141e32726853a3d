"""The usual hold: one ticket type, best available or general admission, no code. Nearly every request is one.

Rust reads, checks and packs it (``start``), the batch of its event takes it to the script, and Rust writes the answer's
JSON (``finish``); no Python object stands for the hold in between. Whatever is not usual is left to ``Holds.place``.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from msgspec import Struct

import hotpath_rs
from engine.domain.sale.holds import HoldRequest
from engine.domain.sale.selling import SellingEvent
from engine.foundation.batching import Promise
from engine.foundation.errors import Refusal
from engine.services.accounts.flags import Switches
from engine.services.sale.availability import Availability
from engine.services.sale.hold_batches import HoldBatches
from engine.services.sale.hold_refusals import refusal_of
from engine.services.sale.selling import Selling
from engine.services.sale.takers import Taker, Takers
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.holds import POLICY_BYTE

POLICY_EVERY_S = 0.25
GONE_KEPT_S = 0.25
GONE_MAX = 4_096
PART_BYTES = 2  # the end of a usual item: its ticket type's number and how many


class UsualHold(Struct, frozen=True):
    """A request that was found usual: ``item`` is packed for the script."""

    event: SellingEvent
    hold_id: bytes
    item: bytes
    taker: Taker


class UsualHolds:
    """``start``, then ``send``, then ``finish``; or ``place``, which is all three."""

    def __init__(
        self,
        *,
        selling: Selling,
        batches: HoldBatches,
        availability: Availability,
        takers: Takers,
        gone: Gone,
        switches: Switches,
    ) -> None:
        self._selling = selling
        self._batches = batches
        self._availability = availability
        self._takers = takers
        self._switches = switches
        self._gone = gone

    def start(self, body: bytes, *, admission: str | None, principal: str, key: str, taker: Taker) -> UsualHold | None:
        """The request, ready for the script; None if it is not of the usual kind, or would be refused."""
        event_id = hotpath_rs.hold_event(body)
        event = self._selling.ready(event_id) if event_id is not None and self._switches.selling else None
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
            case answers.NeedsPlan():
                gone = self._gone.of(usual.event, usual.item[-PART_BYTES:])
                if gone is not None:
                    raise gone
                return None
            case answers.Replayed() | answers.TapeMissing():
                return None
            case (answers.Held() | answers.StepsMoved() | answers.NotUnderstood()) as unspeakable:
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


class Gone:
    """What a plan did not find a moment ago it need not look for again: while a house is gone, thousands ask the same.

    The script is asked all the same, for a repeated key and for a block that came free; only the plan is left out. What
    was learnt counts until a unit becomes free, and GONE_KEPT_S at most: other processes tell that with a delay.
    """

    def __init__(self, availability: Availability) -> None:
        self._availability = availability
        self._known: OrderedDict[tuple[str, bytes], tuple[tuple[object, int], float, answers.No]] = OrderedDict()

    def mark(self, event: SellingEvent) -> tuple[object, int]:
        """To be taken before a plan begins."""
        return self._availability.mark(event.id)

    def note(
        self, event: SellingEvent, request: HoldRequest, mark: tuple[object, int], answer: answers.Placing
    ) -> None:
        """Remember what a plan said to a request of the usual kind."""
        (item, *more) = request.items
        plain = not more and item.seats is None and item.section is None and not item.accessible
        if not plain or item.split is False or request.promo_code is not None:
            return
        if isinstance(answer, answers.SoldOut | answers.NotFound):
            part = bytes((event.ticket_types[item.ticket_type_id].number, item.quantity))
            self._known[event.id, part] = (mark, time.monotonic(), answer)
            self._known.move_to_end((event.id, part))
            if len(self._known) > GONE_MAX:
                self._known.popitem(last=False)

    def of(self, event: SellingEvent, part: bytes) -> Refusal | None:
        """What the plan would say, if that is known."""
        known = self._known.get((event.id, part))
        if known is None or time.monotonic() - known[1] >= GONE_KEPT_S or known[0] != self._availability.mark(event.id):
            return None
        return refusal_of(event, known[2])
