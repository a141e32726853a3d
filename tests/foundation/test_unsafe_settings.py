"""What must never meet the public is refused at the start, in one line; TLS is promised by cookies and headers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from pydantic import ValidationError

from engine.foundation.cookies import CookieRules, shown
from engine.foundation.settings import is_loopback
from engine.settings import Settings
from waitingroom.settings import Settings as RoomSettings

ROLLED = "1:" + "".join(f"{n * 37 % 256:02x}" for n in range(32))
JWT = "a-key-of-many-different-characters-0123456789"
HTTPS = {"engine_url": "https://tickets.example.test", "secure_cookies": True}


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ONSALE_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("kind", [Settings, RoomSettings])
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"master_keys": "1:" + "00" * 32}, "ONSALE_MASTER_KEYS"),
        ({"master_keys": f"2:{ROLLED[2:]},1:" + "00" * 32}, "ONSALE_MASTER_KEYS"),
        ({"master_keys": "1:" + "11" * 32, "host": "0.0.0.0"}, "ONSALE_MASTER_KEYS"),
        ({"master_keys": "1:" + "abcd" * 16, **HTTPS}, "ONSALE_MASTER_KEYS"),
        ({"jwt_key": "0" * 40}, "ONSALE_JWT_KEY"),
        ({"jwt_key": "x" * 40, "host": "10.0.0.7"}, "ONSALE_JWT_KEY"),
        ({"rehearsal": True, "host": "0.0.0.0"}, "ONSALE_REHEARSAL"),
        ({"rehearsal": True, "host": "::"}, "ONSALE_REHEARSAL"),
        ({"rehearsal": True, "host": ""}, "ONSALE_REHEARSAL"),
        ({"rehearsal": True, "host": "tickets.example.test"}, "ONSALE_REHEARSAL"),
        ({"engine_url": "https://a.example.test"}, "ONSALE_SECURE_COOKIES"),
        ({"waitingroom_url": "HTTPS://b.example.test"}, "ONSALE_SECURE_COOKIES"),
        ({"admin_url": "https://c.example.test:8443"}, "ONSALE_SECURE_COOKIES"),
    ],
)
def test_a_setting_that_everybody_could_use_against_us_is_refused(
    kind: type[Settings], given: Mapping[str, object], named: str
):
    with pytest.raises(ValidationError, match=named) as refused:
        kind(**{"master_keys": ROLLED, "jwt_key": JWT, **given})
    assert ROLLED[2:] not in str(refused.value)


@pytest.mark.parametrize("kind", [Settings, RoomSettings])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"master_keys": "1:" + "11" * 32},  # on loopback: a developer's
        {"rehearsal": True, "host": "localhost"},
        {"rehearsal": True, "host": "::1"},
        {"host": "0.0.0.0"},
        HTTPS,
        {"secure_cookies": True},
    ],
)
def test_what_is_safe_is_taken(kind: type[Settings], given: Mapping[str, object]):
    settings = kind(**{"master_keys": ROLLED, "jwt_key": JWT, **given})
    assert settings.model_dump().items() >= {n: v for n, v in given.items() if n != "master_keys"}.items()


@pytest.mark.parametrize(
    "command", [["serve", "engine"], ["serve", "waitingroom"], ["serve", "admin"], ["work"], ["up"]]
)
def test_an_unsafe_setting_is_told_in_one_line_before_anything_starts(command: list[str]):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONSALE_")}
    given = {"ONSALE_MASTER_KEYS": "1:" + "00" * 32, "ONSALE_JWT_KEY": JWT}
    done = subprocess.run(
        [sys.executable, "-m", "engine", *command], capture_output=True, text=True, check=False, env=clean | given
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("onsale: settings: ONSALE_MASTER_KEYS is all zeros")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("LOCALHOST", True), ("", False),
     ("0.0.0.0", False), ("::", False), ("192.168.1.4", False), ("localhost.example.test", False)],
)  # fmt: skip
def test_loopback_is_told_from_every_other_interface(host: str, loopback: bool):
    assert is_loopback(host) is loopback


def _settings(**given: object) -> Settings:
    return Settings(**{"master_keys": ROLLED, "jwt_key": JWT, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "whole", "part", "secure"),
    [
        ({}, "onsale_x", "onsale_x", False),
        ({"secure_cookies": True}, "onsale_x", "onsale_x", True),
        (HTTPS, "__Host-onsale_x", "__Secure-onsale_x", True),
    ],
)
def test_a_cookie_set_over_tls_says_so_in_its_name(given: Mapping[str, object], whole: str, part: str, secure: bool):
    settings = _settings(**given)
    rules = CookieRules.of(settings, settings.engine_url)
    assert (rules.name("onsale_x"), rules.name("onsale_x", "/v1")) == (whole, part)
    response = web.Response()
    rules.keep(response, "onsale_x", "value", max_age_s=60)
    morsel = response.cookies[whole]
    assert (morsel["path"], bool(morsel["secure"]), bool(morsel["httponly"])) == ("/", secure, True)
    assert not morsel["domain"]


def test_a_cookie_is_found_under_any_of_its_names_the_safest_first():
    assert shown({}, "onsale_x") is None
    assert shown({"onsale_x": "old"}, "onsale_x") == "old"
    assert shown({"onsale_x": "tossed", "__Host-onsale_x": "own"}, "onsale_x") == "own"
    assert shown({"__Secure-onsale_x": "own", "onsale_x": "tossed"}, "onsale_x") == "own"


def test_what_binds_a_form_is_read_under_its_own_name_alone():
    """A neighbouring host's page could put the plain name there."""
    settings = _settings(**HTTPS)
    rules = CookieRules.of(settings, settings.engine_url)
    request = make_mocked_request("GET", "/", headers={"Cookie": "onsale_csrf=tossed"})
    assert rules.own(request, "onsale_csrf") == ""
