"""Charts become units: both spellings, every fault with its pointer, every limit."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from hotpath_rs import ChartError, SeatMap

FOCAL = {"x": 0, "y": -2}


def parse(*sections: dict[str, Any], focal: Any = FOCAL) -> SeatMap:
    return SeatMap.parse(json.dumps({"focal_point": focal, "sections": list(sections)}).encode())


def seated(*rows: dict[str, Any], name: str = "Stalls", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "seated", "rows": list(rows), **more}


def row(name: str = "A", count: int = 3, **more: Any) -> dict[str, Any]:
    return {"name": name, "y": 0, "first": 1, "count": count, "x0": -1.0, "pitch": 1.0, **more}


def listed(*seats: dict[str, Any], name: str = "A", **more: Any) -> dict[str, Any]:
    return {"name": name, "y": 0, "seats": list(seats), **more}


def general(capacity: Any = 4, name: str = "Floor", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "general", "capacity": capacity, **more}


def faults(*sections: Any, focal: Any = FOCAL) -> set[tuple[str, str]]:
    with pytest.raises(ChartError) as error:
        parse(*sections, focal=focal)
    assert error.value.args == (error.value.errors,)
    assert all(message for _, _, message in error.value.errors)
    return {(pointer, code) for pointer, code, _ in error.value.errors}


def test_sections_lie_end_to_end_in_physical_order() -> None:
    seats = parse(general(2), seated(row("A", 2), row("B", 1)), general(3, name="Terrace", category="Floor"))
    assert (seats.units, len(seats)) == (8, 8)
    assert seats.seats_bulk() == [None, None, "Stalls/A/1", "Stalls/A/2", "Stalls/B/1", None, None, None]
    assert [(s.index, s.name, s.kind, s.category, s.first_unit, s.units) for s in seats.sections] == [
        (0, "Floor", "general", "Floor", 0, 2),
        (1, "Stalls", "seated", "Stalls", 2, 3),
        (2, "Terrace", "general", "Floor", 5, 3),
    ]
    assert seats.categories == ["Floor", "Stalls"]
    assert seats.category_map() == bytes([0, 0, 1, 1, 1, 0, 0, 0])
    assert struct.unpack("<8H", seats.section_map()) == (0, 0, 1, 1, 1, 2, 2, 2)
    assert [seats.section_index(unit) for unit in range(8)] == [0, 0, 1, 1, 1, 2, 2, 2]
    assert [seats.category_index(unit) for unit in range(8)] == [0, 0, 1, 1, 1, 0, 0, 0]
    assert seats.seat(0) is None


def test_a_seat_is_found_by_its_name_and_the_other_way_round() -> None:
    seats = parse(seated(row("A"), row("B", first=20)), seated(row("A"), name="Balcony"))
    for unit in range(seats.units):
        label = seats.seat(unit)
        assert label is not None
        assert seats.unit(label) == unit
    assert seats.unit("Stalls/B/22") == 5
    for unknown in ("Stalls/B/23", "Stalls/C/1", "Nowhere/A/1", "Stalls/A", "Stalls/A/1/1", "", "//"):
        with pytest.raises(KeyError):
            seats.unit(unknown)
    for call in (seats.seat, seats.section_index, seats.category_index):
        with pytest.raises(IndexError):
            call(9)


def test_both_spellings_of_a_chart_are_one_chart() -> None:
    short = parse(seated(row("A", 4, x0=-0.3, pitch=0.2, accessible=[2], aisle_after=[2]), category="P"))
    names = ["1", "2", "3", "4"]
    long = parse(
        seated(
            listed(
                *(
                    {"name": name, "x": x, "accessible": name == "2"}
                    for name, x in zip(names, (-0.3, -0.1, 0.1, 0.3), strict=True)
                ),
                aisle_after=["2"],
            ),
            category="P",
        )
    )
    assert short.etag == long.etag
    assert short.geometry_json() == long.geometry_json()
    assert short.base_map() == b"\x40\x41\x40\x40"
    assert parse(seated(row("A", 4), category="P")).etag != short.etag


def test_the_geometry_is_what_a_seat_picker_needs() -> None:
    seats = parse(
        seated(listed({"name": "1", "x": 0.5}, {"name": "2", "x": 1.5, "category": "V", "accessible": True})),
        general(3),
    )
    assert json.loads(seats.geometry_json()) == {
        "etag": seats.etag,
        "focal_point": {"x": 0.0, "y": -2.0},
        "categories": ["Stalls", "V", "Floor"],
        "sections": [
            {
                "name": "Stalls",
                "kind": "seated",
                "category": "Stalls",
                "first_unit": 0,
                "units": 2,
                "rows": [
                    {
                        "name": "A",
                        "y": 0.0,
                        "first_unit": 0,
                        "seats": [
                            {"name": "1", "x": 0.5, "category": 0},
                            {"name": "2", "x": 1.5, "category": 1, "accessible": True},
                        ],
                        "aisle_after": [],
                    }
                ],
            },
            {"name": "Floor", "kind": "general", "category": "Floor", "first_unit": 2, "units": 3},
        ],
    }


def test_seats_of_a_curve_keep_their_own_places_and_what_one_should_know_of_them() -> None:
    table = {"x": 1, "y": 2.5, "width": 1.5, "height": 1, "turn": 45, "round": True}
    stage = {"x": 0, "y": -6, "width": 10, "height": 3}
    curve = listed(
        {"name": "1", "x": 0, "y": 1.5, "companion": True},
        {"name": "2", "x": 1, "y": 0, "obstructed": True},
        table=table,
    )
    sections = [seated(curve), general(3, area={"x": 0, "y": 9, "width": 4, "height": 2})]
    seats = SeatMap.parse(json.dumps({"focal_point": FOCAL, "stage": stage, "sections": sections}).encode())
    geometry = json.loads(seats.geometry_json())
    assert geometry["stage"] == stage
    assert geometry["sections"][1]["area"] == {"x": 0, "y": 9, "width": 4, "height": 2}
    (drawn,) = geometry["sections"][0]["rows"]
    assert (drawn["y"], drawn["table"]) == (0, table)
    assert drawn["seats"] == [
        {"name": "1", "x": 0, "y": 1.5, "category": 0, "companion": True},
        {"name": "2", "x": 1, "category": 0, "obstructed": True},
    ]


def test_a_row_whose_seats_all_say_where_they_stand_needs_no_y_of_its_own() -> None:
    seats = [{"name": "1", "x": 0, "y": 2}, {"name": "2", "x": 1, "y": 3}]
    bare = {"name": "A", "seats": seats}
    assert parse(seated(bare)).etag == parse(seated({**bare, "y": 2})).etag
    assert faults(seated({"name": "A", "seats": [*seats, {"name": "3", "x": 2}]})) == {
        ("/sections/0/rows/0/y", "missing")
    }


def test_both_spellings_mark_companions_and_restricted_views_alike() -> None:
    short = parse(seated(row("A", 3, companion=[1], obstructed=["3"])))
    marks = ({"companion": True}, {}, {"obstructed": True})
    seats = ({"name": str(n), "x": n - 2, **mark} for n, mark in enumerate(marks, 1))
    assert short.etag == parse(seated(listed(*seats))).etag
    assert short.etag != parse(seated(row("A", 3))).etag


def test_the_tape_measures_to_each_seat_of_a_curve() -> None:
    # A row bent towards the stage in its middle: its ends are further away than their x alone says.
    bent = listed(*({"name": str(n), "x": n, "y": abs(n) * 2} for n in range(-3, 4)))
    straight = row("B", 7, x0=-3, y=3.5)
    seats = parse(seated(bent, straight), focal={"x": 0, "y": 0})
    tape = seats.tape([0], None, 1)
    starts = [seats.seat(int.from_bytes(tape[at : at + 3], "big")) for at in range(0, len(tape), 4)]
    assert starts[:4] == ["Stalls/A/0", "Stalls/A/-1", "Stalls/A/1", "Stalls/B/4"]
    assert starts[-2:] == ["Stalls/A/-3", "Stalls/A/3"]


def test_the_tape_ranks_runs_by_distance_and_knows_their_neighbours() -> None:
    seats = parse(seated(row("A", 6, x0=-2.5, aisle_after=[4])), general(3))
    tape = seats.tape([0], None, 2)
    entries = [(int.from_bytes(tape[at : at + 3], "big"), tape[at + 3]) for at in range(0, len(tape), 4)]
    # Starts by distance to the middle; to the left of A2-A3 stands one seat, to its right another, then the aisle.
    # A1-A2 and A5-A6 are exactly as far away: the fifth bit says so.
    assert entries == [(2, 0b00_10), (1, 0b01_01), (0, 0b10_00), (4, 0b1_00_00)]
    assert seats.tape([1], None, 2) == b""
    assert seats.tape([0], 1, 2) == b""


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ([general(0)], {("/sections/0/capacity", "out_of_range")}),
        ([general(200_001)], {("/sections/0/capacity", "out_of_range")}),
        ([general(1.5)], {("/sections/0/capacity", "wrong_type")}),
        ([general(True)], {("/sections/0/capacity", "wrong_type")}),
        ([general(), general()], {("/sections/1/name", "duplicate")}),
        ([general(name="a/b")], {("/sections/0/name", "invalid_name")}),
        ([general(name="")], {("/sections/0/name", "invalid_name")}),
        ([general(name="x" * 65)], {("/sections/0/name", "invalid_name")}),
        ([general(category=7)], {("/sections/0/category", "wrong_type")}),
        ([general(kind="standing")], {("/sections/0/kind", "unknown_kind")}),
        ([seated()], {("/sections/0/rows", "empty")}),
        ([7], {("/sections/0", "wrong_type")}),
        ([seated(listed())], {("/sections/0/rows/0/seats", "empty")}),
        ([seated(row(), row())], {("/sections/0/rows/1/name", "duplicate")}),
        ([seated({"name": "A", "y": 0})], {("/sections/0/rows/0", "missing")}),
        ([seated(row(seats=[{"name": "1", "x": 0}]))], {("/sections/0/rows/0", "ambiguous")}),
        ([seated(row(y="front"))], {("/sections/0/rows/0/y", "wrong_type")}),
        ([seated(row(y=1e7))], {("/sections/0/rows/0/y", "out_of_range")}),
        ([seated(row(count=2001))], {("/sections/0/rows/0/count", "out_of_range")}),
        ([seated(row(pitch=0))], {("/sections/0/rows/0/pitch", "out_of_range")}),
        ([seated(row(pitch=999_999))], {("/sections/0/rows/0/pitch", "out_of_range")}),
        ([seated(row(aisle_after=[4]))], {("/sections/0/rows/0/aisle_after/0", "unknown_seat")}),
        ([seated(row(aisle_after=["x", 2.5]))], {
            ("/sections/0/rows/0/aisle_after/0", "unknown_seat"),
            ("/sections/0/rows/0/aisle_after/1", "wrong_type"),
        }),
        ([seated(row(accessible=7))], {("/sections/0/rows/0/accessible", "wrong_type")}),
        ([seated(listed({"name": "1", "x": 0}, {"name": "1", "x": 1}))],
         {("/sections/0/rows/0/seats/1/name", "duplicate")}),
        ([seated(listed({"name": "1", "x": "0"}, {"x": 1}))], {
            ("/sections/0/rows/0/seats/0/x", "wrong_type"),
            ("/sections/0/rows/0/seats/1/name", "missing"),
        }),
        ([seated(listed({"name": "1", "x": 0, "accessible": 1}))],
         {("/sections/0/rows/0/seats/0/accessible", "wrong_type")}),
        ([general(150_000), general(50_001, name="Terrace")], {("/sections", "too_many")}),
        ([general(1, name=str(at)) for at in range(501)], {("/sections", "too_many")}),
        ([general(1, name=str(at)) for at in range(256)], {("/sections", "too_many")}),
        ([seated(*(row(str(at), 1) for at in range(1001)))], {("/sections/0/rows", "too_many")}),
        ([], {("/sections", "empty")}),
        ([seated(listed({"name": "1", "x": 0, "y": "up"}))], {("/sections/0/rows/0/seats/0/y", "wrong_type")}),
        ([seated(listed({"name": "1", "x": 0, "companion": 1}))],
         {("/sections/0/rows/0/seats/0/companion", "wrong_type")}),
        ([seated(row(obstructed=[9]))], {("/sections/0/rows/0/obstructed/0", "unknown_seat")}),
        ([seated(row(table={"x": 0, "y": 0, "width": 0, "height": 1}))],
         {("/sections/0/rows/0/table/width", "out_of_range")}),
        ([general(area={"x": 0, "y": 0, "width": 1, "height": 1, "turn": 361})],
         {("/sections/0/area/turn", "out_of_range")}),
        ([general(area=[])], {("/sections/0/area", "wrong_type")}),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(sections: list[Any], expected: set[tuple[str, str]]) -> None:
    assert faults(*sections) == expected


def test_all_faults_are_told_at_once_up_to_a_hundred() -> None:
    assert faults(general(0), seated(row(y=None)), focal={"x": "left"}) == {
        ("/focal_point/x", "wrong_type"),
        ("/focal_point/y", "missing"),
        ("/sections/0/capacity", "out_of_range"),
        ("/sections/1/rows/0/y", "wrong_type"),
    }
    many = [{"x": 0} for _ in range(500)]
    with pytest.raises(ChartError) as error:
        parse(seated(listed(*many)))
    assert len(error.value.errors) == 100


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b'{"focal_point":{"x":NaN,"y":0}}', b"1e999", b"[" * 500])
def test_what_is_no_chart_is_refused(text: bytes) -> None:
    with pytest.raises(ChartError) as error:
        SeatMap.parse(text)
    assert error.value.errors[0][:2] in {("", "malformed_json"), ("", "wrong_type")}


def test_the_largest_chart_parses_and_one_unit_more_does_not() -> None:
    rows = [row(str(at), 2000) for at in range(100)]
    assert parse(seated(*rows)).units == 200_000
    assert ("/sections", "too_many") in faults(seated(*rows), general(1))
