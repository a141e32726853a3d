"""`python -m loadtest.rehearse PROFILE`: rehearse an on-sale against a running shop, or one of its own, and judge it.

Writes `verdict.json` and `report.html` into `--out`, a table to the terminal, and ends with 0 for GO and 1 for NO-GO.
With `--find-limit` it does so again and again, each time in a folder of its own, and ends with 0 if any was GO.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from loadtest import (
    arrivals,
    calamity,
    headroom,
    limits,
    options,
    own_stack,
    plan,
    record,
    report,
    setting,
    spending,
    stage,
    table,
    verdict,
)
from loadtest.arrivals import BadProfile, Profile
from loadtest.record import Record
from loadtest.shop import Obj, Shop, ShopRefused
from loadtest.stage import Stage
from loadtest.verdict import Asked, Verdict

GO, NO_GO, NOT_REHEARSED, STOPPED = 0, 1, 2, 130
Rehearsed = tuple[Verdict, Record]
Rehearsal = Callable[[argparse.Namespace, Profile, Path], Rehearsed]


def main(words: list[str] | None = None) -> int:
    given = options.read(words)
    signal.signal(signal.SIGTERM, _stopped)
    try:
        profile = arrivals.read_profile(given.profile)
        if given.quick:
            profile = profile.first(limits.QUICK_SECONDS)
        profile = profile.times(given.multiplier)
        given.journey_max_s += _more_patience_s(given)
        out = Path(given.out or tempfile.mkdtemp(prefix="onsale-rehearsal-"))
        out.mkdir(parents=True, exist_ok=True)
        wanted = _search if given.find_limit else _once
        if given.own_stack or given.engine is None:
            with tempfile.TemporaryDirectory(prefix="onsale-rehearsal-data-", ignore_cleanup_errors=True) as folder:
                data_dir = given.data_dir or Path(folder)
                with own_stack.running(data_dir, out / "stack.log", workers=given.workers) as ready:

                    def own(asked: argparse.Namespace, busy: Profile, where: Path) -> Rehearsed:
                        return _rehearse_own(asked, busy, ready, data_dir, where)

                    judged = wanted(own, given, profile, out)
        else:
            judged = wanted(_rehearse_running, given, profile, out)
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
    if judged.limit is not None:
        return NO_GO if judged.limit.multiplier is None else GO
    return GO if judged.go else NO_GO


def _once(rehearsal: Rehearsal, given: argparse.Namespace, profile: Profile, out: Path) -> Verdict:
    judged, seen = rehearsal(given, profile, out)
    _write(judged, seen, out)
    return judged


def _search(rehearsal: Rehearsal, given: argparse.Namespace, profile: Profile, out: Path) -> Verdict:
    """One rehearsal after the other, each with a new event; the verdict is that of the highest that was GO."""
    found: dict[float, Rehearsed] = {}
    bound_ms = given.p95_max_ms or headroom.P95_MAX_MS
    runs_max, time_max_s = given.limit_runs or limits.LIMIT_RUNS_MAX, given.limit_time_s or limits.LIMIT_TIME_MAX_S
    began_s, numbers = time.monotonic(), itertools.count(1)

    def rehearse(multiplier: float) -> headroom.Tried:
        busy = profile.times(multiplier)
        print(f"{next(numbers)} of at most {runs_max}, {time.monotonic() - began_s:.0f} s of {time_max_s:.0f}: "
              f"x{multiplier:g}, {busy.total:,} buyers in {len(busy.per_second)} s", flush=True)  # fmt: skip
        asked, where = copy.copy(given), out / f"x{multiplier:g}"
        asked.multiplier, asked.p95_max_ms = multiplier, None
        where.mkdir(exist_ok=True)
        run_began_s = time.monotonic()
        try:
            judged, seen = rehearsal(asked, busy, where)
        except ShopRefused as problem:
            if not found:
                raise
            tried = headroom.refused(multiplier, str(problem.args[0]), time.monotonic() - run_began_s)
        else:
            _write(judged, seen, where)
            found[multiplier] = judged, seen
            tried = headroom.weigh(multiplier, judged, bound_ms, time.monotonic() - run_began_s)
        print(f"  {tried.line}", flush=True)
        return tried

    limit = headroom.search(
        rehearse, most=_most(profile), now_s=time.monotonic, p95_max_ms=bound_ms, runs_max=runs_max,
        time_max_s=time_max_s,
    )  # fmt: skip
    judged, seen = found[limit.multiplier or min(found)]
    judged = msgspec.structs.replace(judged, limit=limit)
    _write(judged, seen, out)
    return judged


def _most(profile: Profile) -> float:
    """The highest multiplier that can be rehearsed at all."""
    return float(min(limits.MULTIPLIER_MAX, limits.ARRIVALS_MAX // profile.total))


def _write(judged: Verdict, seen: Record, out: Path) -> None:
    (out / "verdict.json").write_bytes(msgspec.json.format(msgspec.json.encode(judged), indent=2))
    (out / "report.html").write_text(report.render(judged, seen))


def _rehearse_own(given: argparse.Namespace, profile: Profile, ready: Obj, data_dir: Path, out: Path) -> Rehearsed:
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
    return _rehearse(given, profile, shop, scene, out, data_dir, audited=True, stack_pid=int(ready["stack_pid"]))


def _rehearse_running(given: argparse.Namespace, profile: Profile, out: Path) -> Rehearsed:
    if not (given.waitingroom and given.stripe and (given.event or given.admin_email)):
        raise ShopRefused("a running shop needs --engine, --waitingroom, --stripe, and --event or --admin-email")
    if given.flush_at_s is not None or given.sold_before:
        raise ShopRefused("--flush-at-s and --sold-before write into the stores of a shop of its own, not of yours")
    if given.find_limit and not given.admin_email:
        raise ShopRefused("--find-limit makes a new event for each rehearsal: a running shop needs --admin-email")
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
    """A new event. Unless told otherwise its room admits as fast as the recorded peak: what is above it queues.

    A search for the limit asks what the shop carries, not how long a queue grows: its rooms admit the whole peak.
    """
    peak = profile.peak if given.find_limit else profile.peak // given.multiplier
    rate_per_min = given.room_rate_per_min or min(limits.COUNT_MAX, max(limits.ROOM_RATE_MIN, peak * 60))
    capacity = max(given.room_capacity, profile.total) if given.find_limit else given.room_capacity
    return stage.build(shop, profile, rate_per_min=rate_per_min, capacity=capacity, sold_before=given.sold_before)


def _rehearse(
    given: argparse.Namespace,
    profile: Profile,
    shop: Shop,
    scene: Stage,
    out: Path,
    data_dir: Path | None,
    *,
    audited: bool,
    stack_pid: int | None = None,
) -> Rehearsed:
    where = setting.read(workers=given.workers, processes=given.processes, own_stack=given.engine is None)
    busy = setting.busy()
    with spending.watched(stack_pid) as meter:
        seen = drive(given, profile, shop, scene, out)
        if meter is None:
            spent = spending.Spending(seen.orders, unmeasured=spending.NOT_OURS)
        else:
            meter.rest()
            spent = meter.stop(seen.orders)
    ledger = (
        _settled_audit(scene.event_id, data_dir, limits.SETTLE_MAX_S + _more_patience_s(given)) if audited else None
    )
    killed, flushed = given.kill_pid is not None, given.flush_at_s is not None
    asked = Asked(
        profile.name, given.multiplier, profile.total, len(profile.per_second), scene.fresh,
        # Only the recorded surge must be carried unharmed, and what a search calls carried.
        shed_allowed=not given.find_limit and (given.multiplier > 1 or flushed or killed),
        sold_before=given.sold_before, flushed_at_s=given.flush_at_s, broken_allowed=killed,
        p95_max_ms=given.p95_max_ms, killed_at_s=given.kill_at_s if killed else None,
        killed=given.kill or (f"process {given.kill_pid}" if killed else ""),
    )  # fmt: skip
    return verdict.judge(seen, asked, ledger, setting=where, busy=busy, spent=spent), seen


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
    return float(max(0, given.multiplier - 1) * limits.PATIENCE_PER_MULTIPLE_S)


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


if __name__ == "__main__":
    sys.exit(main())
