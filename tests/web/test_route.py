"""What a row says by itself: its other addresses and the refusals that follow from who asks and what is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web
from msgspec import Struct

from engine.domain.catalogue.errors import EventUnknown
from engine.foundation.errors import Invalid, TooLarge, Unauthenticated
from engine.web import once
from engine.web.route import Route, Who


class Body(Struct):
    name: str


async def _handler(_request: web.Request) -> web.Response:
    return web.Response()


def test_a_canonical_path_is_reached_under_each_requirement_documents_prefix():
    assert Route("GET", "/v1/events", _handler, "public").also("/v1/events/public").aliases == (
        "/v1/events/public",
        "/api/v1/events", "/api/tickets/events", "/api/events",
        "/api/v1/events/public", "/api/tickets/events/public", "/api/events/public",
    )  # fmt: skip


def test_only_what_is_under_v1_has_other_prefixes():
    assert Route("GET", "/livez", _handler, "operations").aliases == ()
    assert Route("POST", "/api/v1/orders", _handler, "buyer").also("/api/orders").aliases == ("/api/orders",)
    assert Route("POST", "/v1/orders", _handler, "capability", prefixes=()).aliases == ()


@pytest.mark.parametrize(("who", "refused"), [("public", set()), ("buyer", set()), ("organizer", {Unauthenticated})])
def test_a_row_for_people_who_signed_in_refuses_everybody_else(who: Who, refused: set[type]):
    assert Route("GET", "/v1/events", _handler, who).refusals == refused


def test_a_row_that_takes_a_body_refuses_broken_and_endless_ones():
    row = Route("POST", "/v1/events", _handler, "public", takes=Body).refuses(EventUnknown)
    assert row.refusals == {EventUnknown, Invalid, TooLarge, *once.REFUSALS}
    assert replace(row, repeats="always").refusals == {EventUnknown, Invalid, TooLarge}
