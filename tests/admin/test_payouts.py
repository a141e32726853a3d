"""The page of payouts, for an organization whose account is not open yet and for a provider that does not answer."""

from __future__ import annotations

from engine.services.wiring import Services
from tests.admin.organizer import Organizer


async def test_without_an_account_the_page_says_who_takes_the_money_and_offers_to_open_one(
    organizer: Organizer, services: Services
) -> None:
    organization_id = await organizer.organization()
    page = await organizer.get(f"/o/{organization_id}/payouts")
    assert page.status == 200
    for words in ("The platform takes the money and pays you.", "Open an account"):
        assert words in page.words
    added = "INSERT INTO connected_accounts (organization_id, account_id) VALUES ($1, 'acct_1')"
    await services.common.pool.execute(added, organization_id)
    page = await organizer.get(f"/o/{organization_id}/payouts")  # no provider runs here
    assert page.status == 200
    for words in ("The payment provider does not answer", "Go on at the provider"):
        assert words in page.words


async def test_where_the_money_goes_is_the_owners_to_say(organizer: Organizer, services: Services) -> None:
    organization_id = await organizer.organization()
    at = f"/o/{organization_id}/settings"
    page = await organizer.get(at)
    assert "Ticket money goes to" in page.words
    row = "SELECT name, slug, payouts, version FROM organizations WHERE id = $1"
    before = await services.common.pool.fetchrow(row, organization_id)
    fields = {"version": str(before["version"]), "name": before["name"], "slug": before["slug"], "payouts": "own"}
    assert "Saved." in (await organizer.post(at, fields)).words
    assert (await services.common.pool.fetchrow(row, organization_id))["payouts"] == "own"
    assert (
        "until then events that cost something cannot be published"
        in (await organizer.get(f"/o/{organization_id}/payouts")).words
    )
