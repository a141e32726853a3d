"""One measured request at a time, patient the way a well-behaved client is: it retries what may be retried."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import gevent
import orjson
from locust.contrib.fasthttp import FastHttpSession

from loadtest import limits
from loadtest.record import Kind, Record, Sample

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` 0 is no answer. `body` is empty if the answer was no JSON object."""

    status: int
    body: Obj
    retry_after_s: float
    etag: str | None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own classes

    @property
    def code(self) -> str:
        return str(self.body.get("code", self.status or "no answer"))


class Caller:
    """Sends requests and writes each of them down, counted from when it should have been sent."""

    def __init__(self, client: FastHttpSession, record: Record, starts_at_s: float, deadline_s: float) -> None:
        self._client, self._record, self._starts_at_s = client, record, starts_at_s
        self._deadline_s = deadline_s

    @property
    def out_of_time(self) -> bool:
        return time.time() >= self._deadline_s

    def pause(self, seconds: float) -> None:
        """Wait, but not past the journey's end."""
        gevent.sleep(max(0.0, min(seconds, self._deadline_s - time.time())))

    def call(
        self,
        step: str,
        method: str,
        url: str,
        *,
        body: Obj | None = None,
        form: str | None = None,
        headers: dict[str, str] | None = None,
        due_s: float | None = None,
    ) -> Reply:
        """The final answer after at most `ATTEMPTS_MAX` tries. The same idempotency key goes with every try."""
        sent = dict(headers or {})
        data = form
        if body is not None:
            data = orjson.dumps(body).decode()
            sent["Content-Type"] = "application/json"
        elif form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        reply, attempt = Reply(0, {}, 0.0, None), 0
        for _ in range(limits.ATTEMPTS_MAX + limits.IN_FLIGHT_TRIES_MAX):
            reply, kind = self._once(step, method, url, data, sent, due_s or time.time())
            due_s = None
            if reply.body.get("code") == "idempotency_in_flight":
                wait_s = limits.IN_FLIGHT_PAUSE_S
            elif kind in {"shed", "limited", "error", "broken"} and attempt + 1 < limits.ATTEMPTS_MAX:
                wait_s = min(reply.retry_after_s or limits.BROKEN_PAUSE_S * 2**attempt, limits.RETRY_AFTER_MAX_S)
                attempt += 1
            else:
                break
            if self.out_of_time:
                break
            self.pause(wait_s * (1 + random.uniform(0, limits.RETRY_JITTER_SHARE)))
        return reply

    def _once(
        self, step: str, method: str, url: str, data: str | None, headers: dict[str, str], due_s: float
    ) -> tuple[Reply, Kind]:
        with self._client.request(method, url, name=step, data=data, headers=headers, catch_response=True) as answer:
            took_ms = (time.time() - due_s) * 1000
            status = answer.status_code or 0
            found = answer.headers or {}
            retry_after = found.get("retry-after")
            kind = _kind(status, has_retry_after=retry_after is not None)
            if kind in {"ok", "refused", "shed", "limited"}:
                answer.success()
            else:
                answer.failure(f"{step}: {status or answer.error}")
            reply = Reply(status, _object(answer.content), _seconds(retry_after), found.get("etag"))
        self._record.samples.append(Sample(step, round(due_s - self._starts_at_s, 4), round(took_ms, 3), status, kind))
        return reply, kind


def _kind(status: int, *, has_retry_after: bool) -> Kind:
    if status == 0:
        return "broken"
    if status == 503 and has_retry_after:  # noqa: PLR2004
        return "shed"
    if status == 429:  # noqa: PLR2004
        return "limited"
    if status >= 500:  # noqa: PLR2004
        return "error"
    return "refused" if status >= 400 else "ok"  # noqa: PLR2004


def _object(content: bytes | str | None) -> Obj:
    try:
        found = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:
        return 0.0
