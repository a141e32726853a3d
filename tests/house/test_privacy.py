"""docs/PRIVACY.md, the register of what is held about people, names each column of HELD once, and no other."""

from __future__ import annotations

import re

from engine.domain.accounts.consents import WORDINGS
from engine.domain.insight.personal_data import HELD
from engine.settings import Settings
from tests.house import tree

PAGE = tree.text(tree.ROOT / "docs" / "PRIVACY.md")
ROWS = [line.split("|")[1:5] for line in PAGE.partition("## The register")[2].splitlines() if line.startswith("| `")]
_COLUMN = re.compile(r"`(\w+\.\w+)`")


def test_the_register_names_every_column_that_is_held_once():
    named = [column for row in ROWS for column in _COLUMN.findall(row[0])]
    assert sorted(named) == sorted(HELD)


def test_every_row_says_why_on_which_ground_and_how_long():
    assert ROWS
    for what, why, ground, how_long in ROWS:
        assert all(map(str.strip, (why, how_long))), what
        assert re.search(r"PIPEDA|CASL", ground), what
        assert re.search(r"GDPR [abcf]\b", ground), what


def test_the_register_says_the_periods_that_are_set():
    years, rest = divmod(Settings.model_fields["retention_guest_d"].default, 365)
    assert (f"{years} years after their last event" in PAGE, rest) == (True, 0)
    for name in ("retention_network_d", "retention_scan_place_d"):
        assert f"{Settings.model_fields[name].default} days (`ONSALE_{name.upper()}`)" in PAGE


def test_wordings_that_records_name_are_never_taken_away():
    assert {"checkout-0", "checkout-1", "account-1", "api"} <= set(WORDINGS)
