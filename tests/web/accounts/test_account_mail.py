"""The mails themselves, as the worker sends them and as their reader opens them."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest

from engine.domain.errands import MailAccountNotice
from engine.foundation.world.languages import LANGUAGES
from engine.services.messages.account_notices import NOTICES
from engine.stores import outbox
from tests.shop import Shop
from tests.web.organizer import PASSWORD

EMAIL = "ada@example.test"
INVITED = {
    "en": ("{} invites you to work with them", "box office"),
    "fr": ("{} vous invite à travailler avec eux", "billetterie"),
    "es": ("{} le invita a trabajar con ellos", "taquilla"),
    "de": ("{} lädt Sie zur Mitarbeit ein", "Kasse"),
    "pt": ("{} convida você a trabalhar com eles", "bilheteria"),
    "ar": ("تدعوك {} إلى العمل معها", "شباك التذاكر"),
}


async def registered(shop: Shop, email: str = EMAIL, **headers: str) -> str:
    """The Authorization of a new person."""
    body = {"email": email, "password": PASSWORD, "name": "Ada"}
    made = await shop.ask("POST", "/v1/auth/register", body, **headers)
    assert made.status == 201, made.body
    return "Bearer " + str(made["access_token"])


async def mails(shop: Shop, count: int) -> list[EmailMessage]:
    await shop.work("outbox_relay", rounds=2)
    assert len(shop.mailbox.messages) == count
    return shop.mailbox.messages


def link_of(message: EmailMessage) -> str:
    text = message.get_body(("plain",)).get_content()
    (link,) = re.findall(r"https?://\S+\?token=[\w-]+", text)
    assert link in message.get_body(("html",)).get_content()
    return str(link)


async def bought_as_a_guest(shop: Shop) -> tuple[str, str, str]:
    """Two tickets bought before anybody registered: (order, Authorization of who registered, the mailed token)."""
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    order = await shop.ordered(2)
    await shop.work("outbox_relay")
    shop.mailbox.messages.clear()
    me = await registered(shop)
    assert (await shop.ask("GET", "/v1/users/me/orders", Authorization=me))["data"] == []
    (message,) = await mails(shop, 1)
    assert (message["To"], message["Auto-Submitted"]) == (EMAIL, "auto-generated")
    link = link_of(message)
    assert link.startswith(shop.services.common.settings.engine_url + "/account/verify?token=")
    return order["order_id"], me, link.partition("token=")[2]


async def test_a_guests_orders_are_theirs_once_the_signed_in_person_redeemed_the_mailed_link(shop: Shop):
    order_id, me, token = await bought_as_a_guest(shop)
    assert (await shop.ask("POST", "/v1/auth/verify-email", {"token": token}, Authorization=me)).status == 204
    assert (await shop.ask("GET", "/v1/users/me", Authorization=me))["email_verified_at"]
    owned = (await shop.ask("GET", "/v1/users/me/orders", Authorization=me))["data"]
    assert [row["id"] for row in owned] == [order_id]
    tickets = (await shop.ask("GET", "/v1/users/me/tickets", Authorization=me))["data"]
    assert len(tickets) == 2


@pytest.mark.parametrize("by", ["nobody", "another", "forger"])
async def test_who_registered_anothers_address_has_none_of_their_orders_by_their_click(shop: Shop, by: str):
    order_id, squatter, token = await bought_as_a_guest(shop)
    shown = {"nobody": "", "another": await registered(shop, "bob@example.test"), "forger": "Bearer made.up.token"}[by]
    more = {"Authorization": shown} if shown else {}
    assert (await shop.ask("POST", "/v1/auth/verify-email", {"token": token}, **more)).status == 204
    await shop.work("outbox_relay", rounds=2)
    login = await shop.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    for session in (squatter, f"Bearer {login['access_token']}"):
        for what in ("orders", "tickets"):
            assert (await shop.ask("GET", f"/v1/users/me/{what}", Authorization=session))["data"] == []
    # The address's reader sets a password of their own: the squatter is out, and the orders come.
    assert (await shop.ask("POST", "/v1/auth/forgot-password", {"email": EMAIL})).status == 202
    await shop.work("outbox_relay", rounds=2)
    reset = link_of(shop.mailbox.messages[-1]).partition("token=")[2]
    body = {"token": reset, "password": "quite another passphrase"}
    assert (await shop.ask("POST", "/v1/auth/reset-password", body)).status == 204
    assert (await shop.ask("GET", "/v1/users/me/orders", Authorization=squatter)).status == 401
    login = await shop.ask("POST", "/v1/auth/login", {"email": EMAIL, "password": body["password"]})
    owned = (await shop.ask("GET", "/v1/users/me/orders", Authorization=f"Bearer {login['access_token']}"))["data"]
    assert [row["id"] for row in owned] == [order_id]


async def test_somebody_elses_orders_stay_theirs(shop: Shop):
    await shop.open_event(types=[{"categories": ["Floor"], "price_cents": 0}])
    await shop.ordered(1)
    await shop.work("outbox_relay")
    shop.mailbox.messages.clear()
    me = await registered(shop, "adam@example.test")
    token = link_of((await mails(shop, 1))[0]).partition("token=")[2]
    assert (await shop.ask("POST", "/v1/auth/verify-email", {"token": token}, Authorization=me)).status == 204
    assert (await shop.ask("GET", "/v1/users/me/orders", Authorization=me))["data"] == []


async def test_a_forgotten_password_is_set_by_the_mailed_link_and_nobody_unknown_is_mailed(shop: Shop):
    await registered(shop)
    for email in (EMAIL, "nobody@example.test"):
        assert (await shop.ask("POST", "/v1/auth/forgot-password", {"email": email})).status == 202
    links = [link_of(message) for message in await mails(shop, 2)]  # sent side by side, in any order
    (token,) = [link.partition("?token=")[2] for link in links if "/account/reset?" in link]
    body = {"token": token, "password": "quite another passphrase"}
    assert (await shop.ask("POST", "/v1/auth/reset-password", body)).status == 204
    login = {"email": EMAIL, "password": body["password"]}
    assert (await shop.ask("POST", "/v1/auth/login", login)).status == 200
    # Proven by the reset: there is nothing left to mail.
    assert (await shop.ask("POST", "/v1/auth/verify-email/resend", {"email": EMAIL})).status == 202
    await mails(shop, 2)


@pytest.mark.parametrize("language", INVITED)
async def test_an_invitation_is_mailed_in_the_language_of_who_asked_for_it(shop: Shop, language: str):
    await shop.open_event()
    owner = await shop.organizer()
    path = f"/v1/organizations/{shop.organization_id}/members"
    body = {"email": "cfo@company.test", "role": "box_office"}
    asked = await shop.ask("POST", path, body, Authorization=owner, Accept_Language=f"{language}-CA, en;q=0.5")
    assert (asked.status, asked["status"]) == (201, "pending"), asked.body
    (message,) = await mails(shop, 1)
    name = await shop.services.common.pool.fetchval("SELECT name FROM organizations")
    assert message["To"] == "cfo@company.test"
    subject, role = INVITED[language]
    assert message["Subject"].removeprefix("\u200f") == subject.format(name)
    assert role in message.get_body(("plain",)).get_content()
    assert f'<html lang="{language}"' in message.get_body(("html",)).get_content()
    admin_url = shop.services.common.settings.admin_url
    assert link_of(message).startswith(admin_url + "/invitations/accept?token=")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_happened_to_an_account_is_mailed_in_every_language(shop: Shop, language: str):
    me = await registered(shop)
    pool = shop.services.common.pool
    user_id = await pool.fetchval("UPDATE users SET email_verified_at = now() RETURNING id")
    await pool.execute("DELETE FROM outbox")
    for kind in sorted(NOTICES):
        notice = MailAccountNotice(kind, EMAIL, language, "Firefox, Linux", "192.0.2.1/32", 1_800_000_000_000)
        await outbox.add(pool, user_id, notice)
    assert (await shop.ask("POST", "/v1/auth/magic-link", {"email": EMAIL}, Accept_Language=language)).status == 202
    letters = await mails(shop, len(NOTICES) + 1)
    texts = {letter["Subject"]: letter.get_body(("plain",)).get_content() for letter in letters}
    assert len(texts) == len(letters)
    devices = [text for text in texts.values() if "Firefox, Linux" in text]
    assert sum("192.0.2.1/32" in text for text in devices) == 1
    assert len(devices) == 2  # a new device, and a way to sign in that was connected
    assert not any("%(" in text for text in texts.values())
    (link,) = [text for text in texts.values() if "/account/magic?token=" in text]
    token = re.findall(r"token=([\w-]+)", link)[0]
    session = await shop.ask("POST", "/v1/auth/magic-link/redeem", {"token": token})
    assert (session.status, session["user"]["id"]) == (200, user_id)
    assert (await shop.ask("GET", "/v1/users/me", Authorization=me)).status == 200
