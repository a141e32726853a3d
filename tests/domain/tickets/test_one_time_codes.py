"""Mailed codes: which digits are the right ones, and the three ways of being none."""

from __future__ import annotations

import pytest

from engine.domain.tickets import one_time_codes as rules
from engine.domain.tickets.one_time_codes import CodeState, OtpExpired, OtpLocked, OtpWrong

KEY = b"k" * 32


def digest(typed: str, *, subject: str = "trf_1", part: rules.Part = "sender", key: bytes = KEY) -> bytes:
    return rules.digest(key, subject, part, typed)


def test_a_code_is_six_digits_and_seldom_the_same():
    codes = {rules.new_code() for _ in range(200)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 190


def test_digits_are_those_of_one_subject_one_part_and_one_key():
    assert digest("123456") == digest(" 123-456 ")
    others = [
        digest("123457"),
        digest("123456", subject="trf_2"),
        digest("123456", part="recipient"),
        digest("123456", key=b"l" * 32),
    ]
    assert digest("123456") not in others


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        (None, OtpExpired),
        (CodeState(None, expired=False, tries=1), OtpWrong),
        (CodeState(digest("123456"), expired=True, tries=1), OtpExpired),
        (CodeState(digest("654321"), expired=False, tries=1), OtpWrong),
        (CodeState(digest("654321"), expired=True, tries=1), OtpExpired),
        (CodeState(digest("123456"), expired=False, tries=6), OtpLocked),
        (CodeState(digest("123456"), expired=True, tries=6), OtpLocked),
    ],
)
def test_wrong_expired_and_locked_are_told_apart(state, refused):
    with pytest.raises(refused):
        rules.check(state, digest("123456"))


def test_the_right_digits_are_taken_until_the_fifth_try():
    rules.check(CodeState(digest("123456"), expired=False, tries=5), digest("123456"))
    with pytest.raises(OtpWrong) as told:
        rules.check(CodeState(digest("654321"), expired=False, tries=4), digest("123456"))
    assert told.value.facts == {"tries_left": 1}
