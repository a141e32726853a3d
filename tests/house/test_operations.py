"""The operations that the requirement documents list: each whose function exists answers where they say."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest
from aiohttp import web
from yarl import URL

from engine.web import route as rows
from engine.web.routes import ROUTES
from tests.house import tree

LISTED = tree.ROOT / "tests" / "house" / "data" / "operations.csv"
# Operations without a function yet. The list may only shrink: who builds one takes its line away.
TO_BUILD: set[str] = {
    "POST /v1/tickets/issue",
    "POST /v1/tickets/{ticketId}/resell",
    "POST /api/tickets/checkout/session",
    "POST /api/v1/tickets/:id/wallet",
    "GET /api/v1/analytics/dashboard",
    "GET /api/v1/analytics/sales",
    "GET /api/v1/analytics/customers",
    "GET /api/v1/analytics/revenue",
    "GET /api/v1/analytics/conversions",
    "POST /api/v1/analytics/track",
    "GET /api/v1/reports/sales",
    "GET /api/v1/reports/events",
    "GET /api/v1/reports/customers",
    "GET /api/v1/reports/payouts",
    "POST /api/v1/reports/custom",
    "GET /api/v1/reports/:id/export",
}


def _read() -> list[dict[str, str]]:
    with LISTED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OPERATIONS = _read()


@pytest.fixture(scope="module")
def router() -> web.UrlDispatcher:
    app = web.Application()
    rows.add(app, ROUTES)
    return app.router


def _say(operation: dict[str, str]) -> str:
    return f"{operation['method']} {operation['path']}"


def _answers(router: web.UrlDispatcher, operation: dict[str, str]) -> bool:
    """Whether some route has this method at the documented path, whatever ids stand in it."""
    path = re.sub(r":\w+|{\w+}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", operation["path"])
    for resource in router.resources():
        found = resource._match(URL(path).raw_path)
        if found is not None and any(each.method == operation["method"] for each in resource):
            return True
    return False


def test_the_list_is_the_requirement_documents_own():
    assert Counter(each["document"] for each in OPERATIONS) == {"S0": 13, "S2": 20, "S3": 3, "S4": 99}
    assert {_say(each) for each in OPERATIONS} >= TO_BUILD


@pytest.mark.parametrize("operation", OPERATIONS, ids=_say)
def test_a_documented_operation_answers_at_its_documented_path(router: web.UrlDispatcher, operation: dict[str, str]):
    answers = _answers(router, operation)
    if _say(operation) in TO_BUILD:
        assert not answers, f"{_say(operation)} is built: take it off the list"
    else:
        assert answers, f"nothing answers {_say(operation)} ({operation['canonical']})"
