"""The page of all choices, and the one behind the link of a mail: no sign-in, no trap for programs that open links."""

from __future__ import annotations

import asyncpg
import pytest

from engine.domain.accounts.consents import AskedFor, AskedForAll
from engine.services import appkeys
from engine.services.accounts.agreements.consents import Consents
from engine.services.accounts.agreements.sealed_links import SealedLinks
from engine.settings import Settings
from tests import factories
from tests.pages.conftest import HTML, Client
from tests.pages.forms import page, send

ADDRESS = "ada@example.test"


async def given(pool: asyncpg.Pool) -> str:
    """An organizer that may write to Ada; its id."""
    organization_id = await factories.organization(pool)
    await pool.execute(
        "INSERT INTO consents (address, purpose, organization_id, wording, source)"
        " VALUES ($1, 'organizer_marketing', $2, 'checkout-1/en', 'checkout')",
        ADDRESS, organization_id,
    )  # fmt: skip
    return organization_id


async def lives(pool: asyncpg.Pool) -> list[str]:
    rows = await pool.fetch("SELECT purpose FROM consents WHERE withdrawn_at IS NULL ORDER BY purpose")
    return [row["purpose"] for row in rows]


def consents_of(engine: Client) -> Consents:
    return engine.app[appkeys.CONSENTS]


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
async def test_one_click_of_a_mail_program_stops_the_mails_and_opening_the_link_does_not(
    engine: Client, pool: asyncpg.Pool, kind: str
):
    url = consents_of(engine).stop_url(AskedFor(ADDRESS, "organizer_marketing", await given(pool)))
    path = "/unsubscribe" + url.partition("/unsubscribe")[2]
    assert "Stop these mails" in await page(engine, path)
    assert await lives(pool) == ["organizer_marketing"]
    click = (
        {"data": "List-Unsubscribe=One-Click", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
        if kind == "urlencoded"
        else {
            "data": b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        }
    )
    for _ in range(2):
        answer = await engine.post(path, allow_redirects=False, **click)
        assert answer.status == 200
    assert await lives(pool) == []
    assert ADDRESS not in path


async def test_a_link_of_another_kind_or_of_nobody_stops_nothing(
    engine: Client, pool: asyncpg.Pool, settings: Settings
):
    await given(pool)
    other = SealedLinks(settings.seal).token(AskedForAll(ADDRESS))
    for token in ("", "x", other, other[:-2]):
        assert (await engine.post(f"/unsubscribe?token={token}")).status == 400
    assert await lives(pool) == ["organizer_marketing"]
    own = SealedLinks(settings.seal).token(AskedFor(ADDRESS, "platform_marketing"))
    assert (await engine.get(f"/preferences?token={own}", headers=HTML)).status == 400


async def test_who_reads_the_mail_chooses_without_an_account(engine: Client, pool: asyncpg.Pool):
    organization_id = await given(pool)
    url = consents_of(engine).choices_url(ADDRESS)
    path = "/preferences" + url.partition("/preferences")[2]
    html = await page(engine, path)
    assert html.count(" checked") == 1
    token = path.partition("token=")[2]
    fields = {"token": token, "about-platform_marketing-": "yes"}
    saved = await send(engine, "/preferences", html, fields)
    assert (saved.status, "Saved." in await saved.text()) == (200, True)
    assert await lives(pool) == ["platform_marketing"]
    box = {f"about-organizer_marketing-{organization_id}": "yes"}
    await send(engine, "/preferences", html, fields | box)
    assert await lives(pool) == ["organizer_marketing", "platform_marketing"]
    forged = await engine.post("/preferences", data={"token": token, "csrf": "x" * 32}, headers=HTML)
    assert forged.status == 403
    guest = await engine.get("/preferences", headers=HTML, allow_redirects=False)
    assert (guest.status, guest.headers["Location"]) == (303, "/account/sign-in")
