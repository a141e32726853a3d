"""Prometheus metrics under the ``onsale_`` namespace. Label children are cached by the callers on the hot path."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)

REFUSALS = Counter("onsale_refusals_total", "Refusals by their stable code", ["code"])
BATCH_SIZE = Histogram(
    "onsale_batch_items", "Requests in one group commit", ["batch"], buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
SHED = Counter("onsale_shed_total", "Requests shed because the queue was too old or too long", ["batch"])
UP = Gauge("onsale_subsystem_up", "1 where the subsystem answers", ["subsystem"])


CHILDREN_MAX = 2_048

M = TypeVar("M", Counter, Gauge, Histogram)


@functools.lru_cache(CHILDREN_MAX)
def labelled(metric: M, *labels: str) -> M:
    """The child of a metric under these labels, found without a lock; there must be few of them."""
    return metric.labels(*labels)


def refused(code: str) -> None:
    """Count one refusal; the codes are ours, and few."""
    labelled(REFUSALS, code).inc()


def serve(port: int) -> None:
    """Answer scrapes on loopback, for a process that serves no HTTP of its own."""
    start_http_server(port, addr="127.0.0.1")


class RouteAnswers:
    """What one route answered, and how fast. Plain numbers: one thread counts, and a scrape reads them as they are."""

    __slots__ = ("buckets", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(LATENCY_BUCKETS_S) + 1)
        self.seconds = 0.0

    def note(self, status: int, seconds: float) -> None:
        """One answer; without the locks of a counter and a histogram."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.buckets[bisect_left(LATENCY_BUCKETS_S, seconds)] += 1
        self.seconds += seconds


class Answers(Collector):
    """``onsale_http_requests_total`` by route, method and status, ``onsale_http_request_seconds`` without it."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], RouteAnswers] = {}

    def of(self, route: str, method: str) -> RouteAnswers:
        """The counts of a route, always the same ones."""
        counts = self._routes.get((route, method))
        if counts is None:
            known = method if method in METHODS else "other"  # a caller can invent methods without end
            counts = self._routes.setdefault((route, known), RouteAnswers())
        return counts

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily("onsale_http_requests", "Answers given", labels=["route", "method", "status"])
        seconds = HistogramMetricFamily(
            "onsale_http_request_seconds", "Time to answer a request", labels=["route", "method"]
        )
        bounds = [*map(str, LATENCY_BUCKETS_S), "+Inf"]
        for (route, method), counts in list(self._routes.items()):  # a scrape may come from another thread
            for status, count in list(counts.statuses.items()):
                answers.add_metric([route, method, str(status)], count)
            upto = list(zip(bounds, accumulate(counts.buckets), strict=True))
            seconds.add_metric([route, method], upto, counts.seconds)
        yield answers
        yield seconds


ANSWERS = Answers()
REGISTRY.register(ANSWERS)


def exposition() -> tuple[bytes, str]:
    """The scrape body and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
