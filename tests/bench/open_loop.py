"""The open loop: requests leave on a schedule whether answers come or not; latency counts from the scheduled moment."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

CONNECTIONS = 64
DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds from the scheduled moment to the last byte; who got no answer counts as the wait for the last.

    ``shed`` counts those told to come again (503), ``unlike`` the other answers without what was expected in each,
    ``example`` is one of them; ``sending_s`` is how long it took to send all: more than asked for if the generator was
    too slow.
    """

    sent: int
    refused: int
    unanswered: int
    shed: int
    unlike: int
    example: str
    sending_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def told(self) -> dict[str, float]:
        """As a fact of a row."""
        return {name: value for name, value in asdict(self).items() if name != "example"}


class _Caller(asyncio.Protocol):
    """One keep-alive connection; answers come in the order of its requests."""

    def __init__(self, expected: bytes) -> None:
        self.waiting: deque[float] = deque()
        self.took_s: list[float] = []
        self.refused = 0
        self.shed = 0
        self.unlike = 0
        self.example = b""
        self._expected = expected
        self._transport: asyncio.Transport | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def send(self, request: bytes, scheduled_s: float) -> None:
        assert self._transport is not None
        self.waiting.append(scheduled_s)
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self._read) < end + 4 + length:
                return
            if head.startswith(b"http/1.1 503"):
                self.shed += 1
            elif self._expected not in self._read[: end + 4 + length]:
                self.unlike += 1
                self.example = self._read[: end + 4 + length]
            self._read = self._read[end + 4 + length :]
            self.refused += not head.startswith(b"http/1.1 2")
            self.took_s.append(time.monotonic() - self.waiting.popleft())

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def latencies(
    url: str,
    requests: Iterator[bytes],
    *,
    per_s: float,
    seconds: float,
    connections: int = CONNECTIONS,
    expected: bytes = b"",
    drain_s: float = DRAIN_S,
) -> Latencies:
    """Send at this rate for so long, over the connections in turn, and wait ``drain_s`` for the last answers.

    ``expected``: what every answer must have in it.
    """
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    callers = [
        (await loop.create_connection(lambda: _Caller(expected), parts.hostname, parts.port))[1]
        for _ in range(connections)
    ]
    began_s, total = time.monotonic() + 0.05, round(per_s * seconds)  # the loop's own clock counts whole milliseconds
    sent = 0
    while sent < total:
        due = min(total, int((time.monotonic() - began_s) * per_s) + 1)
        while sent < due:
            callers[sent % connections].send(next(requests), began_s + sent / per_s)
            sent += 1
        await asyncio.sleep(max(0.0, began_s + sent / per_s - time.monotonic()))
    sending_s = time.monotonic() - began_s
    stop_s = time.monotonic() + drain_s
    while any(caller.waiting for caller in callers) and time.monotonic() < stop_s:
        await asyncio.sleep(0.01)
    unanswered = sum(len(caller.waiting) for caller in callers)
    took = sorted([took_s for caller in callers for took_s in caller.took_s] + [drain_s] * unanswered)
    for caller in callers:
        caller.close()
    return Latencies(
        sent=sent,
        refused=sum(caller.refused for caller in callers),
        unanswered=unanswered,
        shed=sum(caller.shed for caller in callers),
        unlike=sum(caller.unlike for caller in callers),
        example=next((caller.example for caller in callers if caller.example), b"").decode("utf-8", "replace"),
        sending_s=round(sending_s, 2),
        p50_ms=_ms(took[len(took) // 2]),
        p99_ms=_ms(took[int(len(took) * 0.99)]),
        max_ms=_ms(took[-1]),
    )


def request(path: str, host: str, body: str, headers: dict[str, str], key: str) -> bytes:
    """A POST as bytes."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", f"Idempotency-Key: {key}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
