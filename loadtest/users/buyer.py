"""A buyer's way through an on-sale: room, join, claim, hold, order, pay, wait for the tickets. Once, then gone."""

from __future__ import annotations

import time
import uuid
from urllib.parse import urlencode

import gevent
from locust import task
from locust.contrib.fasthttp import FastHttpUser
from locust.exception import StopUser

from loadtest import limits
from loadtest.plan import Plan
from loadtest.record import Journey
from loadtest.users.caller import Caller, Obj, Reply
from loadtest.users.rehearsal import Rehearsal
from loadtest.users.taste import Taste
from loadtest.users.work import solve

PAID = frozenset({"paid", "partially_refunded", "refunded"})
ENDED = frozenset({"expired", "cancelled", "canceled"})


class Stopped(Exception):  # noqa: N818 - how a journey ended, not an error
    """The journey ends here; the argument says how."""


class Buyer(FastHttpUser):
    """Takes the next arrival from the plan, waits for its instant, walks its journey and leaves for good."""

    host = "http://127.0.0.1"  # never used: every URL is whole
    connection_timeout = limits.NETWORK_TIMEOUT_S
    network_timeout = limits.NETWORK_TIMEOUT_S
    concurrency = limits.CONNECTIONS_PER_BUYER

    @task
    def buy(self) -> None:
        rehearsal: Rehearsal = self.environment.rehearsal
        if not rehearsal.arrivals:
            raise StopUser
        number, arrival_s = rehearsal.arrivals.popleft()
        plan = rehearsal.plan
        due_s = plan.starts_at_s + arrival_s
        gevent.sleep(max(0.0, due_s - time.time()))
        rehearsal.began += 1
        caller = Caller(self.client, rehearsal.record, plan.starts_at_s, due_s + plan.journey_max_s)
        way = _Way(plan, caller, Taste.of(plan, rehearsal.dice), f"{plan.process}-{number}", due_s)
        try:
            outcome = way.walk()
        except Stopped as stop:
            outcome = str(stop)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose the buyer from the count
            outcome = f"generator {error!r}"
        rehearsal.finished += 1
        done_s = time.time()
        rehearsal.record.journeys.append(
            Journey(
                round(arrival_s, 4), round(way.late_ms, 3), round(done_s - due_s, 4), outcome, way.units,
                way.amount_cents, round(way.held_after_s, 4), round(way.paid_after_s, 4),
            )
        )  # fmt: skip
        for code in way.codes:
            rehearsal.codes.put(code)
        raise StopUser


