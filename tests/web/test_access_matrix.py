"""Every row of the contract, asked over HTTP by every kind of caller: what happens is what the row declares."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from engine.access import CALLERS, MEMBERS, Caller, is_declared, opens
from engine.domain.accounts.api_keys import ALLOWED
from engine.domain.accounts.openid import SignInNotFresh
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.errors import Unauthenticated
from engine.foundation.ids import new_id
from engine.foundation.openid_providers import OpenIdProvider
from engine.settings import Settings
from engine.web.route import Route
from engine.web.routes import ROUTES
from loadtest.oidc import Provider, create_app
from tests.shop import Answer, Shop
from tests.web.estate import Estate, api_key, body_of, close_the_door, estate, invitation
from tests.web.organizer import PASSWORD

REFUSED = {401, 403, 404}
# These end what the others are asked with, or the thing that they are asked about: last, in this order.
LAST = ("DELETE", "/cancel", "/unpublish", "/password", "/logout")


# What a person's rows change or take away: a fresh one of the caller's own each time.
OWNED = {
    "identity_id": (
        "idn",
        "INSERT INTO identities (id, user_id, provider, issuer, subject, email) VALUES ($1, $2, 'sandbox', $1, $1, '')",
    ),
    "passkey_id": (
        "pky",
        "INSERT INTO passkeys (id, user_id, credential_id, public_key, name) VALUES ($1, $2, $1::text::bytea, '', 'P')",
    ),
}


@pytest.fixture
async def settings(settings: Settings) -> AsyncIterator[Settings]:
    """People may sign in with an account elsewhere too."""
    async with TestServer(create_app(Provider())) as provider:
        stand_in = OpenIdProvider(client_id="onsale", title="Sandbox", issuer=str(provider.make_url("")).rstrip("/"))
        yield settings.model_copy(update={"oidc_providers": {"sandbox": stand_in}})


def _turn(route: Route) -> float:
    if (route.method, route.path) == ("DELETE", "/v1/users/me"):
        return len(LAST) + 1  # a caller that asked for that asks for nothing else
    if route.path.endswith("/2fa/enable"):
        return 0.5  # a code is wrong from then on, and a code is all that the next row shows
    return max([0, *(n for n, word in enumerate(LAST, 1) if route.method == word or route.path.endswith(word))])


async def _credentials(shop: Shop, mine: Estate, theirs: Estate) -> dict[Caller, dict[str, str]]:
    """The headers of each kind of caller; ``shop`` has ``mine`` open."""
    pool = shop.services.common.pool

    async def person(*, is_admin: bool = False) -> str:
        user_id = new_id("usr")
        await pool.execute(
            "INSERT INTO users (id, email, name, password_hash, is_admin) VALUES ($1, $2, 'N', 'x', $3)",
            user_id, f"{user_id.lower()}@x.test", is_admin,
        )  # fmt: skip
        return "Bearer " + shop.bearers.sign(Person(user_id, is_admin=is_admin))

    event = await shop.services.sale.selling.get(mine.ids["event_id"])
    admission = event.keys.mint_admission(
        lease_id=bytes(16), device_key_hash=b"", not_before_ms=0, expires_at_ms=now_ms() + 3_600_000
    )
    found: dict[Caller, dict[str, str]] = {
        "nobody": {},
        "forger": {"Authorization": "Bearer " + "e30." * 3},
        "admitted": {"Authorization": f"Admission {admission}"},
        "other buyer": {"X_Order_Token": theirs.order_token},
        "scanner": {"Authorization": mine.device},
        "fan": {"Authorization": await person()},
        "other owner": {"Authorization": theirs.owner},
        "key": {"Authorization": await _key(shop, mine)},
        "admin": {"Authorization": await person(is_admin=True)},
    }
    for role in sorted(MEMBERS):
        found[role] = {"Authorization": await shop.organizer(role)}
    assert set(found) == set(CALLERS)
    return found


async def _path(shop: Shop, route: Route, mine: Estate, caller: dict[str, str]) -> str:
    """The row's address; who is changed, removed or called back is a fresh one each time."""
    ids = mine.ids
    if "{invitation_id}" in route.path:
        ids = {**ids, "invitation_id": await invitation(shop, mine.owner)}
    if "{key_id}" in route.path:
        ids = {**ids, "key_id": await api_key(shop, mine.owner)}
    if "{endpoint_id}" in route.path and route.method == "DELETE":
        ids = {**ids, "endpoint_id": new_id("whe")}
        await shop.services.common.pool.execute(
            "INSERT INTO webhook_endpoints SELECT (jsonb_populate_record(w,"
            " jsonb_build_object('id', $2::text))).* FROM webhook_endpoints w WHERE id = $1",
            mine.ids["endpoint_id"], ids["endpoint_id"],
        )  # fmt: skip
    if "{template_id}" in route.path:
        ids = {**ids, "template_id": new_id("tpl")}
        await shop.services.common.pool.execute(
            "INSERT INTO event_templates SELECT (jsonb_populate_record(t,"
            " jsonb_build_object('id', $2::text, 'name', $2::text))).* FROM event_templates t WHERE id = $1",
            mine.ids["template_id"], ids["template_id"],
        )  # fmt: skip
    if "/users/{user_id}" in route.path:
        bearer = caller.get("Authorization", "").removeprefix("Bearer ")
        with contextlib.suppress(Unauthenticated):
            ids = {**ids, "user_id": shop.bearers.verify(bearer).user_id}
    elif "{user_id}" in route.path:
        user_id = new_id("usr")
        pool = shop.services.common.pool
        await pool.execute(
            "INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, 'N', 'x')",
            user_id, f"{user_id.lower()}@x.test",
        )  # fmt: skip
        await pool.execute(
            "INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, 'finance')",
            ids["organization_id"], user_id,
        )  # fmt: skip
        ids = {**ids, "user_id": user_id}
    for name, (kind, statement) in OWNED.items():
        if f"{{{name}}}" in route.path:
            ids = {**ids, name: await _owned(shop, caller, kind, statement)}
    if "{session_id}" in route.path:
        ids = {**ids, "session_id": await _session(shop, caller)}
    path = route.path.format(**ids)
    if route.query is not None and "organization_id" in route.query.__struct_fields__:
        path += f"?organization_id={ids['organization_id']}"
    if path.endswith("/attendees"):
        path += "?q=ada"
    return path


