"""The shop's vital signs, read from its metrics page."""

from __future__ import annotations

from admin.vitals import parse, quantile_ms, shed_per_s


def page(fast: int, slow: int, *, started: str = "1.79e9", shed: int = 0) -> str:
    route = 'method="POST",route="/v1/holds"'
    return f"""# HELP process_start_time_seconds Start time
process_start_time_seconds {started}
onsale_http_request_seconds_bucket{{le="0.005",{route}}} {fast}.0
onsale_http_request_seconds_bucket{{le="0.5",{route}}} {fast + slow}.0
onsale_http_request_seconds_bucket{{le="+Inf",{route}}} {fast + slow}.0
onsale_http_request_seconds_bucket{{le="0.005",method="GET",route="/v1/events"}} 99999.0
onsale_shed_total{{batch="holds"}} {shed}.0
onsale_shed_total{{batch="orders"}} 1.0
"""


def test_the_slowest_of_a_hundred_is_that_of_the_time_between_two_readings() -> None:
    before, after = parse(page(1000, 500), 0.0), parse(page(1100, 500), 2.0)
    assert before
    assert after
    assert quantile_ms(before, after) == 5.0
    slower = parse(page(1100, 502), 4.0)
    assert slower
    assert quantile_ms(after, slower) == 500.0
    assert quantile_ms(slower, slower) is None


def test_what_is_shed_is_counted_by_the_second_over_all_batches() -> None:
    before, after = parse(page(1, 0, shed=10), 0.0), parse(page(1, 0, shed=30), 4.0)
    assert before
    assert after
    assert shed_per_s(before, after) == 5.0


def test_a_page_that_is_no_metrics_page_says_nothing() -> None:
    assert parse("<html>no</html>", 0.0) is None
    assert parse("", 0.0) is None
