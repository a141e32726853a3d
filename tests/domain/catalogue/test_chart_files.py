"""Charts from files: ours, tables, seating plans of pretix. What is wrong is said with its line."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.domain.catalogue.charts import files, tables
from engine.foundation.errors import Invalid
from engine.services.catalogue.venues import read_chart

CHART: dict[str, Any] = {
    "focal_point": {"x": 0, "y": -4},
    "sections": [
        {"name": "Stalls", "kind": "seated", "rows": [
            {"name": "A", "y": 0, "first": 1, "count": 4, "x0": -1.5, "pitch": 1, "aisle_after": [2],
             "accessible": [1]},
            {"name": "B", "seats": [
                {"name": "1", "x": -1, "y": 1.5, "category": "Gold", "companion": True},
                {"name": "2", "x": 0, "y": 1.25, "obstructed": True},
            ]},
        ]},
        {"name": "Floor", "kind": "general", "category": "Pit", "capacity": 60},
    ],
}  # fmt: skip


def facts(chart: dict[str, Any]) -> Any:
    return read_chart(msgspec.json.encode(chart))


def refused(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        files.read(text.encode())
    return [(fault["pointer"], fault["code"]) for fault in refusal.value.errors]


def rows(chart: dict[str, Any], section: int = 0) -> dict[str, list[str]]:
    return {row["name"]: [seat["name"] for seat in row["seats"]] for row in chart["sections"][section]["rows"]}


def test_a_chart_comes_back_from_its_table_as_it_was() -> None:
    brought = files.read(tables.written(CHART))
    assert brought.format == "csv"
    again = brought.chart
    assert (facts(again).units, facts(again).categories) == (66, ("Stalls", "Gold", "Pit"))
    first, second = again["sections"][0]["rows"]
    assert (first["y"], first["aisle_after"]) == (0, ["2"])
    assert [seat["x"] for seat in first["seats"]] == [-1.5, -0.5, 0.5, 1.5]
    assert first["seats"][0]["accessible"]
    assert second["seats"] == [
        {"name": "1", "x": -1, "y": 1.5, "category": "Gold", "companion": True},
        {"name": "2", "x": 0, "y": 1.25, "obstructed": True},
    ]
    assert again["sections"][1] == {"name": "Floor", "kind": "general", "capacity": 60, "category": "Pit"}


SHAPED = "section,row,seat,x,y,shape,width,height"
DRAWN: dict[str, Any] = {
    "focal_point": {"x": 1.5, "y": -5.0},
    "stage": {"x": 0.0, "y": -4.0, "width": 14.0, "height": 3.0, "turn": 12.5},
    "sections": [
        {"name": "Stalls", "kind": "seated", "category": "Stalls", "rows": [
            {"name": "A", "y": 0.5, "seats": [
                {"name": "1", "x": -1.0, "y": 0.5}, {"name": "2", "x": 0.0, "y": 0.1},
                {"name": "3", "x": 1.0, "y": 0.5},
            ], "aisle_after": ["1"]},
        ]},
        {"name": "Tables", "kind": "seated", "category": "Tables", "rows": [
            {"name": "1", "y": 4.0, "seats": [{"name": "1", "x": 9.0, "y": 4.0}, {"name": "2", "x": 9.0, "y": 7.0}],
             "table": {"x": 9.0, "y": 5.5, "width": 1.8, "height": 1.8, "round": True}},
        ]},
        {"name": "Floor", "kind": "general", "capacity": 60, "category": "Pit",
         "area": {"x": 0.0, "y": 12.0, "width": 12.0, "height": 6.0, "turn": -30.0, "round": True}},
    ],
}  # fmt: skip


def test_what_is_drawn_comes_back_from_a_table_to_the_figure() -> None:
    again = files.read(tables.written(DRAWN)).chart
    assert again == DRAWN
    assert facts(again).etag == facts(DRAWN).etag


def test_a_table_from_elsewhere_may_say_where_the_stage_is_and_who_sits_around_a_table() -> None:
    lines = (",,,2,-6,Rectangle,8,2", "T,1,,0,0,round,2,2", "T,1,b,0,2,,,", "T,1,a,0,-2,,,")
    chart = files.read("\n".join((SHAPED, *lines)).encode()).chart
    assert chart["focal_point"] == {"x": 2, "y": -6}
    (row,) = chart["sections"][0]["rows"]
    assert ([seat["name"] for seat in row["seats"]], row["table"]["round"]) == (["b", "a"], True)
    facts(chart)


def test_a_table_of_names_alone_is_laid_out_in_its_own_order() -> None:
    chart = files.read(b"Section,Row,Seat\nStalls,A,1\nStalls,A,2\nStalls,B,1\nStalls,B,2\n").chart
    assert rows(chart) == {"A": ["1", "2"], "B": ["1", "2"]}
    first, second = chart["sections"][0]["rows"]
    assert [seat["x"] for seat in first["seats"]] == [0, 1]
    assert second["y"] > first["y"]
    assert facts(chart).warnings == ()


def test_a_table_from_elsewhere_is_put_into_the_order_of_its_places_with_aisles_at_the_gaps() -> None:
    lines = ["section;row;seat;x;y", *(f"S;A;{n};{n * 1.5:g};0".replace(".", ",") for n in (3, 1, 2, 6, 5))]
    chart = files.read("\r\n".join(lines).encode()).chart
    (row,) = chart["sections"][0]["rows"]
    assert [seat["name"] for seat in row["seats"]] == ["1", "2", "3", "5", "6"]
    assert row["aisle_after"] == ["3"]
    assert row["seats"][0]["x"] == 1.5
    assert facts(chart).warnings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("row,seat\nA,1", [("/lines/1", "missing")]),
        ("section,row,seat,colour\nS,A,1,red", [("/lines/1/colour", "unknown_column")]),
        ("section,row,seat\n,A,1\nS,,1\nS,A,", [
            ("/lines/2/section", "missing"), ("/lines/3/row", "missing"), ("/lines/4/seat", "missing")]),
        ("section,row,seat,x,accessible\nS,A,1,left,maybe", [
            ("/lines/2/x", "wrong_type"), ("/lines/2/accessible", "wrong_type")]),
        ("section,capacity,row,seat\nF,many,,\n", [("/lines/2/capacity", "wrong_type")]),
        ("section,capacity,row,seat\nF,5,,\nF,6,,\nF,,A,1", [
            ("/lines/3/section", "duplicate"), ("/lines/4/section", "duplicate")]),
        ("section,row,seat\n", [("/lines/2", "empty")]),
        (f"{SHAPED}\n,,,0,0,oval,1,\n,,,0,0,round,1,1\nS,,,0,0,round,1,1\nS,A,1,0,0,round,1,1\nS,B,,0,0,round,1,1", [
            ("/lines/2/shape", "wrong_type"), ("/lines/2/height", "missing"), ("/lines/3/shape", "duplicate"),
            ("/lines/4/row", "missing"), ("/lines/5/seat", "misplaced"), ("/lines/6/row", "empty")]),
        ('section,row,seat\nS,A,"1', [("/lines/2", "malformed_csv")]),
        ("{", [("", "malformed_json")]),
        ('{"zones": 5}', [("/zones", "wrong_type")]),
    ],
)  # fmt: skip
def test_a_fault_of_a_file_is_told_with_its_line(text: str, expected: list[tuple[str, str]]) -> None:
    assert refused(text) == expected


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        files.read(b"section,row,seat\nS\xe9,A,1")
    assert refusal.value.errors[0]["code"] == "not_utf8"


def test_a_name_that_a_spreadsheet_would_run_comes_back_as_it_was() -> None:
    chart = {"focal_point": {"x": 0, "y": 0}, "sections": [
        {"name": "=1+1", "kind": "seated", "rows": [{"name": "-A", "y": 0, "seats": [{"name": "+1", "x": -2.5}]}]},
    ]}  # fmt: skip
    table = tables.written(chart)
    assert b"'=1" in table
    again = files.read(table).chart
    assert (again["sections"][0]["name"], rows(again)) == ("=1+1", {"-A": ["+1"]})
    assert again["sections"][0]["rows"][0]["seats"][0]["x"] == -2.5


def plan(*zones: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Hall", "categories": [{"name": "Gold"}], "size": {"width": 9, "height": 9}, "zones": list(zones)}


def seat(number: str, x: float, y: float = 0, category: str = "Gold") -> dict[str, Any]:
    return {"seat_guid": f"{number}-{x}", "seat_number": number, "position": {"x": x, "y": y}, "category": category}


def test_a_seating_plan_of_pretix_becomes_sections_rows_and_aisles() -> None:
    stalls = {"name": "Stalls", "position": {"x": 100, "y": 50}, "rows": [
        {"row_number": "1", "position": {"x": 0, "y": 0},
         "seats": [seat("1", 0), seat("2", 25), *(seat(str(n), n * 25) for n in range(3, 7))]},
        {"row_number": "2", "position": {"x": 0, "y": 30},
         "seats": [seat("1", 0, 10), seat("2", 25, 0), seat("3", 50, 10, "Side")]},
        {"row_number": "3", "position": {"x": 0, "y": 60}, "seats": []},
    ], "areas": [
        {"position": {"x": 0, "y": -100}, "width": 100, "height": 50, "text": "STAGE", "rotation": 0},
        {"position": {"x": 200, "y": 0}, "shape": "circle", "circle": {"radius": 5}, "text": {"text": "Bar"}},
    ]}  # fmt: skip
    brought = files.read(msgspec.json.encode(plan(stalls, {**stalls, "areas": []})))
    assert (brought.format, brought.notes) == ("pretix", ("1 drawn area was left out",))
    chart = brought.chart
    assert [section["name"] for section in chart["sections"]] == ["Stalls", "Stalls 2"]
    assert rows(chart) == {"1": ["1", "2", "3", "4", "5", "6"], "2": ["1", "2", "3"]}
    first, second = chart["sections"][0]["rows"]
    assert (first["aisle_after"], first["y"]) == (["2"], 2)
    assert [each["x"] for each in first["seats"]] == [4, 5, 7, 8, 9, 10]
    assert [each["y"] for each in second["seats"]] == [3.6, 3.2, 3.6]
    assert second["seats"][2]["category"] == "Side"
    assert chart["stage"] == {"x": 6, "y": -1, "width": 4, "height": 2, "turn": 0}
    assert chart["focal_point"] == {"x": 6, "y": -1}
    assert (facts(chart).units, facts(chart).categories) == (18, ("Gold", "Side"))


def test_two_halves_of_a_row_in_pretix_are_one_row_unless_their_seats_have_the_same_names() -> None:
    left = {"row_number": "A", "seats": [seat("1", 0), seat("2", 20)]}
    right = {"row_number": "A", "seats": [seat("3", 80), seat("4", 100)]}
    other = {"row_number": "A", "position": {"x": 0, "y": 30}, "seats": [seat("1", 0), seat("2", 20)]}
    zone = {"name": "", "position": {"x": 0, "y": 0}, "rows": [left, right, other]}
    chart = files.read(msgspec.json.encode(plan(zone))).chart
    assert chart["sections"][0]["name"] == "Section 1"
    assert rows(chart) == {"A": ["1", "2", "3", "4"], "A 2": ["1", "2"]}
    assert chart["sections"][0]["rows"][0]["aisle_after"] == ["2"]


def test_our_own_chart_is_taken_as_it_is() -> None:
    brought = files.read(msgspec.json.encode(CHART))
    assert (brought.chart, brought.format, brought.notes) == (CHART, "onsale", ())
