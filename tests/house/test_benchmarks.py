"""What `make bench` takes can be taken, and is on its page."""

from __future__ import annotations

from typing import get_args

from tests.bench import __main__ as bench
from tests.bench import report
from tests.bench.method import Group


def test_every_group_of_rows_has_a_title_on_the_page_of_the_benchmarks():
    assert set(report.TITLES) == set(get_args(Group))


def test_a_row_that_is_left_out_unless_it_is_named_has_a_name():
    assert bench.ROWS.keys() >= bench.INCLUDED | bench.LONG
