"""The command line of a rehearsal: every option with its bound, and which of them exclude each other."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from loadtest import headroom, limits

_ABOUT = "Rehearse an on-sale against a shop of its own, or a running one, and judge it: a table, figures, a report."
# What a search for the limit cannot be combined with: it chooses the multiplier, and each rehearsal has a new event.
_ONE_REHEARSAL_ONLY = ("multiplier", "event", "kill", "kill_pid", "flush_at_s", "sold_before", "keep_plan")
_SEARCH_ONLY = ("limit_runs", "limit_time_s")


def read(words: list[str] | None) -> argparse.Namespace:
    """What was asked for. Ends the process with 2 and a sentence where it makes no sense."""
    asked = parser()
    given = asked.parse_args(words)
    if given.named_share + given.general_share > 1:
        asked.error("--named-share and --general-share are parts of the same buyers: together at most 1")
    if given.find_limit:
        for name in _ONE_REHEARSAL_ONLY:
            if getattr(given, name) != asked.get_default(name):
                asked.error(f"--find-limit cannot be combined with {_option(name)}")
    else:
        for name in _SEARCH_ONLY:
            if getattr(given, name) is not None:
                asked.error(f"{_option(name)} belongs to --find-limit")
    if given.kill_at_s is None:
        given.kill_at_s = limits.KILL_AT_S
    elif not given.kill and given.kill_pid is None:
        asked.error("--kill-at-s belongs to --kill or --kill-pid")
    given.multiplier = given.multiplier or 1
    return given


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="onsale rehearse",
        usage="%(prog)s PROFILE [options], which --help explains",
        description=_ABOUT,
        epilog="Exit codes: 0 GO, 1 NO-GO (with --find-limit: at no multiplier GO), 2 not rehearsed, 130 stopped.",
    )
    add = made.add_argument
    add("profile", help="a CSV of second,reservations, or the name of one that comes with the product")
    add("--own-stack", action="store_true", help="start a shop for the rehearsal (the default without --engine)")
    add("--engine", help="address of a running engine")
    add("--waitingroom", help="address of its waiting room")
    add("--stripe", help="address of the payment sandbox")
    add("--event", help="the event to rehearse; with a shop of its own: `demo`, or none for a new event")
    add("--device-id", help="a gate device of the event")
    add("--device-secret", help="its secret; better in ONSALE_DEVICE_SECRET")
    add("--publishable-key", default="pk_test_rehearsal", help="of the payment provider")
    add("--data-dir", type=Path, help="of the running shop, for the audit")
    add("--out", help="folder for verdict.json and report.html")
    add("--keep-plan", action="store_true", help="leave the plan in --out, for Locust's own command line")
    add("--multiplier", type=_multiplier, help="every second this many times as busy (1)")
    add(
        "--find-limit",
        action="store_true",
        help="rehearse again and again: the highest multiplier that is GO, nothing shed, p95 of hold, order, status and"
        f" tickets at most --p95-max-ms ({headroom.P95_MAX_MS})",
    )
    add(
        "--limit-runs",
        type=_runs,
        help=f"rehearsals of --find-limit at most ({limits.LIMIT_RUNS_MAX})",
    )
    add(
        "--limit-time-s",
        type=_search_seconds,
        help=f"no rehearsal of --find-limit begins later ({limits.LIMIT_TIME_MAX_S:.0f})",
    )
    add("--quick", action="store_true", help=f"the first {limits.QUICK_SECONDS} seconds of the profile only")
    add(
        "--processes",
        type=_processes,
        default=1,
        help="generator processes",
    )
    add(
        "--workers",
        type=_processes,
        default=1,
        help="engine processes of the shop of its own",
    )
    add("--seed", type=int, default=1, help="the same seed, the same buyers at the same instants")
    add("--journey-max-s", type=_seconds, default=limits.JOURNEY_MAX_S, help="the patience of one buyer")
    add("--room-rate-per-min", type=_count, help="of a new event; by default the recorded peak")
    add("--room-capacity", type=_count, default=limits.ROOM_CAPACITY, help="of a new event: buyers inside at once")
    add("--named-share", type=_share, default=0.1, help="share of buyers who name their seats")
    add("--general-share", type=_share, default=0.2, help="share who want general admission")
    add("--abandon-share", type=_share, default=0.0, help="share who give their hold back")
    add("--decline-share", type=_share, default=0.0, help="share whose first card is declined")
    add("--p95-max-ms", type=_count, help="NO-GO where any step's p95 is above this")
    add("--admin-email", help="create a new event at the running shop; the password is in ONSALE_ADMIN_PASSWORD")
    add("--kill", help="of a shop of its own: SIGKILL this process (engine, waitingroom, worker, ...) in the surge")
    add("--kill-pid", type=int, help="of a running shop: the same, by process id")
    add("--kill-at-s", type=_seconds, help=f"when, from the first second of the profile on ({limits.KILL_AT_S:g})")
    add("--flush-at-s", type=_seconds, help="of a shop of its own: Redis forgets all at this second of the profile")
    add(
        "--sold-before",
        type=_count,
        default=0,
        help="of a shop of its own: this many tickets of the event are sold already",
    )
    return made


def _share(text: str) -> float:
    return _number(text, 0.0, 1.0, "a share from 0 to 1")


def _seconds(text: str) -> float:
    return _number(text, 0.0, limits.PROFILE_SECONDS_MAX, f"seconds from 0 to {limits.PROFILE_SECONDS_MAX}")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= limits.COUNT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count from 1 to {limits.COUNT_MAX}")
    return int(text)


def _multiplier(text: str) -> int:
    return int(_count(text))


def _runs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= limits.LIMIT_RUNS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rehearsals from 1 to {limits.LIMIT_RUNS_MAX}")
    return int(text)


def _search_seconds(text: str) -> float:
    return _number(text, 1.0, limits.LIMIT_TIME_MAX_S, f"seconds from 1 to {limits.LIMIT_TIME_MAX_S:.0f}")


def _processes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= limits.PROCESSES_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to {limits.PROCESSES_MAX}")
    return int(text)


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value