async def _key(shop: Shop, mine: Estate) -> str:
    """A key of the organization with every scope."""
    path = f"/v1/organizations/{mine.ids['organization_id']}/api-keys"
    made = await shop.ask("POST", path, {"name": "K", "scopes": list(ALLOWED)}, Authorization=mine.owner)
    return "Bearer " + str(made["key"])


async def _owned(shop: Shop, caller: dict[str, str], kind: str, statement: str) -> str:
    """The id of a fresh thing of the caller's own, if they are anybody."""
    thing = new_id(kind)
    with contextlib.suppress(Unauthenticated):
        user_id = shop.bearers.verify(caller.get("Authorization", "").removeprefix("Bearer ")).user_id
        await shop.services.common.pool.execute(statement, thing, user_id)
    return thing


async def _fresh(shop: Shop, route: Route, caller: dict[str, str]) -> dict[str, str]:
    """The caller, signed in a moment ago if the row asks for that."""
    with contextlib.suppress(Unauthenticated):
        if SignInNotFresh in route.refusals:
            person = shop.bearers.verify(caller.get("Authorization", "").removeprefix("Bearer "))
            session = await _session(shop, caller)
            return {"Authorization": "Bearer " + shop.bearers.sign(replace(person, session=session))}
    return caller


async def _session(shop: Shop, caller: dict[str, str]) -> str:
    """A session of the caller's own, if they are anybody."""
    family, pool = new_id("fam"), shop.services.common.pool
    with contextlib.suppress(Unauthenticated):
        user_id = shop.bearers.verify(caller.get("Authorization", "").removeprefix("Bearer ")).user_id
        await pool.execute(
            "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at)"
            " VALUES (sha256(convert_to($1, 'UTF8')), $1, $2, now() + interval '1 hour')", family, user_id,
        )  # fmt: skip
        await pool.execute("INSERT INTO sessions (id, user_id, device, place) VALUES ($1, $2, '', '')", family, user_id)
    return family


