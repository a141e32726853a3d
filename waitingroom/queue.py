"""The queue as arithmetic: who may claim, how long the others wait, when they should ask again. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import hotpath_rs

POLL_MIN_S, POLL_MAX_S, POLL_DIVISOR = 2, 120, 4
BEAT_WITHIN_S = 300  # people who expect to wait less than this report that they are there
BEAT_EVERY_S = 25
STREAM_WITHIN_S = 120
ETA_S_MAX = 86_400  # beyond a day nothing is promised: the line stands still
SHUFFLES_KEPT = 200_000  # a shuffle is 90 rounds of SHA-256; near the front the same numbers ask again and again


@lru_cache(maxsize=SHUFFLES_KEPT)
def _shuffled(seed: bytes, index: int, count: int) -> int:
    return hotpath_rs.shuffle_index(seed, index, count)


def queue_number(number: int, cohort_size: int, seed: bytes | None) -> int | None:
    """The place in line of the number on a ticket, None before the draw.

    Numbers below the cohort's size are registration indexes and are drawn; later ones stand as they are. The word on
    the ticket (cohort or live) decides nothing: after a loss of Redis before the draw, late tickets may have become
    part of the cohort.
    """
    if seed is None:
        return None
    return _shuffled(seed, number, cohort_size) if number < cohort_size else number


@dataclass(frozen=True, slots=True)
class Wait:
    """``position`` 1 is the next to be called; ``eta_s`` is rounded up, None if nothing is moving."""

    position: int
    ahead: int
    eta_s: int | None


def wait(number: int, serving: int, pace_per_min: float) -> Wait:
    """How long until ``number`` is called, when ``pace_per_min`` numbers are passed in a minute."""
    ahead = max(0, number - serving)
    if number < serving:
        return Wait(position=1, ahead=0, eta_s=0)
    eta_s = math.ceil((ahead + 1) * 60 / pace_per_min) if pace_per_min > 0 else None
    if eta_s is not None and eta_s > ETA_S_MAX:
        eta_s = None
    return Wait(position=ahead + 1, ahead=ahead, eta_s=eta_s)


def poll_after_s(eta_s: int | None) -> int:
    """When to ask again: four polls a remaining wait, never more often than every 2 s, never rarer than every 2 min."""
    if eta_s is None:
        return POLL_MAX_S // POLL_DIVISOR
    return min(POLL_MAX_S, max(POLL_MIN_S, eta_s // POLL_DIVISOR))


def honest_pace(pace_per_min: float, rate_per_min: float, *, serving: int, tail: int) -> float:
    """The pace to promise: what was observed once there is a line that moves, else the operator's rate.

    Never above a doubling of the rate: a jump over absent people is no promise for the rest of the line.
    """
    if serving >= tail or pace_per_min <= 0:
        return rate_per_min
    return min(pace_per_min, 2 * rate_per_min)
