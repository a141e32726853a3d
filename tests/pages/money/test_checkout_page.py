from __future__ import annotations

import re

import asyncpg
import pytest

from engine.services import appkeys
from tests.pages.conftest import HTML, Client, Night
from tests.pages.forms import ADA, held, page, send


async def test_what_costs_nothing_is_bought_without_scripts(engine: Client, night: Night, pool: asyncpg.Pool) -> None:
    checkout = await held(engine, night)
    response = await send(engine, checkout, await page(engine, checkout), ADA)
    assert response.status == 303, await response.text()
    html = await page(engine, response.headers["Location"])
    assert "You are going." in html
    assert html.count('aria-label="Ticket code"') == 2
    row = await pool.fetchrow("SELECT buyer_name, buyer_email, consents FROM orders")
    assert (row["buyer_name"], row["buyer_email"]) == ("Ada Lovelace", "ada@example.com")
    assert '"marketing": false' in row["consents"] or row["consents"] == {"marketing": False}


async def test_consent_is_never_ticked_in_advance(engine: Client, night: Night) -> None:
    html = await page(engine, await held(engine, night))
    box = re.search(r'<input type="checkbox" name="marketing"[^>]*>', html)
    assert box is not None
    assert "checked" not in box.group(0)


async def test_what_is_typed_wrongly_is_shown_beside_its_field(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    response = await send(engine, checkout, await page(engine, checkout), {"name": "  ", "email": "nobody"})
    html = await response.text()
    assert response.status == 422
    assert html.count('aria-invalid="true"') == 2
    assert 'value="nobody"' in html


async def test_scripts_get_the_order_as_json_without_its_key(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    html = await page(engine, checkout)
    csrf = re.search(r'name="csrf" value="([^"]+)"', html)
    assert csrf is not None
    response = await engine.post(checkout, data={**ADA, "csrf": csrf.group(1)}, headers={"Accept": "application/json"})
    answer = await response.json()
    assert response.status == 201
    assert "order_token" not in answer
    cookies = response.headers.getall("Set-Cookie")
    assert len([c for c in cookies if c.startswith("onsale_order=") and "HttpOnly" in c]) == 3


async def test_a_paid_order_without_scripts_says_why_it_cannot_be_paid(engine: Client, night: Night) -> None:
    html = await page(engine, await held(engine, night, kind=0))
    assert "Paying by card needs scripts" in html
    assert "Practice mode" in html
    assert "js.stripe.com" not in html


async def test_giving_back_frees_the_tickets(engine: Client, night: Night) -> None:
    checkout = await held(engine, night, kind=0, quantity=10)
    response = await send(engine, f"{checkout}/release", await page(engine, checkout), {})
    assert (response.status, response.headers["Location"]) == (303, f"/e/{night.slug}/shop")
    again = await held(engine, night, kind=0, quantity=10)
    assert again != checkout


async def test_a_strangers_hold_cannot_be_opened(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    engine.session.cookie_jar.clear()
    assert (await engine.get(checkout, headers=HTML)).status == 403


async def test_a_hold_given_back_is_over(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    hold_id = checkout.rpartition("/")[2]
    token = {c.key: c.value for c in engine.session.cookie_jar}["onsale_hold"]
    await engine.app[appkeys.HOLDS].release(hold_id, token)
    await page(engine, checkout, 410)
    over = await page(engine, checkout, 410)
    assert "Time is up" in over
    assert f'href="/e/{night.slug}">Choose again' in over


async def test_coming_back_to_the_checkout_after_ordering_leads_to_the_order(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    bought = await send(engine, checkout, await page(engine, checkout), ADA)
    response = await engine.get(checkout, headers=HTML, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, bought.headers["Location"])


async def test_the_checkout_leads_nowhere_once_the_links_of_its_order_were_ended(engine: Client, night: Night) -> None:
    checkout = await held(engine, night)
    bought = await send(engine, checkout, await page(engine, checkout), ADA)
    order_id = bought.headers["Location"].partition("?")[0].rpartition("/")[2]
    token = bought.cookies["onsale_order"].value
    ended = await engine.post(f"/v1/orders/{order_id}/end-links", headers={"X-Order-Token": token})
    assert ended.status == 200, await ended.text()
    response = await engine.get(checkout, headers=HTML, allow_redirects=False)
    assert (response.status, "Location" in response.headers) == (410, False)


async def test_the_token_of_a_hold_made_by_scripts_is_handed_over(engine: Client, night: Night) -> None:
    shop = await page(engine, f"/e/{night.slug}/shop")
    answer = await engine.post(
        "/v1/holds",
        json={
            "event_id": night.id,
            "items": [{"ticket_type_id": night.types[0], "quantity": 1, "seats": ["Stalls/1/1"]}],
        },
        headers={"Idempotency-Key": "k1"},
    )
    hold = await answer.json()
    response = await send(engine, f"/checkout/{hold['id']}/enter", shop, {"hold_token": hold["hold_token"]})
    assert response.status == 303
    assert "row\u00a01, seat\u00a01" in await page(engine, response.headers["Location"])
    wrong = await send(engine, f"/checkout/{hold['id']}/enter", shop, {"hold_token": "nonsense"})
    assert wrong.status == 403


async def test_with_real_keys_stripes_own_form_stands_in_the_page(engine: Client, night: Night) -> None:
    own = engine.app[appkeys.SETTINGS].model_copy(update={"stripe_url": "https://api.stripe.com"})
    engine.app._state[appkeys.SETTINGS] = own
    checkout = await held(engine, night, kind=0)
    response = await engine.get(checkout, headers=HTML)
    html, policy = await response.text(), response.headers["Content-Security-Policy"]
    assert '<script src="https://js.stripe.com/v3/"></script>' in html
    assert "Practice mode" not in html
    assert "card-number" not in html
    assert "script-src 'self' https://js.stripe.com;" in policy
    assert "frame-src https://js.stripe.com https://hooks.stripe.com" in policy


async def test_behind_our_own_proxy_the_buyers_address_is_the_one_it_wrote(
    engine: Client, night: Night, pool: asyncpg.Pool
) -> None:
    own = engine.app[appkeys.SETTINGS].model_copy(update={"trust_forwarded": True})
    engine.app._state[appkeys.SETTINGS] = own
    checkout = await held(engine, night)
    html = await page(engine, checkout)
    csrf = re.search(r'name="csrf" value="([^"]+)"', html)
    assert csrf is not None
    headers = {"Accept": "application/json", "X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    response = await engine.post(checkout, data={**ADA, "csrf": csrf.group(1)}, headers=headers)
    assert response.status == 201
    assert str(await pool.fetchval("SELECT host(ip_address) FROM orders")) == "203.0.113.9"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("نور‌الدین", "نور‌الدین"),  # a joiner within a word
        ("👩‍👩‍👧 Ada", "👩‍👩‍👧 Ada"),
        ("\U00031350\U000323af 明", "\U00031350\U000323af 明"),  # letters of Unicode 15
        ("Zoe\u0308", "Zoë"),
        ("  Ada \u3000 Byron ", "Ada Byron"),
        ("\u202eAda\u200b\u2069 Byron", "Ada Byron"),
        ("\u200b\u2060", None),
        ("\u3164", None),
        ("\u2800\u2800", None),
        ("\u200d\ufe0f", None),
        ("\u0301\u0302", None),
        ("\U000e0041", None),
        ("Ada\x07", None),
        ("x" * 201, None),
    ],
)
async def test_page_and_api_take_the_same_names(
    engine: Client, night: Night, pool: asyncpg.Pool, typed: str, kept: str | None
) -> None:
    checkout = await held(engine, night)
    response = await send(engine, checkout, await page(engine, checkout), {**ADA, "name": typed})
    held_by_api = await engine.post(
        "/v1/holds",
        json={"event_id": night.id, "items": [{"ticket_type_id": night.types[1], "quantity": 1}]},
        headers={"Idempotency-Key": "a-name"},
    )
    hold = await held_by_api.json()
    answer = await engine.post(
        "/v1/orders",
        json={"hold_id": hold["id"], "user_info": {"name": typed, "email": "ada@example.com"}},
        headers={"Idempotency-Key": "once", "X-Order-Token": hold["hold_token"]},
    )
    assert (response.status, answer.status) == ((303, 201) if kept else (422, 422))
    if kept is None:
        assert (await answer.json())["errors"][0]["pointer"] == "/user_info/name"
    names = [row["buyer_name"] for row in await pool.fetch("SELECT buyer_name FROM orders")]
    assert names == ([kept, kept] if kept else [])
