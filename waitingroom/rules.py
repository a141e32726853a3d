"""What the organizer and the operator want of a room: the on-sale row and the controls above it, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engine.foundation.clock import to_ms
from waitingroom.codes import Codes
from waitingroom.draw import Draw, commitment

RATE_PER_MIN_DEFAULT, CAPACITY_DEFAULT = 500, 500
CLAIM_TTL_S_DEFAULT, SESSION_TTL_S_DEFAULT = 120, 600
CLOSED_LONG_AGO_MS = 1  # a room whose event is no longer on sale
FORGOTTEN_AFTER_S = 86_400  # Redis holds a room for so long after its sale, or else its event, has ended


@dataclass(frozen=True, slots=True)
class Rules:
    """One room as Postgres knows it. ``closes_at_ms`` 0: it stays open.

    From ``forget_at_ms`` on Redis need not hold it; ``forgotten``: nor does it, but for what a late visitor looks up.
    """

    event_id: str
    organization_id: str
    live: bool
    card: dict[str, Any]
    prequeue_opens_at_ms: int
    opens_at_ms: int
    closes_at_ms: int
    forget_at_ms: int
    forgotten: bool
    rate_per_min: int
    capacity: int
    claim_ttl_s: int
    session_ttl_s: int
    identity: Literal["none", "email"]
    challenge: Literal["none", "pow"]
    codes: Codes
    paused: bool
    message: str
    beacon: str
    beacon_name: str
    epoch: int
    high_water: int
    serving: int
    on_sale_version: int
    controls_version: int
    commit: bytes
    draw: Draw | None
    secret: bytes = field(repr=False)
    high_water_version: int = 0
    moves: int = 0  # of places, by mailed links
    embed_origins: tuple[str, ...] = ()  # of the sites that may show the room inside of their own pages

    def fields(self) -> list[str | int]:
        """Field, value, ... as the room's scripts read them."""
        return [
            "prequeue_at", self.prequeue_opens_at_ms,
            "opens_at", self.opens_at_ms,
            "closes_at", self.closes_at_ms,
            "forget_at", self.forget_at_ms,
            "rate", self.rate_per_min,
            "capacity", self.capacity,
            "claim_ttl", self.claim_ttl_s * 1000,
            "session_ttl", self.session_ttl_s * 1000,
            "paused", int(self.paused),
            "message", self.message,
            "beacon_name", self.beacon_name,
        ]  # fmt: skip


def parse(row: Any) -> Rules:
    """A joined row of ``on_sales`` and ``rooms``. The operator's word goes before the organizer's."""
    room, controls = row["room"] or {}, row["controls"] or {}
    opens_at_ms = to_ms(row["opens_at"])
    prequeue_at_ms = _ms(row["prequeue_opens_at"], opens_at_ms)
    if "opened_at_ms" in controls:
        opens_at_ms = min(opens_at_ms, controls["opened_at_ms"])
    secret = bytes(row["draw_secret"])
    forget_at_ms = to_ms(row["ended_at"]) + FORGOTTEN_AFTER_S * 1000
    return Rules(
        event_id=row["event_id"],
        organization_id=row["organization_id"],
        live=row["live"],
        card=row["card"] or {},
        prequeue_opens_at_ms=min(prequeue_at_ms, opens_at_ms),
        opens_at_ms=opens_at_ms,
        closes_at_ms=_ms(row["closes_at"], 0) if row["live"] else CLOSED_LONG_AGO_MS,
        forget_at_ms=forget_at_ms,
        forgotten=_ms(row["forgotten_at"], 0) >= forget_at_ms,
        rate_per_min=controls.get("rate_per_min") or room.get("rate_per_min") or RATE_PER_MIN_DEFAULT,
        capacity=controls.get("capacity") or room.get("capacity") or CAPACITY_DEFAULT,
        claim_ttl_s=room.get("claim_ttl_s") or CLAIM_TTL_S_DEFAULT,
        session_ttl_s=room.get("session_ttl_s") or SESSION_TTL_S_DEFAULT,
        identity=room.get("identity") or "none",
        challenge=room.get("challenge") or "pow",
        codes=Codes(room.get("codes") or ()),
        paused=bool(controls.get("paused", False)),
        message=controls.get("message") or "",
        beacon=controls.get("beacon") or "",
        beacon_name=controls.get("beacon_name") or "",
        epoch=row["epoch"],
        high_water=row["high_water"],
        serving=row["serving"],
        on_sale_version=row["version"],
        controls_version=controls.get("version", 0),
        commit=commitment(secret),
        draw=Draw.restored(row["draw"] or {}, secret),
        secret=secret,
        high_water_version=row["high_water_version"],
        moves=row["moves"],
        embed_origins=tuple(row["embed_origins"]),
    )


def _ms(moment: datetime | None, missing_ms: int) -> int:
    return to_ms(moment) if moment is not None else missing_ms
