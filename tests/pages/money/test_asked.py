"""What an event asks, on the checkout page without scripts: shown, kept when it is wrong, and on the tickets."""

from __future__ import annotations

import re
from html import unescape

import asyncpg

from engine.domain.catalogue.questions import Question, kept
from tests.pages.conftest import Client
from tests.pages.forms import ADA, held, page, send


async def test_what_is_asked_is_kept_in_the_form_until_it_is_right(engine: Client, publish, pool: asyncpg.Pool) -> None:
    questions = kept(
        [
            Question(label="Heard of us <where>?", chars_max=20),
            Question(label="I agree", kind="checkbox", required=True),
            Question(label="Shirt", kind="choice", per="attendee", choices=("S", "M"), required=True, help="Unisex"),
        ]
    )
    heard, agree, shirt = (question.id for question in questions)
    asked = [{name: getattr(each, name) for name in each.__struct_fields__} for each in questions]
    night = await publish(slug="asked", named_tickets="required", questions=asked)
    checkout = await held(engine, night)
    html = await page(engine, checkout)
    assert html.count('<fieldset class="stack asked-ticket">') == 2
    assert "Heard of us &lt;where&gt;?" in html

    typed = {**ADA, "tickets": "2", f"a-{heard}": "a friend <b>", "n-0": "Bo", f"a-0-{shirt}": "M"}
    response = await send(engine, checkout, html, typed)
    html = await response.text()
    assert response.status == 422
    wrong = set(re.findall(r'name="([^"]+)"[^>]*aria-invalid="true"', html))
    assert wrong == {f"a-{agree}", "n-1", f"a-1-{shirt}"}
    assert all(text in html for text in ('value="a friend &lt;b&gt;"', 'value="Bo"', "<option selected>M</option>"))
    as_script = await engine.post(checkout, data={**typed, "csrf": _csrf(html)}, headers={"Accept": "application/json"})
    pointers = {fault["pointer"] for fault in (await as_script.json())["errors"]}
    assert pointers == {f"/a-{agree}", "/n-1", f"/a-1-{shirt}"}
    assert await pool.fetchval("SELECT count(*) FROM orders") == 0

    response = await send(engine, checkout, html, {**typed, f"a-{agree}": "yes", "n-1": "Cy", f"a-1-{shirt}": "S"})
    assert response.status == 303, await response.text()
    order = await page(engine, response.headers["Location"])
    assert "Bo" in order
    assert "Cy" in order
    rows = await pool.fetch("SELECT attendee FROM order_units ORDER BY line")
    assert [row["attendee"]["answers"][0]["value"] for row in rows] == ["M", "S"]


async def test_a_form_with_fewer_tickets_than_the_hold_is_shown_with_all_of_them(engine: Client, publish) -> None:
    night = await publish(slug="asked", named_tickets="required")
    checkout = await held(engine, night)
    response = await send(engine, checkout, await page(engine, checkout), {**ADA, "tickets": "1", "n-0": "Bo"})
    assert response.status == 422
    assert 'id="n-1" name="n-1"' in await response.text()


def _csrf(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None
    return unescape(found[1])
