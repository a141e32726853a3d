"""Being invited, as the invited see it: the link signs in or registers first, then a click accepts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from engine.services.wiring import Services
from tests.admin.organizer import PASSWORD, Organizer, invitation_link, join, prove

Somebody = Callable[[], Awaitable[Organizer]]


async def invited(owner: Organizer, email: str) -> str:
    """The members' page of the organization that invited this address."""
    at = f"/o/{await owner.organization('Lantern House')}/members"
    page = await owner.post(at, {"email": email, "role": "box_office"})
    assert "is invited by mail" in page.words
    return at


async def test_the_members_page_shows_who_was_invited_mails_again_and_calls_back(
    organizer: Organizer, services: Services
) -> None:
    at = await invited(organizer, "cfo@company.test")
    page = await organizer.get(at)
    assert "cfo@company.test" in page.words
    assert "Pending" in page.words
    link = await invitation_link(services, "cfo@company.test")
    invitation_id = await services.common.pool.fetchval("SELECT id FROM invitations")
    one = at.replace("members", "invitations/") + invitation_id
    assert "mailed an invitation a moment ago" in (await organizer.post(one + "/resend", {})).words
    await services.common.pool.execute("UPDATE invitations SET mailed_at = now() - interval '1 hour'")
    assert "mailed again" in (await organizer.post(one + "/resend", {})).words
    page = await organizer.post(one + "/revoke", {})
    assert "cfo@company.test" not in page.words.replace("called back", "")
    assert "not valid" in (await organizer.get(link)).words
    assert (await organizer.get("/invitations/accept?token=%00x")).status == 400


async def test_somebody_new_makes_an_account_from_the_link_and_accepts(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services
) -> None:
    await invited(organizer, "new@company.test")
    link = await invitation_link(services, "new@company.test")
    guest = browser()
    page = await guest.get(link)
    assert "Lantern House invites you" in page.words
    token = link.partition("token=")[2]
    there = f"/register?next=%2Finvitations%2Faccept%3Ftoken%3D{token}&invitation={token}"
    assert there.replace("&", "&amp;") in page.text
    page = await guest.get(there)
    assert 'value="new@company.test"' in page.text
    form = {"name": "New", "email": "new@company.test", "password": PASSWORD, "invitation": token}
    page = await guest.post(f"/register?next=%2Finvitations%2Faccept%3Ftoken%3D{token}", form, token=page.token)
    assert page.url.path == "/invitations/accept"
    page = await guest.post("/invitations/accept", {"token": token})
    assert "You work for Lantern House now" in page.words
    assert "not valid" in (await guest.get(link)).words


async def test_who_has_not_proven_the_address_is_told_how_and_gets_nothing(
    organizer: Organizer, somebody: Somebody, services: Services
) -> None:
    squatter = await somebody()
    await invited(organizer, squatter.email)
    link = await invitation_link(services, squatter.email)
    page = await squatter.get(link)
    assert "Confirm your address first" in page.words
    token = link.partition("token=")[2]
    page = await squatter.post("/invitations/accept", {"token": token})
    assert "Confirm your e-mail address first" in page.words
    assert await services.common.pool.fetchval("SELECT count(*) FROM members") == 1
    before = await services.common.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.account_link'")
    assert "on its way" in (await squatter.post("/account/verify", {})).words
    after = await services.common.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'mail.account_link'")
    assert after == before + 1
    await prove(services, squatter.email)
    assert "You work for" in (await squatter.post("/invitations/accept", {"token": token})).words


async def test_an_invitation_opened_under_another_account_says_so(
    organizer: Organizer, somebody: Somebody, services: Services
) -> None:
    other = await somebody()
    await invited(organizer, "cfo@company.test")
    link = await invitation_link(services, "cfo@company.test")
    assert f"You are signed in as {other.email}" in (await other.get(link)).words
    page = await other.post("/invitations/accept", {"token": link.partition("token=")[2]})
    assert "mailed to another address" in page.words
    await services.common.pool.execute("UPDATE mailed_links SET expires_at = now()")
    assert "too old" in (await other.get(link)).words


async def test_the_organizations_history_tells_of_people_and_of_the_platform(
    organizer: Organizer, somebody: Somebody, services: Services
) -> None:
    organization_id = await organizer.organization()
    await join(services, organizer, organization_id, clerk := await somebody(), "finance")
    user_id = await services.common.pool.fetchval("SELECT id FROM users WHERE email = $1", clerk.email)
    await organizer.post(f"/o/{organization_id}/members/{user_id}/role", {"role": "manager"})
    await organizer.post(f"/o/{organization_id}/members/{user_id}/remove", {})
    words = (await organizer.get(f"/o/{organization_id}/history")).words
    deeds = ["Member removed", "Role of a member changed", "Member joined", "Member invited", "Organization founded"]
    places = [words.index(deed) for deed in deeds]
    assert places == sorted(places)
    assert clerk.email in words


@pytest.mark.parametrize("where", ["password", "sign-out"])
async def test_a_session_of_the_admin_app_ends_at_once_when_it_is_ended_elsewhere(
    organizer: Organizer, browser: Callable[[], Organizer], services: Services, where: str
) -> None:
    elsewhere = browser()
    await elsewhere.sign_in(organizer.email)
    if where == "password":
        fields = {"current_password": PASSWORD, "new_password": "quite another passphrase"}
        page = await organizer.post("/account/password", fields)
        assert "Your password is changed" in page.words
    else:
        session = await services.common.pool.fetchval("SELECT user_id FROM refresh_tokens LIMIT 1")
        from engine.foundation.bearer import Person

        await services.accounts.people.sign_out(None, Person(session, is_admin=False))
    assert (await elsewhere.get("/", follow=False)).status == 303
