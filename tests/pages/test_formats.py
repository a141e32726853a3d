from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.pages.formats import all_in, clock, epoch_ms, money, paragraphs, percent, when

AT = datetime(2026, 12, 11, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (4500, "CAD", "CA$45.00"),
        (4500, "USD", "$45.00"),
        (4500, "JPY", "¥4,500"),
        (4500, "KWD", "KWD4.500"),
        (5000, "RSD", "RSD50.00"),
        (5000, "UGX", "UGX5,000"),
        (500_000, "HUF", "HUF5,000.00"),
        (150_000_000, "IDR", "IDR1,500,000.00"),
        (-150, "CAD", "-CA$1.50"),
        (1, "EUR", "€0.01"),
    ],
)
def test_money_has_the_decimals_of_its_currency(cents: int, currency: str, text: str) -> None:
    assert money(cents, currency) == text


def test_nothing_to_pay_is_called_free() -> None:
    assert all_in(0, "CAD") == "Free"
    assert all_in(1, "CAD") == "CA$0.01"


def test_percentages_carry_no_needless_noughts() -> None:
    assert [percent(bp) for bp in (500, 1250, 988, 0)] == ["5 %", "12.5 %", "9.88 %", "0 %"]


def test_a_moment_is_told_where_the_event_takes_place() -> None:
    assert when(AT, "America/Toronto") == (
        '<time datetime="2026-12-11T03:30:00+00:00">Thu 10 December 2026, 22:30</time>'
    )


def test_a_clock_says_whose_it_is() -> None:
    assert "22:30, Toronto time" in clock(AT, "America/Toronto")
    assert "00:30, Sao Paulo time" in clock(AT, "America/Sao_Paulo")
    assert "03:30 UTC" in clock(AT, "UTC")


def test_a_timezone_nobody_knows_falls_back_to_utc() -> None:
    assert "03:30" in when(AT, "Mars/Olympus")


def test_moments_come_as_datetimes_texts_or_milliseconds() -> None:
    assert epoch_ms(AT) == epoch_ms(AT.isoformat()) == epoch_ms(int(epoch_ms(AT))) == "1796959800000"


def test_an_organizers_text_keeps_its_lines_and_loses_its_markup() -> None:
    assert paragraphs("One\r\ntwo\n\n\n<b>three</b>") == "<p>One<br>two</p><p>&lt;b&gt;three&lt;/b&gt;</p>"
