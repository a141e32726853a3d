"""Currencies and prices as organizers type them: what can never be sold or paid is refused there and then."""

from __future__ import annotations

import pytest

from engine.foundation.world.currencies import CHARGEABLE, find, money
from tests.web.organizer import Someone


@pytest.fixture
async def organizer(register) -> Someone:
    return await register()


@pytest.mark.parametrize(
    "code", ["DEM", "ITL", "X" * 3, "XAU", "XTS", "HRK", "MRU", "BGN", "ANG", "CLF", "IRR", "ZWL", "USN", "ZZZ"]
)
async def test_a_currency_nobody_is_charged_in_is_refused(organizer, code: str):
    organization_id = await organizer.organization()
    given = {"organization_id": organization_id, "venue_id": await organizer.venue(organization_id), "title": "Night",
             "starts_at": "2031-01-01T20:00:00Z", "ends_at": "2031-01-01T22:00:00Z", "currency": code}  # fmt: skip
    answer = await organizer.ask("POST", "/v1/events", given)
    assert answer.status == 422
    assert [fault["pointer"] for fault in (await answer.json())["errors"]] == ["/currency"]


async def _event(organizer, code: str, **more):
    organization_id = await organizer.organization()
    return await organizer.event(organization_id, await organizer.venue(organization_id), currency=code, **more)


async def _typed(organizer, event, cents: int):
    answer = await organizer.ask(
        "POST",
        f"/v1/events/{event['id']}/ticket-types",
        {"name": "T", "price_cents": cents, "categories": ["Stalls"]},
    )
    return answer.status, await answer.json()


async def test_every_currency_takes_its_least_and_its_greatest_price_and_nothing_beyond(organizer):
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    for code in CHARGEABLE:
        currency = find(code)
        event = await organizer.event(organization_id, venue_id, currency=code)
        for cents in (0, currency.least, currency.greatest):
            assert (await _typed(organizer, event, cents))[0] == 201, (code, cents)
        for cents in (currency.least - currency.step, currency.greatest + currency.step):
            status, body = await _typed(organizer, event, cents) if cents else (422, None)
            assert status == 422, (code, cents)
            if body:
                assert body["errors"][0]["pointer"] == "/price_cents"
                assert code in body["detail"] or money(0, code)[:1] in body["detail"]


@pytest.mark.parametrize(("code", "cents"), [("IDR", 150_000_000), ("HUF", 17_500), ("VND", 1_500_000), ("COP", 10**8)])
async def test_large_numbers_of_small_money_are_no_large_prices(organizer, code: str, cents: int):
    assert (await _typed(organizer, await _event(organizer, code), cents))[0] == 201


@pytest.mark.parametrize(
    ("code", "cents"), [("KWD", 5124), ("BHD", 501), ("JOD", 10_001), ("OMR", 777), ("TND", 9999), ("MGA", 10_050)]
)
async def test_a_price_between_two_steps_is_refused(organizer, code: str, cents: int):
    status, body = await _typed(organizer, await _event(organizer, code), cents)
    assert (status, body["errors"][0]["pointer"], body["errors"][0]["code"]) == (
        422,
        "/price_cents",
        "amount_between_steps",
    )


async def test_another_currency_or_fee_may_not_make_a_price_that_nobody_can_pay(organizer):
    event = await _event(organizer, "CAD")
    assert (await _typed(organizer, event, 100))[0] == 201
    path = f"/v1/events/{event['id']}"
    answer = await organizer.ask("PATCH", path, {"currency": "HUF"}, headers={"If-Match": "*"})
    assert (answer.status, (await answer.json())["errors"][0]["pointer"]) == (422, "/currency")
    assert (await organizer.ok("GET", path))["currency"] == "CAD"


@pytest.mark.parametrize(
    ("code", "fixed", "status"), [("IDR", 500_000, 201), ("CAD", 100_001, 422), ("KWD", 105, 422), ("KWD", 110, 201)]
)
async def test_the_fixed_fee_is_bounded_in_the_events_currency(organizer, code: str, fixed: int, status: int):
    organization_id = await organizer.organization()
    given = {"organization_id": organization_id, "venue_id": await organizer.venue(organization_id), "title": "Night",
             "starts_at": "2031-01-01T20:00:00Z", "ends_at": "2031-01-01T22:00:00Z", "currency": code,
             "fee": {"rate_bp": 0, "fixed_cents": fixed}}  # fmt: skip
    answer = await organizer.ask("POST", "/v1/events", given)
    assert answer.status == status
    if status == 422:
        assert (await answer.json())["errors"][0]["pointer"] == "/fee/fixed_cents"
