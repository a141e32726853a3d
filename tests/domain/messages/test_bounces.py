"""Returned mail of five servers is understood; what says nothing about an address is no bounce."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.messages.bounces import read

REPORTS = Path(__file__).parent / "dsn"


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("postfix", "gone", "User unknown in local recipient table"),
        ("exim", "gone", "Unrouteable address"),
        ("qmail", "gone", "no mailbox here by that name"),
        ("gmail", "gone", "does not exist"),
        ("exchange", "gone", "RecipientNotFound"),
        ("full_mailbox", "bounced", "552 5.2.2 Mailbox full"),
        ("delivered", "delivered", "250 2.0.0 OK"),
    ],
)
def test_a_report_says_whether_its_address_is_read(name: str, verdict: str, words: str):
    told = read((REPORTS / f"{name}.eml").read_bytes())
    assert told is not None
    assert told.verdict == verdict
    assert words in told.said
    assert "\n" not in told.said


@pytest.mark.parametrize("name", ["delayed", "absence"])
def test_a_delay_and_an_absence_are_no_bounces(name: str):
    assert read((REPORTS / f"{name}.eml").read_bytes()) is None


def test_a_report_with_the_line_ends_of_the_wire_says_the_same():
    raw = (REPORTS / "postfix.eml").read_bytes()
    assert read(raw.replace(b"\n", b"\r\n")) == read(raw)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["postfix", "exim", "gmail"]), st.integers(0, 2_000))
def test_no_bytes_make_it_raise(noise: bytes, name: str, at: int):
    raw = (REPORTS / f"{name}.eml").read_bytes()
    for bytes_of in (raw[:at] + noise + raw[at:], noise):
        told = read(bytes_of)
        assert told is None or told.said.isprintable()
