"""`python -m loadtest.rehearse PROFILE`: rehearse an on-sale against a running shop, or one of its own, and judge it.

Writes `verdict.json` and `report.html` into `--out`, a table to the terminal, and ends with 0 for GO and 1 for NO-GO.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec

from loadtest import arrivals, calamity, limits, own_stack, plan, record, report, setting, stage, table, verdict
from loadtest.arrivals import BadProfile, Profile
from loadtest.shop import Obj, Shop, ShopRefused
from loadtest.stage import Stage
from loadtest.verdict import Asked, Verdict

_ABOUT = "Rehearse an on-sale against a shop of its own, or a running one, and judge it: a table, figures, a report."
GO, NO_GO, NOT_REHEARSED, STOPPED = 0, 1, 2, 130


def main(words: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(words)
    if given.named_share + given.general_share > 1:
        parser.error("--named-share and --general-share are parts of the same buyers: together at most 1")
    signal.signal(signal.SIGTERM, _stopped)
    try:
        profile = arrivals.read_profile(given.profile).times(given.multiplier)
        given.journey_max_s += _more_patience_s(given)
        out = Path(given.out or tempfile.mkdtemp(prefix="onsale-rehearsal-"))
        out.mkdir(parents=True, exist_ok=True)
        if given.own_stack or given.engine is None:
            with tempfile.TemporaryDirectory(prefix="onsale-rehearsal-data-", ignore_cleanup_errors=True) as folder:
                data_dir = given.data_dir or Path(folder)
                with own_stack.running(data_dir, out / "stack.log", workers=given.workers) as ready:
                    judged = _rehearse_own(given, profile, ready, data_dir, out)
        else:
            judged = _rehearse_running(given, profile, out)
    except (BadProfile, ShopRefused) as problem:
        print(f"rehearse: {problem.args[0]}", file=sys.stderr)
        return NOT_REHEARSED
    except OSError as problem:
        print(f"rehearse: {problem}", file=sys.stderr)
        return NOT_REHEARSED
    except KeyboardInterrupt:
        print("rehearse: stopped, and its shop with it", file=sys.stderr)
        return STOPPED
    print(table.render(judged))
    print(f"\nreport: {out / 'report.html'}\nfigures: {out / 'verdict.json'}")
    return GO if judged.go else NO_GO


def _rehearse_own(given: argparse.Namespace, profile: Profile, ready: Obj, data_dir: Path, out: Path) -> Verdict:
    shop = Shop(engine=ready["engine"], waitingroom=ready["waitingroom"])
    shop.log_in(ready["admin_email"], ready["admin_password"])
    if given.event == "demo":
        scene = stage.visit(shop, ready["event_id"], device_id="", device_secret="")
        scene = stage.add_device(shop, scene)
    else:
        scene, before = _build(given, shop, profile)
        if before is not None:
            calamity.sell_before(
                ready, scene.event_id, before.ticket_type_id, before.tickets,
                first_unit=before.first_unit, cents=before.cents,
            )  # fmt: skip
    given.stripe, given.redis = ready["stripe"], ready["redis"]
    if given.kill:
        if given.kill not in ready.get("pids", {}):
            raise ShopRefused(f"no process {given.kill}; there are {', '.join(ready.get('pids', {}))}")
        given.kill_pid = int(ready["pids"][given.kill])
    return _rehearse(given, profile, shop, scene, out, data_dir, audited=True)


def _rehearse_running(given: argparse.Namespace, profile: Profile, out: Path) -> Verdict:
    if not (given.waitingroom and given.stripe and (given.event or given.admin_email)):
        raise ShopRefused("a running shop needs --engine, --waitingroom, --stripe, and --event or --admin-email")
    if given.flush_at_s is not None or given.sold_before:
        raise ShopRefused("--flush-at-s and --sold-before write into the stores of a shop of its own, not of yours")
    secret = given.device_secret or os.environ.get("ONSALE_DEVICE_SECRET", "")
    shop = Shop(engine=given.engine, waitingroom=given.waitingroom)
    if given.admin_email:
        shop.log_in(given.admin_email, os.environ.get("ONSALE_ADMIN_PASSWORD", ""))
    if given.event:
        scene = stage.visit(shop, given.event, device_id=given.device_id or "", device_secret=secret)
    else:
        scene, _ = _build(given, shop, profile)
    return _rehearse(given, profile, shop, scene, out, given.data_dir, audited=given.data_dir is not None)


def _build(given: argparse.Namespace, shop: Shop, profile: Profile) -> tuple[Stage, stage.SoldBefore | None]:
    """A new event. Unless told otherwise its room admits as fast as the recorded peak: what is above it queues."""
    recorded_peak = profile.peak // given.multiplier
    rate_per_min = given.room_rate_per_min or max(limits.ROOM_RATE_MIN, recorded_peak * 60)
    return stage.build(
        shop, profile, rate_per_min=rate_per_min, capacity=given.room_capacity, sold_before=given.sold_before
    )


def _rehearse(
    given: argparse.Namespace,
    profile: Profile,
    shop: Shop,
    scene: Stage,
    out: Path,
    data_dir: Path | None,
    *,
    audited: bool,
) -> Verdict:
    where = setting.read(workers=given.workers, processes=given.processes, own_stack=given.engine is None)
    busy = setting.busy()
    seen = drive(given, profile, shop, scene, out)
    ledger = (
        _settled_audit(scene.event_id, data_dir, limits.SETTLE_MAX_S + _more_patience_s(given)) if audited else None
    )
    killed, flushed = given.kill_pid is not None, given.flush_at_s is not None
    asked = Asked(
        profile.name, given.multiplier, profile.total, len(profile.per_second), scene.fresh,
        shed_allowed=given.multiplier > 1 or flushed or killed,  # only the recorded surge must be carried unharmed
        sold_before=given.sold_before, flushed_at_s=given.flush_at_s, broken_allowed=killed,
        p95_max_ms=given.p95_max_ms, killed_at_s=given.kill_at_s if killed else None,
        killed=given.kill or (f"process {given.kill_pid}" if killed else ""),
    )  # fmt: skip
    judged = verdict.judge(seen, asked, ledger, setting=where, busy=busy)
    (out / "verdict.json").write_bytes(msgspec.json.format(msgspec.json.encode(judged), indent=2))
    (out / "report.html").write_text(report.render(judged, seen))
    return judged


def drive(given: argparse.Namespace, profile: Profile, shop: Shop, scene: Stage, out: Path) -> record.Record:
    """Let the buyers come, shared out over generator processes, and bring home what they saw."""
    instants = arrivals.schedule(profile, given.seed)
    lead_s = limits.LEAD_S + len(instants) * limits.LEAD_PER_BUYER_S
    starts_at_s = time.time() + lead_s
    plans = []
    for process in range(given.processes):
        told = plan.Plan(
            engine=shop.engine, waitingroom=shop.waitingroom, stripe=given.stripe.rstrip("/"), event_id=scene.event_id,
            ticket_types=scene.ticket_types, arrivals_s=instants[process :: given.processes], starts_at_s=starts_at_s,
            out=str(out / f"record-{process}.json"), room=scene.room, identity=scene.identity, seed=given.seed,
            device_id=scene.device_id, device_secret=scene.device_secret, process=process,
            publishable_key=given.publishable_key, journey_max_s=given.journey_max_s, named_share=given.named_share,
            general_share=given.general_share, abandon_share=given.abandon_share, decline_share=given.decline_share,
        )  # fmt: skip
        path = out / f"plan-{process}.json"
        plan.write(told, path)
        plans.append((path, Path(told.out)))
    children = [subprocess.Popen([sys.executable, "-m", "loadtest.drive", str(path)]) for path, _ in plans]
    killer = _kill_later(given, starts_at_s)
    if given.flush_at_s is not None:
        calamity.forget_later(given.redis, starts_at_s + given.flush_at_s)
    patience_s = lead_s + instants[-1] + given.journey_max_s + 2 * limits.NETWORK_TIMEOUT_S
    deadline = time.monotonic() + patience_s
    try:
        for child in children:
            child.wait(max(1.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise ShopRefused(f"the generators did not end within {patience_s:.0f} s") from None
    finally:
        for child in children:
            child.kill()
        if killer is not None:
            killer.cancel()
        for path, _ in plans:
            if not given.keep_plan:
                path.unlink(missing_ok=True)  # it carries the device's secret
    written = [found for _, found in plans if found.exists()]
    if len(written) != len(plans):
        raise ShopRefused("a generator process died without its record")
    return record.merge(written)


def _more_patience_s(given: argparse.Namespace) -> float:
    return float((given.multiplier - 1) * limits.PATIENCE_PER_MULTIPLE_S)


def _settled_audit(event_id: str, data_dir: Path | None, patience_s: float) -> Obj:
    """The audit, repeated for a bounded while: the last webhooks may still be on their way."""
    deadline = time.monotonic() + patience_s
    while True:
        found = own_stack.audit(event_id, data_dir)
        if found.get("exit_status") == 0 or time.monotonic() >= deadline:
            return found
        time.sleep(1)


def _kill_later(given: argparse.Namespace, starts_at_s: float) -> threading.Timer | None:
    """A rehearsal of a crash: SIGKILL one process of the shop in the middle of the surge."""
    if given.kill_pid is None:
        return None
    delay_s = max(0.0, starts_at_s + given.kill_at_s - time.time())
    killer = threading.Timer(delay_s, os.kill, (given.kill_pid, signal.SIGKILL))
    killer.daemon = True
    killer.start()
    return killer


def _stopped(_number: int, _frame: object) -> None:
    """SIGTERM ends a rehearsal as Ctrl-C does: by way of every `finally`, so that its shop is stopped too."""
    raise KeyboardInterrupt


def _share(text: str) -> float:
    return _number(text, 0.0, 1.0, "a share from 0 to 1")


def _seconds(text: str) -> float:
    return _number(text, 0.0, limits.PROFILE_SECONDS_MAX, f"seconds from 0 to {limits.PROFILE_SECONDS_MAX}")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= limits.COUNT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count from 1 to {limits.COUNT_MAX}")
    return int(text)


def _processes(text: str) -> int:
    return int(_number(text, 1, limits.PROCESSES_MAX, f"a number of processes from 1 to {limits.PROCESSES_MAX}"))


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="onsale rehearse",
        usage="%(prog)s PROFILE [options], which --help explains",
        description=_ABOUT,
        epilog="Exit codes: 0 GO, 1 NO-GO, 2 not rehearsed, 130 stopped.",
    )
    add = parser.add_argument
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
    add("--multiplier", type=int, default=1, help="every second this many times as busy")
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
    add("--kill-at-s", type=_seconds, default=5.0, help="when, counted from the first second of the profile")
    add("--flush-at-s", type=_seconds, help="of a shop of its own: Redis forgets all at this second of the profile")
    add(
        "--sold-before",
        type=_count,
        default=0,
        help="of a shop of its own: so many tickets of the event are sold already",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
