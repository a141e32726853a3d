"""What one generator process is told: where the shop is, what it sells, and which buyers come when."""

from __future__ import annotations

from pathlib import Path

import msgspec


class TicketType(msgspec.Struct, frozen=True):
    """`general` sells places without seats; `seats` are pairs of neighbours a choosy buyer may name."""

    id: str
    general: bool = False
    max_per_order: int = 4
    seat_pairs: list[tuple[str, str]] = []


class Plan(msgspec.Struct, frozen=True):
    """Shares are of all buyers; `starts_at_s` is epoch seconds, `arrivals_s` count from there."""

    engine: str
    waitingroom: str
    stripe: str
    event_id: str
    ticket_types: list[TicketType]
    arrivals_s: list[float]
    starts_at_s: float
    out: str
    room: bool = True
    identity: bool = False
    device_id: str = ""
    device_secret: str = ""
    publishable_key: str = "pk_test_rehearsal"
    seed: int = 1
    process: int = 0
    journey_max_s: float = 150.0
    named_share: float = 0.1
    general_share: float = 0.2
    abandon_share: float = 0.0
    decline_share: float = 0.0


def write(plan: Plan, path: Path) -> None:
    """For its owner's eyes: a plan carries the gate device's secret."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(plan))


def read(path: Path) -> Plan:
    return msgspec.json.decode(path.read_bytes(), type=Plan)
