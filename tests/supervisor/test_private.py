"""A stack keeps to itself: what is set wins, its files are its own, its arguments tell nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis

from engine.settings import Settings
from engine.supervisor.environment import NoSetting, Places, surroundings
from engine.supervisor.run_file import DataDir, DataDirShared
from waitingroom.settings import Settings as RoomSettings

STOP_S = 40
PLACES = Places(
    "redis://r/0",
    "postgresql://p/o",
    "http://e",
    "http://w",
    "http://a",
    "http://s",
    "/d/media",
    "127.0.0.1",
    2525,
    2526,
    "http://t",
    "http://o",
)
SECRETS = {
    "master_keys": "1:" + "ab" * 32, "jwt_key": "j" * 40, "stripe_secret_key": "sk_made", "redis_password": "r",
    "stripe_publishable_key": "pk_made", "stripe_webhook_secret": "whsec_made", "admin_password": "a",
}  # fmt: skip
FIELDS = sorted({**RoomSettings.model_fields, **Settings.model_fields})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("rehearsal", [False, True])
def test_a_setting_that_is_given_wins_over_what_up_makes_up(field: str, rehearsal: bool):
    name = f"ONSALE_{field.upper()}"
    given = {"ONSALE_STRIPE_SECRET_KEY": "sk_own", "PATH": "/bin", name: "given"}
    around = surroundings(given, SECRETS, PLACES, rehearsal=rehearsal)
    told = "1" if rehearsal and field == "rehearsal" else "given"  # --rehearsal is as explicit
    assert around.settings[name] == told
    assert "PATH" not in around.settings


def test_nothing_given_is_a_whole_stack_of_its_own():
    around = surroundings({}, SECRETS, PLACES, rehearsal=False)
    assert around.sandbox
    assert around.mailbox
    assert around.settings["ONSALE_STRIPE_URL"] == PLACES.sandbox
    assert "ONSALE_REHEARSAL" not in around.settings
    own = orjson.loads(around.settings["ONSALE_OIDC_PROVIDERS"])
    assert own["sandbox"]["issuer"] == PLACES.oidc
    named = surroundings({"ONSALE_OIDC_PROVIDERS": "{}"}, SECRETS, PLACES, rehearsal=False)
    assert (named.oidc, named.settings["ONSALE_OIDC_PROVIDERS"]) == (False, "{}")


@pytest.mark.parametrize(
    ("given", "sandbox", "mailbox", "texts"),
    [
        ({"ONSALE_STRIPE_SECRET_KEY": "sk_live_x"}, False, True, True),
        ({"ONSALE_STRIPE_URL": "http://127.0.0.1:9"}, False, True, True),
        ({"ONSALE_STRIPE_WEBHOOK_SECRET": "whsec_x"}, True, True, True),
        ({"ONSALE_SMTP_HOST": "mail.example.test"}, True, False, True),
        ({"ONSALE_SMTP_PORT": "2525"}, True, False, True),
        ({"ONSALE_SMTP_USER": "me"}, True, True, True),
        ({"ONSALE_WHATSAPP_URL": "http://127.0.0.1:9"}, True, True, False),
    ],
)
def test_a_provider_or_mail_server_that_is_named_leaves_the_stand_in_out(
    given: dict[str, str], sandbox: bool, mailbox: bool, texts: bool
):
    around = surroundings(given, SECRETS, PLACES, rehearsal=False)
    assert (around.sandbox, around.mailbox, around.texts) == (sandbox, mailbox, texts)
    assert around.oidc == sandbox, "nobody signs in as anybody where money is real"
    assert given.items() <= around.settings.items()


def test_the_real_provider_without_a_key_is_refused():
    with pytest.raises(NoSetting, match="ONSALE_STRIPE_SECRET_KEY"):
        surroundings({"ONSALE_STRIPE_URL": "https://api.stripe.com"}, SECRETS, PLACES, rehearsal=False)


def test_a_folder_that_is_everybodys_is_no_data_folder(tmp_path: Path):
    tmp_path.chmod(0o1777)
    with pytest.raises(DataDirShared):
        DataDir(tmp_path).claim()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_secrets_that_an_older_version_did_not_know_are_added_and_the_others_stay(tmp_path: Path):
    (tmp_path / "secrets.json").write_bytes(orjson.dumps({"jwt_key": "kept"}))
    first = DataDir(tmp_path).secrets()
    assert first["jwt_key"] == "kept"
    assert first["redis_password"]
    assert DataDir(tmp_path).secrets() == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


@dataclass
class Running:
    folder: Path
    facts: dict[str, Any]


GIVEN = {
    "ONSALE_SMTP_HOST": "127.0.0.7",
    "ONSALE_MASTER_KEYS": "7:" + "".join(f"{n * 7 % 256:02x}" for n in range(32)),
    "ONSALE_JWT_KEY": "given-jwt-key-0123456789-abcdefghij",
    "ONSALE_STRIPE_URL": "http://127.0.0.1:9",
    "ONSALE_STRIPE_WEBHOOK_SECRET": "whsec_given",
}


@pytest.fixture(scope="module", params=[0o022, 0o000], ids=oct)
def stack(request: pytest.FixtureRequest) -> Iterator[Running]:
    """`onsale up` in a shell with this umask; with the tighter one, settings are given as well."""
    folder = tempfile.mkdtemp(prefix="onsale-private-")
    Path(folder).chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONSALE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "up", "--ports", "0,0,0", "--data-dir", folder],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean | (GIVEN if request.param else {}),
        umask=request.param,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Running(Path(folder), orjson.loads(process.stdout.readline()))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)
        process.stdout.close()


@pytest.mark.slow
def test_what_a_stack_keeps_is_for_its_owner_alone(stack: Running):
    assert stat.S_IMODE(stack.folder.stat().st_mode) == 0o700
    loose = {
        str(path.relative_to(stack.folder)): oct(stat.S_IMODE(path.lstat().st_mode))
        for path in stack.folder.rglob("*")
        if not path.is_symlink() and stat.S_IMODE(path.lstat().st_mode) & 0o077
    }
    assert not loose
    assert stat.S_IMODE((stack.folder / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.slow
def test_redis_lets_nobody_in_without_its_password(stack: Running):
    with redis.Redis.from_url(stack.facts["redis"]) as known:
        assert known.ping()
        port = known.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
        stranger.ping()


@pytest.mark.slow
def test_no_secret_stands_in_the_arguments_of_a_process(stack: Running):
    run = orjson.loads((stack.folder / "run.json").read_bytes())
    secrets = set(orjson.loads((stack.folder / "secrets.json").read_bytes()).values())
    secrets |= {value for name, value in run["environment"].items() if any(w in name for w in ("KEY", "SECRET"))}
    secrets |= {(stack.folder / "postgres" / "password").read_text().strip()}
    seen = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        seen += str(stack.folder) in line
        assert not [secret for secret in secrets if secret and secret in line], line
    assert seen >= 2, "the stores name the folder: this looked at nothing"


@pytest.mark.slow
def test_settings_that_are_given_reach_every_process_and_command(stack: Running):
    run = orjson.loads((stack.folder / "run.json").read_bytes())
    if run["environment"]["ONSALE_STRIPE_URL"] != GIVEN["ONSALE_STRIPE_URL"]:
        assert stack.facts["mail"]
        assert {"sandbox", "mailbox", "oidc"} <= stack.facts["pids"].keys()
        assert stack.facts["oidc"]
        return
    assert GIVEN.items() <= run["environment"].items()
    assert (stack.facts["stripe"], stack.facts["mail"]) == (GIVEN["ONSALE_STRIPE_URL"], None)
    assert not {"sandbox", "mailbox"} & stack.facts["pids"].keys()
    for name, pid in stack.facts["pids"].items():
        told = dict(
            pair.split("=", 1) for pair in Path(f"/proc/{pid}/environ").read_text().split("\0") if pair.count("=")
        )
        assert GIVEN.items() <= told.items(), name
