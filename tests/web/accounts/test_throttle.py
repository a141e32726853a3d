"""Guessing is slowed down by part of the network and by account; hashes wait in a short line."""

from __future__ import annotations

import asyncio
import threading

import pytest

from engine.domain.accounts.errors import HashesThrottled, RegistrationThrottled, SignInThrottled
from engine.foundation.connections import HotRedis, RedisClient
from engine.foundation.errors import Unavailable
from engine.services.accounts import passwords, throttle
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.throttle import ACCOUNT_FAILURES_MAX, FAILURES_MAX, Throttle

OWNER = "owner@example.test"


async def guesses(limits: Throttle, count: int, account: str = OWNER, first: int = 1) -> None:
    """Failed attempts, each from a part of the network of its own."""
    for n in range(first, first + count):
        await limits.begin_sign_in(f"10.{n >> 8}.{n & 255}.1", account)


@pytest.mark.parametrize(
    "addresses",
    [
        [f"2001:db8:1:7{n:x}::{n:x}" for n in range(16)],  # of one customer's /56
        ["198.51.100.7", "::ffff:198.51.100.7", "64:ff9b::198.51.100.7"] * 4,
    ],
)
async def test_another_address_of_the_same_block_is_no_other_guesser(hot: HotRedis, redis_client, addresses):
    limits = Throttle(hot=hot)
    for n in range(FAILURES_MAX):
        await limits.begin_sign_in(addresses[n % len(addresses)], OWNER)
    with pytest.raises(SignInThrottled) as refused:
        await limits.begin_sign_in(addresses[-1], OWNER)
    assert 0 < refused.value.retry_after_s <= throttle.WINDOW_S
    await limits.begin_sign_in("2001:db8:2::1", OWNER)


async def test_registrations_of_a_block_are_counted_together(hot: HotRedis, redis_client, monkeypatch):
    monkeypatch.setattr(throttle, "REGISTRATIONS_MAX", 3)
    limits = Throttle(hot=hot)
    for n in range(3):
        await limits.registration(f"2001:db8:1::{n}")
    with pytest.raises(RegistrationThrottled):
        await limits.registration("2001:db8:1:ff::9")


@pytest.mark.parametrize("account", [OWNER, "nobody@example.test"])
async def test_an_account_that_many_guess_at_is_slow_and_its_owner_comes_in(
    hot: HotRedis, redis_client: RedisClient, account: str
):
    limits = Throttle(hot=hot)
    await limits.begin_sign_in("203.0.113.5", OWNER)
    await limits.sign_in_worked("203.0.113.5", OWNER)  # where the owner signed in from before
    await guesses(limits, ACCOUNT_FAILURES_MAX + 1, account)  # the last one takes the first turn
    with pytest.raises(SignInThrottled) as refused:
        await guesses(limits, 1, account, first=1000)
    assert refused.value.retry_after_s <= throttle.ACCOUNT_TURN_S, "nobody is locked out for long"
    await limits.begin_sign_in("203.0.113.5", OWNER)
    for key in await redis_client.keys(b"auth:turn:*"):
        await redis_client.delete(key)  # the next turn has come
    await guesses(limits, 1, account, first=2000)


async def test_what_waits_for_a_turn_costs_none_of_ones_own_attempts(hot: HotRedis, redis_client: RedisClient):
    limits = Throttle(hot=hot)
    await guesses(limits, ACCOUNT_FAILURES_MAX + 1)
    for _ in range(FAILURES_MAX + 1):
        with pytest.raises(SignInThrottled):
            await limits.begin_sign_in("203.0.113.9", OWNER)
    for key in await redis_client.keys(b"auth:turn:*"):
        await redis_client.delete(key)
    await limits.begin_sign_in("203.0.113.9", OWNER)


async def test_every_count_has_an_end(hot: HotRedis, redis_client: RedisClient):
    limits = Throttle(hot=hot)
    await limits.begin_sign_in("203.0.113.9", OWNER)
    await limits.give_back_sign_in("203.0.113.9", OWNER)
    await limits.sign_in_worked("203.0.113.9", OWNER)
    await limits.registration("203.0.113.9")
    await limits.mail("203.0.113.9", OWNER, "verify_email")
    keys = await redis_client.keys(b"auth:*")
    assert len(keys) >= 5
    assert [key for key in keys if await redis_client.ttl(key) <= 0] == []


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hashing takes until this is set."""
    free = threading.Event()
    monkeypatch.setattr(Passwords, "_verify", lambda self, kept, password: free.wait(30))
    return free


async def test_few_passwords_of_a_block_wait_to_be_checked(stuck: threading.Event, monkeypatch):
    monkeypatch.setattr(passwords, "HASHES_WAITING_PER_BLOCK_MAX", 3)
    checker = Passwords()
    waiting = [asyncio.ensure_future(checker.matches("kept", "p", f"2001:db8:1::{n}")) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(HashesThrottled) as refused:
        await checker.matches("kept", "p", "2001:db8:1:1::9")
    assert refused.value.retry_after_s > 0
    other = asyncio.ensure_future(checker.matches("kept", "p", "2001:db8:2::1"))
    stuck.set()
    assert await asyncio.gather(*waiting, other) == [True] * 4
    assert await checker.matches("kept", "p", "2001:db8:1::1"), "the line is empty again"


async def test_few_passwords_wait_in_all(stuck: threading.Event, monkeypatch):
    monkeypatch.setattr(passwords, "HASHES_WAITING_MAX", 3)
    checker = Passwords()
    waiting = [asyncio.ensure_future(checker.matches("kept", "p", f"10.0.{n}.1")) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await checker.matches("kept", "p", "10.9.9.9")
    assert (refused.value.status, refused.value.retry_after_s > 0) == (503, True)
    stuck.set()
    await asyncio.gather(*waiting)


async def test_a_registration_beyond_the_limit_costs_no_hash(guest, monkeypatch):
    monkeypatch.setattr(throttle, "REGISTRATIONS_MAX", 0)
    monkeypatch.setattr(Passwords, "hash", None)
    monkeypatch.setattr(passwords, "advice_on", None)
    body = {"email": "new@example.test", "password": "correct horse battery"}
    refused = await guest.refused("registration_throttled", "POST", "/v1/auth/register", body)
    assert refused["status"] == 429


def test_the_scored_part_of_a_long_password_is_short():
    assert passwords.advice_on("x" * 10_000) == passwords.advice_on("x" * passwords.SCORED_CHARS_MAX) != ""
