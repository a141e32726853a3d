"""Every setting of every process is explained in docs/ENVIRONMENT.md, with the default it really has."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from engine.settings import Settings
from tests.house import tree
from waitingroom.settings import Settings as RoomSettings

TOLD = tree.ROOT / "docs" / "ENVIRONMENT.md"
FIELDS = {**RoomSettings.model_fields, **Settings.model_fields}
_ROW = re.compile(r"^\| `(ONSALE_\w+)` \| ([^|]*) \|", re.MULTILINE)


def _rows():
    return dict(_ROW.findall(TOLD.read_text()))


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_setting_is_explained_with_its_default(field):
    told = _rows().get(f"ONSALE_{field.upper()}")
    assert told is not None, f"docs/ENVIRONMENT.md has no row for ONSALE_{field.upper()}"
    default = FIELDS[field].default
    if default is PydanticUndefined:
        assert told == "required"
        return
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    shown = "empty" if value == "" else f"`{str(value).lower() if isinstance(value, bool) else value}`"
    assert told == shown


def test_no_setting_is_explained_that_does_not_exist():
    assert {name.removeprefix("ONSALE_").lower() for name in _rows()} <= set(FIELDS)


def test_both_settings_agree_where_they_share_a_name():
    for name in set(RoomSettings.model_fields) & set(Settings.model_fields):
        assert RoomSettings.model_fields[name].default == Settings.model_fields[name].default, name
