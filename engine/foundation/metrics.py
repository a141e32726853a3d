"""Prometheus metrics under the ``onsale_`` namespace. Label children are cached by the callers on the hot path."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest, start_http_server

LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUEST_SECONDS = Histogram(
    "onsale_http_request_seconds", "Time to answer a request", ["route", "method"], buckets=LATENCY_BUCKETS_S
)
REQUESTS = Counter("onsale_http_requests_total", "Answers given", ["route", "method", "status"])
REFUSALS = Counter("onsale_refusals_total", "Refusals by their stable code", ["code"])
BATCH_SIZE = Histogram(
    "onsale_batch_items", "Requests in one group commit", ["batch"], buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
BATCH_WAIT_SECONDS = Histogram(
    "onsale_batch_wait_seconds",
    "Age of the oldest request of a batch at its flush",
    ["batch"],
    buckets=LATENCY_BUCKETS_S,
)
SHED = Counter("onsale_shed_total", "Requests shed because the queue was too old or too long", ["batch"])
UP = Gauge("onsale_subsystem_up", "1 where the subsystem answers", ["subsystem"])


def serve(port: int) -> None:
    """Answer scrapes on loopback, for a process that serves no HTTP of its own."""
    start_http_server(port, addr="127.0.0.1")


def exposition() -> tuple[bytes, str]:
    """The scrape body and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
