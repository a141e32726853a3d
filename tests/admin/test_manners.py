"""What the admin app asks of every request, and what its answers say of themselves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from admin import routes
from engine.foundation.ids import new_id

NAMED = re.compile(r"\{(\w+):(\w+?)_\[0-9A-Z\]\{26\}\}")
ROWS = [(method, path) for method, path, _, _ in routes.OPEN] + [(row.method, row.path) for row in routes.ROUTES]


def _path(pattern: str) -> str:
    return NAMED.sub(lambda found: new_id(found[2]), pattern)


@pytest.fixture
async def client(server: TestServer[web.Request]) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    async with TestClient(server) as client:
        yield client


async def test_every_answer_of_the_admin_app_says_no_more_than_it_must(client):
    for method, pattern in [*ROWS, ("GET", "/nowhere"), ("GET", "/static/nothing.js"), ("GET", "/static/admin.css")]:
        async with client.request(method, _path(pattern), allow_redirects=False) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", pattern
            assert "Server" not in answer.headers, pattern
            assert "Cache-Control" in answer.headers, pattern
            assert "public" not in answer.headers["Cache-Control"] or pattern.startswith("/static/"), pattern


async def test_a_form_under_another_name_and_another_sites_page_change_nothing(client):
    for method, pattern in ROWS:
        if method != "POST":
            continue
        for headers, status in (
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/json"}, 415),
            ({"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}, 403),
        ):
            async with client.post(_path(pattern), data=b"csrf=x", headers=headers, allow_redirects=False) as answer:
                assert answer.status == status, (pattern, headers)
