"""What a process knows of a room: the last snapshot, and the status document rendered from it once.

The document is the same bytes for everybody and is rendered only when it says something new, so a poll costs neither
Redis nor JSON. Its ETag is weak and leaves ``server_now_ms`` out: nothing new is a 304, however late it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from engine.foundation.http import dumps
from engine.foundation.ready import Ready
from waitingroom import queue
from waitingroom.draw import ROUNDS
from waitingroom.rules import Rules

RENDERED_AGAIN_AFTER_S = 1.0
STALE_AFTER_S = 2.5
DOCUMENT_BYTES_MAX = 1_536
_FOREVER = {
    "Content-Type": "application/json",
    "Cache-Control": "public, max-age=1, stale-while-revalidate=10",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The room at ``now_ms`` by Redis's clock. ``seed`` and what belongs to it are None before the draw."""

    now_ms: int
    epoch: int
    base_phase: str  # scheduled, prequeue, drawing, open
    cohort: int  # -1 before the line opens
    tail: int
    hwm: int
    serving: int
    rate_per_min: int
    capacity: int
    pace_per_min: float
    paused: bool
    sold_out: bool
    prequeue_opens_at_ms: int
    opens_at_ms: int
    closes_at_ms: int
    forget_at_ms: int
    message: str
    commit: bytes
    root: bytes | None
    seed: bytes | None
    secret: bytes | None
    beacon: str
    beacon_name: str
    moved: int  # registrations that stand behind the drawn
    on_sale_version: int
    controls_version: int
    fence: bytes
    leases: int
    offers: int
    waiting: int
    free: int  # -1 unknown
    claims: int
    noshows: int
    left: int
    binding: str

    @property
    def phase(self) -> str:
        """The phase as people are told it."""
        if 0 < self.closes_at_ms <= self.now_ms or self.past:
            return "closed"
        if self.base_phase == "drawing":
            return "prequeue"
        if self.base_phase == "open" and self.sold_out:
            return "sold_out"
        if self.base_phase == "open" and self.paused:
            return "paused"
        return self.base_phase

    @property
    def past(self) -> bool:
        """Whether it ended so long ago that Redis need not hold it."""
        return 0 < self.forget_at_ms <= self.now_ms

    @property
    def honest_pace(self) -> float:
        return queue.honest_pace(self.pace_per_min, self.rate_per_min, serving=self.serving, tail=self.tail)

    def number(self, number: int) -> int | None:
        """The place in line of a ticket's number, None before the draw."""
        return queue.queue_number(number, self.cohort, self.seed)


def read(now_ms: int, m: dict[bytes, bytes]) -> Snapshot:
    """The snapshot in a tick's answer."""
    drawn = bool(m.get(b"seed"))
    return Snapshot(
        now_ms=now_ms,
        epoch=int(m[b"epoch"]),
        base_phase=m[b"phase"].decode(),
        cohort=int(m[b"cohort"]),
        tail=int(m[b"tail"]),
        hwm=int(m[b"hwm"]),
        serving=int(m[b"serving"]),
        rate_per_min=int(m[b"rate"]),
        capacity=int(m[b"capacity"]),
        pace_per_min=float(m[b"pace"]),
        paused=m[b"paused"] == b"1",
        sold_out=m[b"sold_out"] == b"1",
        prequeue_opens_at_ms=int(m[b"prequeue_at"]),
        opens_at_ms=int(m[b"opens_at"]),
        closes_at_ms=int(m[b"closes_at"]),
        forget_at_ms=int(m.get(b"forget_at", 0)),
        message=m[b"message"].decode(),
        commit=m[b"commit"],
        root=m[b"root"] if drawn else None,
        seed=m[b"seed"] if drawn else None,
        secret=m[b"secret"] if drawn else None,
        beacon=m.get(b"beacon", b"").decode(),
        beacon_name=m.get(b"beacon_name", b"").decode(),
        moved=int(m.get(b"moved", 0)),
        on_sale_version=int(m[b"on_sale_version"]),
        controls_version=int(m[b"controls_version"]),
        fence=m[b"fence"],
        leases=int(m[b"leases"]),
        offers=int(m[b"offers"]),
        waiting=int(m[b"waiting"]),
        free=int(m[b"free"]),
        claims=int(m[b"claims"]),
        noshows=int(m[b"noshows"]),
        left=int(m[b"left"]),
        binding=m[b"binding"].decode(),
    )