async def _body(shop: Shop, route: Route, mine: Estate) -> Any:
    """What the row takes from the right person; credentials that are good once are fresh each time."""
    name = getattr(route.takes, "__name__", "")
    item = {"ticket_type_id": mine.ids["ticket_type_id"], "quantity": 1}
    sign_in = {"email": "known@x.test", "password": PASSWORD}
    if name in {"RefreshRequest", "SignOut"}:
        given = {"email": f"{new_id('usr').lower()}@x.test", "password": PASSWORD, "name": "N"}
        return {"refresh_token": (await shop.ask("POST", "/v1/auth/register", given))["refresh_token"]}
    known = {
        "Registration": {"email": f"{new_id('usr').lower()}@x.test", "password": PASSWORD, "name": "N"},
        "Credentials": sign_in,
        "PasswordChange": {"current_password": PASSWORD, "new_password": PASSWORD + " again"},
        "ErasureAsked": {"password": PASSWORD + " again"},  # the one that was set before
        "SecondFactorBegun": {"password": PASSWORD},
        "SecondFactorOff": {"password": PASSWORD, "code": "000000"},
        "PromoQuestion": {"code": "TEN"},
        "PromoQuestionOfEvent": {"code": "TEN", "event_id": mine.ids["event_id"]},
        "CodeShown": {"promo_code": "TEN"},
        "TokenShown": {"token": "t" * 43},
        "AddressGiven": {"email": "known@x.test"},
        "PasswordReset": {"token": "t" * 43, "password": PASSWORD},
        "QuoteRequest": {"event_id": mine.ids["event_id"], "items": [item]},
    }
    return known[name] if name in known else body_of(route, mine)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_row_declares_whose_it_is(route: Route):
    assert is_declared(route)


def test_a_row_that_leaves_its_right_out_is_found():
    (row, *_) = [route for route in ROUTES if route.who == "organizer"]
    assert not is_declared(replace(row, needs=None))
    (row, *_) = [route for route in ROUTES if route.who == "public"]
    assert not is_declared(replace(row, needs="events.write"))


async def test_every_row_opens_to_whom_it_declares_and_to_nobody_else(shop: Shop):
    theirs = await estate(shop)
    mine = await estate(shop)
    credentials = await _credentials(shop, mine, theirs)
    await close_the_door(shop, mine.ids["event_id"])
    pool = shop.services.common.pool
    made = await shop.ask("POST", "/v1/auth/register", {"email": "known@x.test", "password": PASSWORD, "name": "N"})
    assert made.status == 201
    await pool.execute(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = 'known@x.test')"
    )
    wrong = []
    for route in sorted(ROUTES, key=_turn):
        for caller in sorted(CALLERS, key=lambda caller: opens(route, caller)):
            path, body = await _path(shop, route, mine, credentials[caller]), await _body(shop, route, mine)
            shown = await _fresh(shop, route, credentials[caller])
            headers = {"Idempotency_Key": shop.key(), "If_Match": '"0-stale"', **shown}
            if route.content_type == "text/event-stream":
                async with shop.http.get(shop.url + path) as begun:  # it never ends
                    answer = Answer(begun.status, None, begun.headers)
            else:
                answer = await shop.ask(route.method, path, body, **headers)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "Server" not in answer.headers, path
            kept = answer.headers.get("Cache-Control", "")
            assert answer.status == 304 or kept.startswith(("public, ", "private, ", "no-store")), (path, kept)
            assert "public" not in kept or route.who == "public", (path, kept)
            told = answer.status == 401 and (
                caller == "forger" or (caller == "key" and route.who == "public" and route.method != "GET")
            )
            if not told and opens(route, caller) == (answer.status in REFUSED):
                wrong.append((route.method, path, caller, answer.status, str(answer.body)[:200]))
            if answer.status >= 500:
                wrong.append((route.method, path, caller, answer.status, str(answer.body)[:200]))
    assert not wrong, "\n".join(map(str, wrong))
