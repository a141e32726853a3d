"""The gate: scans each ticket code as soon as it was issued, as a device does."""

from __future__ import annotations

import time

from gevent.queue import Empty
from locust import task
from locust.contrib.fasthttp import FastHttpUser
from locust.exception import StopUser

from loadtest import limits
from loadtest.users.caller import Caller
from loadtest.users.rehearsal import Rehearsal


class Gate(FastHttpUser):
    """One of `GATE_USERS` scanners. Counts what the verdicts were."""

    host = "http://127.0.0.1"  # never used: every URL is whole
    connection_timeout = limits.NETWORK_TIMEOUT_S
    network_timeout = limits.NETWORK_TIMEOUT_S
    fixed_count = limits.GATE_USERS

    _failures = 0

    @task
    def scan(self) -> None:
        rehearsal: Rehearsal = self.environment.rehearsal
        plan = rehearsal.plan
        if rehearsal.over or not plan.device_id:
            raise StopUser
        try:
            code = rehearsal.codes.get(timeout=limits.GATE_IDLE_S)
        except Empty:
            return
        caller = Caller(self.client, rehearsal.record, plan.starts_at_s, time.time() + limits.NETWORK_TIMEOUT_S)
        answer = caller.call(
            "scan", "POST", f"{plan.engine}/v1/tickets/validate", body={"code": code, "gate": "Rehearsal"},
            headers={"Authorization": f"Device {plan.device_id}.{plan.device_secret}"},
        )  # fmt: skip
        self._failures = 0 if answer.ok else self._failures + 1
        if self._failures >= limits.GATE_FAILURES_MAX:
            self._close(rehearsal)
        result = str(answer.body.get("result") or answer.code)
        if result == "reject":
            result = f"reject {answer.body.get('reason')}"
        rehearsal.record.scans[result] = rehearsal.record.scans.get(result, 0) + 1

    def _close(self, rehearsal: Rehearsal) -> None:
        """A gate that only fails must not hold up the end of the rehearsal."""
        while not rehearsal.codes.empty():
            rehearsal.codes.get_nowait()
            rehearsal.record.scans["unscanned"] = rehearsal.record.scans.get("unscanned", 0) + 1
