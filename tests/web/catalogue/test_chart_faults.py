"""Seating charts that say one thing in their lists and another in their coordinates, or the same name in two ways."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec
import pytest

from engine.domain.catalogue.charts.places import Places, doubtful, misplaced
from engine.services.catalogue.venues import read_chart
from tests.shop import Shop
from tests.web.organizer import CHART, Someone

ROW = "/sections/0/rows/0"


def row(name: str = "A", *, xs: list[float], y: float = 0, **more: Any) -> dict[str, Any]:
    """A row of seats called 1, 2, 3 ... at these places."""
    return {"name": name, "y": y, "seats": [{"name": str(n), "x": x} for n, x in enumerate(xs, 1)], **more}


def chart(*rows: dict[str, Any], name: str = "Stalls", **more: Any) -> dict[str, Any]:
    section = {"name": name, "kind": "seated", "rows": list(rows), **more}
    return {"focal_point": {"x": 0, "y": 0}, "sections": [section]}


async def put(organizer: Someone, given: dict[str, Any]) -> dict[str, Any]:
    venue_id = await organizer.venue(await organizer.organization(), chart=None)
    response = await organizer.ask("PUT", f"/v1/venues/{venue_id}/seating-chart", given)
    return {**await response.json(), "http": response.status, "venue_id": venue_id}


async def test_a_gap_without_an_aisle_is_told_in_the_answer(register):
    organizer = await register()
    told = await put(organizer, chart(row(xs=[0, 1, 5, 6]), row("B", xs=[0, 1, 2, 3], y=1)))
    assert told["http"] == 200, told
    ((pointer, code),) = [(each["pointer"], each["code"]) for each in told["warnings"]]
    assert (pointer, code) == (f"{ROW}/seats/2/x", "gap")
    assert '"2" and "3"' in told["warnings"][0]["message"]
    assert (await put(organizer, CHART))["warnings"] == []


@pytest.mark.parametrize(
    ("rows", "seats"),
    [
        ([row(xs=[0, 0.5, 4.5])], [2]),
        ([row(xs=[6, 5, 1, 0])], [2]),
        ([row(xs=[0, 1, 5, 6], aisle_after=["2"])], []),
        ([row(xs=[0, 1, 5, 6], aisle_after=[2])], []),
        ([row(xs=[0, 1, 2.9, 3.9])], []),
        ([{"name": "A", "y": 0, "first": 1, "count": 9, "x0": 0, "pitch": 4}], []),
        ([row(xs=[0])], []),
    ],
)
def test_a_gap_is_measured_by_what_neighbours_keep_between_them(rows: list[dict[str, Any]], seats: list[int]):
    places = msgspec.convert(chart(*rows), Places)
    assert [warning.pointer for warning in doubtful(places)] == [f"{ROW}/seats/{n}/x" for n in seats]
    assert misplaced(places) == []


@pytest.mark.parametrize(
    ("xs", "aisles", "seats"),
    [
        ([-0.5, 0.5, -1.5, 1.5], [], [2]),  # odd numbers left, even ones right
        ([0, 2, 1, 3], [], [2]),
        ([3, 2, 1, 0], [], []),
        ([0, 1, 2, -3, -2, -1], [3], []),
        ([0, 1, 2, -1, -3, -2], [3], [5]),
    ],
)
async def test_seats_listed_against_their_places_are_refused(
    register, pool: asyncpg.Pool, xs: list[float], aisles: list[int], seats: list[int]
):
    told = await put(await register(), chart(row(xs=xs, aisle_after=aisles)))
    assert told["http"] == (422 if seats else 200), told
    assert [each["pointer"] for each in told.get("errors", ())] == [f"{ROW}/seats/{n}/x" for n in seats]
    assert {each["code"] for each in told.get("errors", ())} <= {"not_beside"}
    assert (await pool.fetchval("SELECT chart_units FROM venues") is None) == bool(seats)


def curve(*places: tuple[float, float], **more: Any) -> dict[str, Any]:
    """A row of seats called 1, 2, 3 ... at these places."""
    seats = [{"name": str(n), "x": x, "y": y} for n, (x, y) in enumerate(places, 1)]
    return {"name": "A", "seats": seats, **more}


@pytest.mark.parametrize(
    ("places", "aisles", "told"),
    [
        ([(0, 0), (1, 0.2), (2, 0.3), (3, 0.2), (4, 0)], [], []),
        ([(0, 0), (2, 0.3), (1, 0.2), (3, 0.2), (4, 0)], [], [("1", "order")]),
        ([(0, 0), (0, 1), (0.1, 2), (0, 3)], [], []),
        ([(0, 0), (0, 2), (0.1, 1), (0, 3)], [], [("1", "order")]),
        ([(0, 0), (1, 0), (1, 1), (0, 1)], [], []),  # around a corner everybody is as near as their neighbours
        ([(0, 0), (1, 0.1), (8, 0.1), (9, 0)], ["2"], []),
        ([(0, 0), (1, 0.1), (8, 0.1), (9, 0)], [], [("3", "gap")]),
    ],
)
def test_seats_of_a_curve_that_are_listed_against_their_places_are_told(
    places: list[tuple[float, float]], aisles: list[str], told: list[tuple[str, str]]
):
    bent = msgspec.convert(chart(curve(*places, aisle_after=aisles)), Places)
    found = [(warning.code, warning.pointer) for warning in doubtful(bent)]
    for seat, code in told:
        assert (code, f"{ROW}/seats/{int(seat) - 1}/x") in found
    assert bool(found) == bool(told)
    assert misplaced(bent) == []


def test_seats_around_a_table_are_neighbours_as_they_are_listed():
    table = {"x": 0.5, "y": 1, "width": 2, "height": 1}
    around = [(0, 0), (1, 0), (9, 2), (0, 2)]
    assert doubtful(msgspec.convert(chart(curve(*around, table=table)), Places)) == ()
    assert doubtful(msgspec.convert(chart(curve(*around)), Places)) != ()


async def test_a_curved_row_is_sold_as_it_is_listed_and_shown_as_it_stands(shop: Shop):
    bent = curve((0, 4), (1, 2), (2, 0.5), (3, 0.5), (4, 2), (5, 4))
    await shop.open_event({"name": "S", "kind": "seated", "rows": [bent]}, types=[{"categories": ["S"]}])
    held = await shop.hold(2)
    assert held.status == 201, held.body
    assert {item["seat"] for item in held["items"]} == {"S/A/3", "S/A/4"}, "nearest to the stage by both coordinates"
    shown = (await shop.ask("GET", f"/v1/events/{shop.event_id}/seatmap"))["sections"][0]["rows"][0]["seats"]
    assert [(seat["x"], seat.get("y", 4)) for seat in shown] == [(0, 4), (1, 2), (2, 0.5), (3, 0.5), (4, 2), (5, 4)]


async def test_names_are_kept_in_one_spelling(register):
    organizer = await register()
    given = chart(
        {
            "name": " A\u00a0 1 ",
            "y": 0,
            "seats": [{"name": "Cafe\u0301 ", "x": 0, "category": " Gold"}, {"name": "2\u200b", "x": 1}],
            "aisle_after": ["Cafe\u0301"],
        },
        name="\u202eStalls ",
    )
    told = await put(organizer, given)
    assert told["http"] == 200, told
    assert (told["sections"][0]["name"], told["categories"]) == ("Stalls", ["Gold", "Stalls"])
    kept = await organizer.ok("GET", f"/v1/venues/{told['venue_id']}/seating-chart")
    (one,) = kept["sections"][0]["rows"]
    assert (one["name"], [seat["name"] for seat in one["seats"]]) == ("A 1", ["Caf\u00e9", "2"])
    assert one["aisle_after"] == ["Caf\u00e9"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A", "A "),
        ("A", "\u0410"),  # Cyrillic
        ("A", "\u0391"),  # Greek
        ("A", "\uff21"),  # full width
        ("A", "a"),
        ("A", "A\u200b"),
        ("A 1", "A1"),
        ("A-1", "A\u20131"),
        ("\u00c9", "E\u0301"),
        ("IV", "\u2163"),
    ],
)
@pytest.mark.parametrize("of", ["section", "row", "seat", "category"])
async def test_names_that_a_visitor_takes_for_each_other_are_refused(
    register, pool: asyncpg.Pool, of: str, one: str, other: str
):
    plain, pointer = row(xs=[0]), ""
    if of == "section":
        given = chart(plain, name=one)
        given["sections"].append({"name": other, "kind": "general", "capacity": 9, "category": "Floor"})
        pointer = "/sections/1/name"
    elif of == "row":
        given, pointer = chart(row(one, xs=[0]), row(other, xs=[0], y=1)), "/sections/0/rows/1/name"
    elif of == "seat":
        seats = [{"name": one, "x": 0}, {"name": other, "x": 1}]
        given, pointer = chart({"name": "R", "y": 0, "seats": seats}), f"{ROW}/seats/1/name"
    else:
        seats = [{"name": "1", "x": 0, "category": one}, {"name": "2", "x": 1, "category": other}]
        given, pointer = chart({"name": "R", "y": 0, "seats": seats}), f"{ROW}/seats/1/category"
    told = await put(await register(), given)
    same = of == "category" and one.strip() == other.strip().removesuffix("\u200b")
    if same or (of == "category" and one == "\u00c9"):
        assert told["http"] == 200, "the same category twice, once it is spelled in one way"
        return
    assert told["http"] == 422, told
    assert [each["pointer"] for each in told["errors"]] == [pointer]
    assert told["errors"][0]["code"] in {"look_alike", "duplicate"}
    assert await pool.fetchval("SELECT chart_units FROM venues") is None


@pytest.mark.parametrize("of", ["section", "section category", "row", "seat", "seat category"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("evil.example", "invalid_name"),
        ("see https://evil.test/x", "invalid_name"),
        ("www.evil", "invalid_name"),
        ("\u0301", "invalid_value"),
        ("A\ufdd0", "invalid_value"),
        ("\U0001d159", "invalid_value"),
    ],
)
async def test_a_name_that_is_a_link_or_that_nobody_sees_is_a_fault(register, pool, of: str, name: str, code: str):
    seat = {"name": name if of == "seat" else "1", "x": 0, **({"category": name} if of == "seat category" else {})}
    given = chart({"name": name if of == "row" else "R", "y": 0, "seats": [seat]})
    if of == "section":
        given["sections"][0] |= {"name": name, "category": "Gold"}
    if of == "section category":
        given["sections"][0]["category"] = name
    told = await put(await register(), given)
    assert told["http"] == 422, told
    at = {"section": "/sections/0/name", "section category": "/sections/0/category", "row": f"{ROW}/name"}
    pointer = at.get(of, f"{ROW}/seats/0/{'name' if of == 'seat' else 'category'}")
    assert [(each["pointer"], each["code"]) for each in told["errors"]] == [(pointer, code)]
    assert await pool.fetchval("SELECT chart_units FROM venues") is None


def test_names_as_houses_have_them_are_no_links():
    names = "Parterre 1", "1.", "A.1", "St. John", "R&B", "Loge 3-4", "Balcony (left)", "№ 5", "二楼", "क्षेत्र", "❤️"
    for name in names:
        assert read_chart(msgspec.json.encode(chart(row(name, xs=[0, 1]), name=name))).units == 2, name


async def test_a_joiner_that_joins_nothing_is_not_kept(register, pool):
    told = await put(await register(), chart({"name": "\u200dR", "y": 0, "seats": [{"name": "1", "x": 0}]}))
    assert told["http"] == 200, told
    kept = msgspec.json.decode(await pool.fetchval("SELECT chart FROM venues"))
    assert kept["sections"][0]["rows"][0]["name"] == "R"


def test_rows_of_one_alphabet_and_numbers_are_not_taken_for_each_other():
    greek = "".join(chr(letter) for letter in range(0x391, 0x3AA) if letter != 0x3A2)
    cyrillic = "".join(chr(letter) for letter in range(0x410, 0x430))
    for names in ("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", greek, cyrillic, ["A", "AA", "A1", "A11"]):
        rows = [row(name, xs=[0, 1], y=y) for y, name in enumerate(names)]
        assert read_chart(msgspec.json.encode(chart(*rows))).units == 2 * len(names)


async def test_a_seat_is_found_however_its_name_is_typed(shop: Shop):
    seats = [{"name": "Caf\u00e9", "x": 0}, {"name": "2", "x": 1}, {"name": "3", "x": 2}]
    section = {"name": "S", "kind": "seated", "rows": [{"name": "A", "y": 0, "seats": seats}]}
    await shop.open_event(section, types=[{"categories": ["S"]}])
    held = await shop.hold(1, seats=[" S/A/Cafe\u0301 "])
    assert held.status == 201, held.body
    assert held["items"][0]["seat"] == "S/A/Caf\u00e9"
    unknown = await shop.hold(1, seats=["S/A/ 9"])
    assert (unknown.status, unknown["code"]) == (422, "unknown_seat")
