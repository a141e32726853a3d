"""Settings: a wrong one is refused at the start, by its name, and without telling what it was."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engine.foundation.settings import parse_master_keys
from engine.settings import Settings
from waitingroom.settings import Settings as RoomSettings

OLD, NEW = "ab" * 32, "cd" * 32
WRONG = {
    "master_keys": (
        "1:" + "ab" * 31,
        f"1:{OLD},1:{NEW}",
        f"256:{OLD}",
        f"3:{OLD},2:{NEW},1:{OLD}",
        "one:" + OLD,
        "1:" + "xy" * 32,
        "",
    ),
    "jwt_key": ("z" * 31, ""),
    "log_level": ("loud", ""),
}


@pytest.mark.parametrize("kind", [Settings, RoomSettings], ids=["engine", "waitingroom"])
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_setting_is_refused_by_name_and_not_repeated(kind, name, value):
    right = {"master_keys": f"1:{OLD}", "jwt_key": "k" * 32}
    with pytest.raises(ValidationError) as refused:
        kind(**(right | {name: value}))
    assert name in str(refused.value)
    assert not value or value not in str(refused.value)


@pytest.mark.parametrize("port", [-1, 65536])
@pytest.mark.parametrize("name", ["smtp_port", "worker_metrics_port"])
def test_a_port_that_cannot_be_is_refused(name, port):
    with pytest.raises(ValidationError, match=name):
        Settings(**{"master_keys": f"1:{OLD}", "jwt_key": "k" * 32, name: port})


def test_the_first_master_key_signs_and_both_verify():
    keys = Settings(master_keys=f"2:{NEW}, 1:{OLD}", jwt_key="k" * 32, log_level="WARNING")
    assert parse_master_keys(f"2:{NEW}, 1:{OLD}") == [(2, bytes.fromhex(NEW)), (1, bytes.fromhex(OLD))]
    assert keys.newest_master_key == bytes.fromhex(NEW)
    assert keys.log_level == "warning"
    before = RoomSettings(master_keys=f"1:{OLD}", jwt_key="k" * 32)
    hold = bytes(16)
    token = before.keyring.event("evt_x").mint_hold_token(hold)
    assert keys.keyring.event("evt_x").verify_hold_token(token) == hold