class Board:
    """The last known snapshot of a room and its status document."""

    def __init__(self, rules: Rules) -> None:
        self._event_id = rules.event_id
        self.snapshot: Snapshot | None = None
        self.document = b""
        self.etag = ""
        self.answer: Ready | None = None
        self.headers: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict(_FOREVER))
        self.frame = b""
        self.changed = asyncio.Event()
        self._told: dict[str, Any] = {}
        self._rendered_at_s = 0.0
        self._seen_at_s = 0.0

    @property
    def stale(self) -> bool:
        """Whether Redis has been silent for too long to go by this."""
        return self.age_s > STALE_AFTER_S

    @property
    def age_s(self) -> float:
        """How long ago the snapshot was taken."""
        return time.monotonic() - self._seen_at_s

    def now_ms(self) -> int:
        """Redis's clock, as this process can tell it."""
        if self.snapshot is None:
            return time.time_ns() // 1_000_000
        return self.snapshot.now_ms + int((time.monotonic() - self._seen_at_s) * 1000)

    def show(self, snapshot: Snapshot) -> None:
        """Take a fresh snapshot; the counter never goes back within an epoch."""
        self.snapshot = snapshot
        self._seen_at_s = time.monotonic()
        self._render(document(self._event_id, snapshot))

    def admit_silence(self) -> None:
        """Redis did not answer: say so once it has been silent for too long."""
        if self.snapshot is not None and self.stale:
            self._render({**document(self._event_id, self.snapshot), "stale": True})

    def _render(self, told: dict[str, Any]) -> None:
        new = told != self._told
        now_s = time.monotonic()
        if not new and now_s - self._rendered_at_s < RENDERED_AGAIN_AFTER_S:
            return
        self._told, self._rendered_at_s = told, now_s
        self.document = dumps({**told, "server_now_ms": self.now_ms()})
        if new:
            self.etag = f'W/"{hashlib.sha256(dumps(told)).hexdigest()[:20]}"'
            self.frame = b"event: status\ndata: " + self.document + b"\n\n"
            self.changed.set()
            self.changed = asyncio.Event()
        headers = {**_FOREVER, "ETag": self.etag}
        self.headers = CIMultiDictProxy(CIMultiDict(headers))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.answer = Ready(200, head.encode(), self.document)


def document(event_id: str, snapshot: Snapshot) -> dict[str, Any]:
    """The status document without its clock."""
    draw: dict[str, Any] = {"commit": snapshot.commit.hex(), "rounds": ROUNDS}
    if snapshot.beacon_name:
        draw["beacon_name"] = snapshot.beacon_name
    if snapshot.seed is not None and snapshot.root is not None and snapshot.secret is not None:
        draw |= {
            "merkle_root": snapshot.root.hex(),
            "seed": snapshot.seed.hex(),
            "secret": snapshot.secret.hex(),
            "beacon": snapshot.beacon,
        }
    if snapshot.moved:
        draw["tail_cohort"] = snapshot.moved
    return {
        "event_id": event_id,
        "phase": snapshot.phase,
        "prequeue_opens_at_ms": snapshot.prequeue_opens_at_ms,
        "opens_at_ms": snapshot.opens_at_ms,
        "closes_at_ms": snapshot.closes_at_ms or None,
        "epoch": snapshot.epoch,
        "serving": snapshot.serving,
        "tail": snapshot.tail,
        "cohort_size": snapshot.cohort if snapshot.cohort >= 0 else snapshot.tail,
        "rate_per_min": snapshot.rate_per_min,
        "pace_per_min": round(snapshot.honest_pace),
        "draw": draw,
        "poll": {"min_s": queue.POLL_MIN_S, "max_s": queue.POLL_MAX_S, "divisor": queue.POLL_DIVISOR},
        "message": snapshot.message,
    }
