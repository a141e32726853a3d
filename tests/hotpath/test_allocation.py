"""The planner against a second, slow telling of the rule, and against the published cases."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hotpath_rs import AllocationRefused, Ask, Party, Plan, SeatMap
from tests.hotpath.reference_allocator import Answer, House, Sight, allocate, assert_step_four

CASES = json.loads(
    (Path(__file__).parents[2] / "hotpath_rs/tests/vectors/allocation_cases.json").read_text(encoding="utf-8")
)
SOLD = 0x03
CLOSED = 0x42


def chart_of(*rows: int) -> SeatMap:
    listed = [
        {"name": str(at), "y": 1.25 * at, "first": 1, "count": count, "x0": -(count - 1) / 2, "pitch": 1.0}
        for at, count in enumerate(rows)
    ]
    section = {"name": "S", "kind": "seated", "category": "P", "rows": listed}
    return SeatMap.parse(json.dumps({"focal_point": {"x": 0, "y": -2}, "sections": [section]}).encode())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_published_case_gets_what_it_expects_from_both_tellings(case: dict[str, Any]) -> None:
    seats = SeatMap.parse(json.dumps(case["chart"]).encode())
    state = bytearray(seats.base_map())
    for seat in case["taken"]:
        state[seats.unit(seat)] = SOLD
    for seat in case["closed_allotment"]:
        state[seats.unit(seat)] = CLOSED
    ask, expect = case["ask"], case["expect"]
    policy = ask.get("orphan_policy", "strict")
    everything = list(range(len(seats.categories)))
    request = Ask([Party(ask["quantity"], everything)], policy, split=ask.get("split", True))
    sight = Sight(House(case["chart"]), bytes(state), set(seats.categories), set())
    told_twice = allocate(sight, ask["quantity"], policy, split=ask.get("split", True))
    if "error" in expect:
        with pytest.raises(AllocationRefused) as refused:
            seats.plan(bytes(state), request)
        assert refused.value.code == expect["error"] == told_twice
        return
    plan = seats.plan(bytes(state), request)
    assert [seats.seat(unit) for unit in plan.units] == expect["seats"]
    assert (plan.step, plan.adjacent) == (expect["step"], expect["adjacent"])
    assert told_twice == Answer(plan.step, tuple(plan.units))


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Any]:
    """Small houses with aisles, staggered and curved rows, two categories and a few accessible seats."""
    sections = []
    for section in range(draw(st.integers(1, 2))):
        rows = []
        for row in range(draw(st.integers(1, 4))):
            count = draw(st.sampled_from([1, 2, 5, 6, 7, 8, 9]))
            shift, bend = draw(st.sampled_from([0.0, 0.5, 0.1])), draw(st.sampled_from([0.0, 0.0, 0.25]))
            y = 1.25 * (row + 5 * section)
            seats = [
                {
                    "name": str(place + 1),
                    "x": round(place - count / 2 + shift, 3),
                    "y": round(y + bend * abs(place - count / 2), 3),
                    "category": draw(st.sampled_from(["P", "P", "P", "V"])),
                    "accessible": draw(st.sampled_from([False] * 7 + [True])),
                }
                for place in range(count)
            ]
            aisles = [str(place) for place in range(1, count) if draw(st.sampled_from([False] * 7 + [True]))]
            rows.append({"name": str(row), "y": y, "seats": seats, "aisle_after": aisles})
        sections.append({"name": f"S{section}", "kind": "seated", "rows": rows})
    return {"focal_point": {"x": draw(st.sampled_from([0.0, 0.5])), "y": -2.0}, "sections": sections}


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    chart=houses(),
    quantity=st.sampled_from([1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 8]),
    policy=st.sampled_from(["strict", "lenient", "off"]),
    split=st.sampled_from([True, True, False]),
    categories=st.sampled_from([["P"], ["V"], ["P", "V"]]),
    open_allotments=st.sampled_from([[], [1], [2]]),
    data=st.data(),
)
def test_the_planner_agrees_with_a_slow_second_telling_of_the_rule(
    chart: dict[str, Any],
    quantity: int,
    policy: Any,
    split: bool,
    categories: list[str],
    open_allotments: list[int],
    data: st.DataObject,
) -> None:
    seats = SeatMap.parse(json.dumps(chart).encode())
    taken_share = data.draw(st.integers(0, 6))
    bytes_of_map = st.sampled_from([0] * (8 - taken_share) + [SOLD] * taken_share + [CLOSED])
    overlay = data.draw(st.lists(bytes_of_map, min_size=seats.units, max_size=seats.units))
    state = bytes(over or base for over, base in zip(overlay, seats.base_map(), strict=True))
    known = [seats.categories.index(name) for name in categories if name in seats.categories]
    request = Ask([Party(quantity, known)], policy, split=split, open_allotments=open_allotments)

    sight = Sight(House(chart), state, set(categories), set(open_allotments))
    expected = allocate(sight, quantity, policy, split=split)
    plan = seats.plan_many(state, [request])[0]
    event(f"answer: {plan.code if isinstance(plan, AllocationRefused) else plan.step}")
    if isinstance(plan, AllocationRefused):
        assert plan.code == expected
        assert plan.free == sight.sold_out_below
        return
    assert isinstance(expected, Answer)
    assert plan.step == expected.step
    assert plan.adjacent == (plan.step <= 2)
    assert plan.orphans_created == sight.orphans(set(plan.units))
    assert plan.rows_used == len({sight.house.seats[unit].row for unit in plan.units})
    if expected.units is None:
        assert_step_four(sight, quantity, plan.units)
    else:
        assert tuple(plan.units) == expected.units


@settings(max_examples=200, deadline=None)
@given(chart=houses(), quantity=st.integers(1, 4), categories=st.sampled_from([["P"], ["P", "V"]]), data=st.data())
def test_a_script_that_walks_the_tape_finds_the_planners_block(
    chart: dict[str, Any], quantity: int, categories: list[str], data: st.DataObject
) -> None:
    """The walk that a Lua script does: bytes and flags only, no chart."""
    seats = SeatMap.parse(json.dumps(chart).encode())
    overlay = data.draw(st.lists(st.sampled_from([0, 0, 0, SOLD]), min_size=seats.units, max_size=seats.units))
    state = bytes(over or base for over, base in zip(overlay, seats.base_map(), strict=True))
    known = [seats.categories.index(name) for name in categories if name in seats.categories]
    tape = seats.tape(known, None, quantity)

    def is_free(unit: int) -> bool:
        return state[unit] >= 0x40

    def orphaned(start: int, flags: int) -> bool:
        left, right, end = flags & 3, flags >> 2 & 3, start + quantity
        return (left > 0 and is_free(start - 1) and (left < 2 or not is_free(start - 2))) or (
            right > 0 and is_free(end) and (right < 2 or not is_free(end + 1))
        )

    starts = [(int.from_bytes(tape[at : at + 3], "big"), tape[at + 3]) for at in range(0, len(tape), 4)]
    free = [(start, flags) for start, flags in starts if state[start : start + quantity] == b"\x40" * quantity]
    walked = next(((start, 1) for start, flags in free if not orphaned(start, flags)), None)
    walked = walked or next(((start, 2) for start, _ in free), None)
    answer = seats.plan_many(state, [Ask([Party(quantity, known)], "strict", split=False)])[0]
    if walked is None:
        assert isinstance(answer, AllocationRefused)
    else:
        assert isinstance(answer, Plan)
        assert (answer.units[0], answer.step) == walked


def test_a_herd_of_fours_takes_every_seat_and_the_rest_are_told_how_many_are_left() -> None:
    seats = chart_of(*[50] * 40)
    four = Ask([Party(4, [0])], "auto")
    answers = seats.plan_many(seats.base_map(), [four] * 1000)
    plans = [answer for answer in answers if isinstance(answer, Plan)]
    assert len(plans) == 500
    assert sorted(unit for plan in plans for unit in plan.units) == list(range(2000))
    refusals = [answer for answer in answers if isinstance(answer, AllocationRefused)]
    assert {(refusal.code, refusal.free) for refusal in refusals} == {("sold_out", 0)}


def test_a_refusal_carries_its_code_and_the_free_count() -> None:
    seats = chart_of(4)
    with pytest.raises(AllocationRefused) as refused:
        seats.plan(seats.base_map(), Ask([Party(5, [0])], "strict"))
    assert (refused.value.code, refused.value.free) == ("sold_out", 4)
    assert refused.value.args == ("sold_out", 4)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Ask([Party(1, [0])], "harsh"),  # type: ignore[arg-type]
        lambda: Party(-1, [0]),
        lambda: Party(1, [256]),
        lambda: Party(1, [0], section=-1),
        lambda: Ask([Party(1, [0])], "strict", open_allotments=[300]),
        lambda: chart_of(4).plan(b"\x40" * 4, Ask([], "strict")),
        lambda: chart_of(4).plan(b"\x40" * 4, Ask([Party(0, [0])], "strict")),
        lambda: chart_of(4).plan(b"\x40" * 4, Ask([Party(1, [1])], "strict")),
        lambda: chart_of(4).plan(b"\x40" * 3, Ask([Party(1, [0])], "strict")),
        lambda: chart_of(4).plan_many(b"\x40" * 4, [Ask([Party(1, [0])], "strict")] * 10_001),
        lambda: chart_of(4).check_named(b"\x40" * 4, [4], [], "strict"),
        lambda: chart_of(4).orphans(b"\x40" * 4, [-1], []),
        lambda: chart_of(4).tape([0], None, 0),
        lambda: chart_of(4).tape([0], 1, 1),
    ],
)
def test_an_argument_out_of_range_is_a_value_error(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        broken()


def test_named_seats_that_strand_one_get_a_suggestion() -> None:
    seats = chart_of(6)
    assert seats.check_named(seats.base_map(), [1, 2], [], "strict") == [0, 1]
    assert seats.check_named(seats.base_map(), [1, 2], [], "lenient") is None
    assert seats.orphans(seats.base_map(), [1, 2], []) == 1


def test_one_seat_map_plans_for_many_threads_alike() -> None:
    seats = chart_of(*[100] * 200)
    asks = [Ask([Party(1 + at % 5, [0])], "strict") for at in range(200)]
    answers: list[list[Plan | AllocationRefused]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(seats.plan_many(seats.base_map(), asks))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer == answers[0] for answer in answers)