class _Way:
    """One walk. What was reached stays readable when a step stops it."""

    def __init__(self, plan: Plan, caller: Caller, taste: Taste, who: str, due_s: float) -> None:
        self._plan, self._caller, self._taste, self._who, self._due_s = plan, caller, taste, who, due_s
        self._email = f"rehearsal-{plan.seed}-{who}@example.com"
        self.late_ms = max(0.0, (time.time() - due_s) * 1000)
        self.units: list[str] = []
        self.codes: list[str] = []
        self.amount_cents = 0
        self.held_after_s = self.paid_after_s = 0.0

    def walk(self) -> str:
        """How it ended. Raises Stopped with the reason if a step refused for good."""
        admission = self._admitted() if self._plan.room else None
        try:
            return self._shop(admission)
        except Stopped:
            if admission:
                self._leave(admission)
            raise

    def _shop(self, admission: str | None) -> str:
        for chance in range(limits.HOLDS_LOST_MAX):
            hold = self._hold(admission)
            self.held_after_s = time.time() - self._due_s
            if self._taste.abandons:
                return self._abandon(admission, hold)
            order = self._order(admission, hold, last=chance == limits.HOLDS_LOST_MAX - 1)
            if order is not None:
                break
        assert order is not None
        token = {"X-Order-Token": order["order_token"]}
        if order.get("client_secret"):
            self._pay(order)
        self._await_paid(order["order_id"], token)
        self.paid_after_s = time.time() - self._due_s
        self._fetch_tickets(order["order_id"], token)
        return "paid"

    def _abandon(self, admission: str | None, hold: Obj) -> str:
        self._caller.call(
            "release", "DELETE", f"{self._plan.engine}/v1/holds/{hold['id']}",
            headers=_with(admission, **{"X-Order-Token": hold["hold_token"]}),
        )  # fmt: skip
        if admission:
            self._leave(admission)
        return "abandoned"

    def _admitted(self) -> str:
        """The admission token. The first request of the walk is the one that counts from the scheduled instant."""
        room = f"{self._plan.waitingroom}/v1/rooms/{self._plan.event_id}"
        due_s: float | None = self._due_s
        for _ in range(limits.ROOM_POLLS_MAX):
            status = self._caller.call("room", "GET", room, due_s=due_s)
            due_s = None
            phase = status.body.get("phase")
            if not status.ok or phase in {"closed", "sold_out"}:
                raise Stopped("sold_out" if phase == "sold_out" else f"room {phase or status.code}")
            if phase in {"prequeue", "open"}:
                break
            self._breathe(float(status.body.get("poll", {}).get("min_s", 2)))
        body: Obj = {"identity": self._email} if self._plan.identity else {}
        joined = self._caller.call("join", "POST", f"{room}/join", body=body)
        if joined.code == "challenge_required":
            body["challenge"] = solve(joined.body.get("challenge", {}))
            joined = self._caller.call("join", "POST", f"{room}/join", body=body)
        if not joined.ok:
            raise Stopped(f"join {joined.code}")
        for _ in range(limits.CLAIM_POLLS_MAX):
            claim = self._caller.call(
                "claim", "POST", f"{room}/claim", body={"queue_ticket": joined.body["queue_ticket"]}
            )
            if "admission_token" in claim.body:
                return str(claim.body["admission_token"])
            if not claim.ok:
                raise Stopped("sold_out" if claim.code == "sold_out" else f"claim {claim.code}")
            self._breathe(min(float(claim.body.get("retry_after_s", 1)), limits.CLAIM_PAUSE_MAX_S))
        raise Stopped("never admitted")

    def _leave(self, admission: str) -> None:
        """Give the place inside to the next in line, as somebody who closes the page does."""
        room = f"{self._plan.waitingroom}/v1/rooms/{self._plan.event_id}"
        self._caller.call("leave", "POST", f"{room}/release", body={"admission_token": admission})

    def _hold(self, admission: str | None) -> Obj:
        due_s = None if self._plan.room else self._due_s
        answer = Reply(0, {}, 0.0, None)
        for _ in range(limits.HOLD_TRIES_MAX):
            answer = self._caller.call(
                "hold", "POST", f"{self._plan.engine}/v1/holds", due_s=due_s,
                body={"event_id": self._plan.event_id, "items": [self._taste.item()]},
                headers=_with(admission, **{"Idempotency-Key": str(uuid.uuid4())}),
            )  # fmt: skip
            due_s = None
            if answer.ok:
                return answer.body
            if not self._taste.settle_for_less(answer.code):
                break
        raise Stopped("sold_out" if answer.code == "sold_out" else f"hold {answer.code}")

    def _order(self, admission: str | None, hold: Obj, *, last: bool) -> Obj | None:
        """None if the hold is gone and there is another chance, as after a store that lost what it held."""
        answer = self._caller.call(
            "order", "POST", f"{self._plan.engine}/v1/orders",
            body={"hold_id": hold["id"], "user_info": {"name": f"Fan {self._who}", "email": self._email}},
            headers=_with(
                admission, **{"X-Order-Token": hold["hold_token"], "Idempotency-Key": f"order-{hold['id']}"}
            ),
        )  # fmt: skip
        if answer.code == "hold_expired" and not last:
            return None
        if not answer.ok:
            raise Stopped(f"order {answer.code}")
        self.amount_cents = int(answer.body.get("amount_cents", 0))
        return answer.body

    def _pay(self, order: Obj) -> None:
        """Confirm at the provider with the publishable key, as the page in the browser does."""
        secret = str(order["client_secret"])
        url = f"{self._plan.stripe}/v1/payment_intents/{secret.partition('_secret_')[0]}/confirm"
        key = order.get("publishable_key") or self._plan.publishable_key
        for method in self._taste.payment_methods():
            form = urlencode({"client_secret": secret, "payment_method": method})
            answer = self._caller.call("pay", "POST", url, form=form, headers={"Authorization": f"Bearer {key}"})
            if answer.ok:
                return
        raise Stopped(f"pay {answer.body.get('error', {}).get('code', answer.code)}")

    def _await_paid(self, order_id: str, token: dict[str, str]) -> None:
        """One look, then waiting for what comes next. How long the provider takes is no time of the shop's looks."""
        url = f"{self._plan.engine}/v1/orders/{order_id}/status"
        pause_s, etag = limits.STATUS_PAUSE_FIRST_S, None
        for _ in range(limits.STATUS_POLLS_MAX):
            headers = token | ({"If-None-Match": etag} if etag else {})
            step, path = ("status_wait", f"{url}?wait_s={limits.STATUS_WAIT_S}") if etag else ("status", url)
            began_s = time.time()
            answer = self._caller.call(step, "GET", path, headers=headers)
            waited = bool(etag) and (answer.status == 200 or time.time() - began_s > limits.STATUS_WAITED_S)  # noqa: PLR2004
            etag = answer.etag or etag
            status = answer.body.get("status")
            if status in PAID:
                return
            if status in ENDED or answer.status >= 400:  # noqa: PLR2004 - a refusal
                raise Stopped(f"order {status or answer.code}")
            if self._caller.out_of_time:
                raise Stopped("out of time")
            if not waited and step == "status_wait":  # the shop has no room for those who wait
                self._breathe(pause_s)
                pause_s = min(pause_s * 1.5, limits.STATUS_PAUSE_MAX_S)
        raise Stopped("never paid")

    def _fetch_tickets(self, order_id: str, token: dict[str, str]) -> None:
        """Tickets may be issued just after the payment: asked for again until they are there."""
        url = f"{self._plan.engine}/v1/orders/{order_id}/tickets"
        for _ in range(limits.STATUS_POLLS_MAX):
            answer = self._caller.call("tickets", "GET", url, headers=token)
            if not answer.ok:
                raise Stopped(f"tickets {answer.code}")
            tickets = answer.body.get("data") or answer.body.get("tickets") or []
            if tickets:
                self.units = [str(ticket["unit"]) for ticket in tickets]
                self.codes = [str(ticket["code"]) for ticket in tickets]
                return
            self._breathe(limits.STATUS_PAUSE_MAX_S / 4)
        raise Stopped("tickets never came")

    def _breathe(self, seconds: float) -> None:
        if self._caller.out_of_time:
            raise Stopped("out of time")
        self._caller.pause(seconds)


def _with(admission: str | None, **headers: str) -> dict[str, str]:
    return headers | ({"Authorization": f"Admission {admission}"} if admission else {})
