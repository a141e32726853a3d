"""The drawing's own arithmetic: charts opened and written, rows laid and bent, names, edits, what is taken back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from admin import sample_charts
from engine.services.catalogue.venues import read_chart
from tests.admin.scripts import answer

MODULES = {name: f"chart/plan/{name}.js" for name in ("model", "geometry", "numbering", "history", "edits")}
BLOCK = {"start": {"x": 0, "y": 0}, "rows": 3, "seats": 5, "names": ["A", "B", "C"], "numbering": {}, "category": "P"}


def said(source: str, given: Any = None) -> Any:
    return answer(source, modules=MODULES, given=given)


@pytest.mark.parametrize("name", sorted(sample_charts.SAMPLES))
def test_a_chart_that_is_opened_and_written_again_is_the_same_house(name: str) -> None:
    chart = sample_charts.SAMPLES[name][1]()
    written = said("return model.documentOf(model.opened(given));", chart)
    before, after = (read_chart(msgspec.json.encode(each)) for each in (chart, written))
    assert (after.units, after.categories) == (before.units, before.categories)
    again = said("return model.documentOf(model.opened(given));", written)
    assert again == written
    general = [section for section in written["sections"] if section["kind"] == "general"]
    assert all(section["area"]["width"] > 0 for section in general)


def test_what_a_seat_says_of_itself_survives_the_drawing() -> None:
    seats = [
        {"name": "1", "x": 0, "y": 0.5, "companion": True},
        {"name": "2", "x": 1, "accessible": True, "category": "Gold"},
        {"name": "3", "x": 3, "obstructed": True},
    ]
    table = {"x": 1, "y": 3, "width": 2, "height": 1, "turn": 30, "round": True}
    row = {"name": "A", "y": 0, "seats": seats, "aisle_after": ["2"], "table": table}
    chart = {
        "focal_point": {"x": 0, "y": -5},
        "stage": {"x": 0, "y": -5, "width": 8, "height": 2},
        "sections": [{"name": "S", "kind": "seated", "category": "S", "rows": [row]}],
    }
    written = said("return model.documentOf(model.opened(given));", chart)
    (kept,) = written["sections"][0]["rows"]
    assert (written["stage"], kept["table"], kept["aisle_after"]) == (chart["stage"], table, ["2"])
    assert [{**each, "y": each.get("y", kept["y"])} for each in kept["seats"]] == [
        {**each, "y": each.get("y", 0)} for each in seats
    ]


def test_a_bent_row_keeps_its_steps_and_the_middle_it_had() -> None:
    bent, bend, steps, flat = said("""
        const straight = geometry.line({start: {x: -5, y: 2}, count: 11, pitch: 1, gaps: new Set([2]), gap: 1});
        const bent = geometry.bent(straight, given);
        return [bent, geometry.bendOf(geometry.bent(geometry.line({start: {x: 0, y: 0}, count: 9, pitch: 1}), given)),
                geometry.steps(bent), geometry.bent(bent, 0)];
    """, 70)  # fmt: skip
    assert bend == pytest.approx(70, abs=0.01)
    assert steps == pytest.approx([1, 1, 2, *[1] * 7], abs=1e-6)
    assert bent[0]["y"] < 1, "the ends are lifted towards the stage"
    assert max(place["y"] for place in bent) <= 2.001
    assert [place["y"] for place in flat] == pytest.approx([flat[0]["y"]] * 11, abs=1e-6)


def test_rows_bent_together_have_one_centre() -> None:
    radii = said("""
        const rows = [0, 1, 2].map((n) => geometry.line({start: {x: -5, y: n * 1.5}, count: 11, pitch: 1}));
        const bent = geometry.bentTogether(rows, 40);
        const radius = 10 / (40 * Math.PI / 180);
        return bent.map((row) => row.map(({x, y}) => Math.hypot(x, y + radius)));
    """)
    for n, row in enumerate(radii):
        assert row == pytest.approx([row[0]] * 11, abs=0.02), n
    assert radii[1][0] - radii[0][0] == pytest.approx(1.5, abs=0.05)


def test_seats_around_a_table_keep_clear_of_it_and_of_each_other() -> None:
    for shape in ({"width": 2, "height": 2, "round": True}, {"width": 4, "height": 1, "round": False}):
        table = {"x": 3, "y": 4, "turn": 20, **shape}
        seats, within = said("""
            const seats = geometry.around(given, 8, 0.6);
            return [seats, seats.filter((seat) => geometry.inside(given, seat)).length];
        """, table)  # fmt: skip
        assert (len({(seat["x"], seat["y"]) for seat in seats}), within) == (8, 0)


@pytest.mark.parametrize(
    ("scheme", "count", "names"),
    [
        ({}, 3, ["1", "2", "3"]),
        ({"scheme": "odd"}, 3, ["1", "3", "5"]),
        ({"scheme": "even", "from": "end"}, 3, ["6", "4", "2"]),
        ({"scheme": "count", "start": "101"}, 2, ["101", "102"]),
        ({"scheme": "letters", "start": "Y"}, 4, ["Y", "Z", "AA", "AB"]),
        ({"scheme": "odd-even"}, 6, ["5", "3", "1", "2", "4", "6"]),
        ({"scheme": "odd-even", "from": "end"}, 5, ["4", "2", "1", "3", "5"]),
    ],
)
def test_seats_are_called_by_the_scheme_of_the_house(scheme: dict[str, str], count: int, names: list[str]) -> None:
    assert said("return numbering.seatNames(given.count, given.scheme);", {"count": count, "scheme": scheme}) == names


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ({}, ["A", "B", "C", "D"]),
        ({"scheme": "clear", "start": "H"}, ["H", "J", "K", "L"]),
        ({"scheme": "count", "start": "0"}, ["0", "1", "2", "3"]),
        ({"taken": ["B"]}, ["A", "C", "D", "E"]),
        ({"backwards": True}, ["D", "C", "B", "A"]),
    ],
)
def test_rows_are_called_by_the_scheme_of_the_house(scheme: dict[str, Any], names: list[str]) -> None:
    source = "return numbering.rowNames(4, {...given, taken: new Set(given.taken)});"
    assert said(source, scheme) == names


def test_a_block_of_rows_is_a_chart_that_the_server_takes() -> None:
    chart = said("""
        const rows = edits.block({...given, aisles: [2], bend: 30, more: 2});
        const added = edits.addRows(model.empty(), rows, {name: "Stalls"});
        return model.documentOf(added.model);
    """, BLOCK)  # fmt: skip
    facts = read_chart(msgspec.json.encode(chart))
    assert (facts.units, facts.warnings) == (5 + 7 + 9, ())
    assert [row["aisle_after"] for row in chart["sections"][0]["rows"]] == [["2"]] * 3


def test_every_second_row_of_a_staggered_block_looks_between_two_heads() -> None:
    first, second, third = said("return edits.block({...given, stagger: true}).map((row) => row.seats[0].x);", BLOCK)
    assert (second - first, third - first) == (0.5, 0)


def test_an_edit_leaves_the_model_before_it_as_it_was_and_shares_what_stayed() -> None:
    same, shared, names, undone = said("""
        const first = edits.addRows(model.empty(), edits.block(given), {name: "One"}).model;
        const both = edits.addRows(first, edits.block(given), {name: "One"}).model;
        const before = JSON.stringify(both);
        const chosen = new Set(both.sections[0].rows.map((row) => row.id));
        const next = edits.renumber(edits.bend(both, chosen, 40), chosen, {scheme: "odd"});
        const past = new history.History(both);
        past.push(next);
        past.undo();
        return [before === JSON.stringify(both), next.sections[1] === both.sections[1],
                both.sections.map((section) => section.name), past.state === both];
    """, BLOCK)  # fmt: skip
    assert (same, shared, names, undone) == (True, True, ["One", "One 2"], True)


def test_a_mirrored_copy_stands_on_the_other_side_with_the_same_names() -> None:
    chart = said("""
        const drawn = edits.addRows(model.empty(), edits.block({...given, start: {x: 4, y: 0}}), {name: "Right"}).model;
        const copy = edits.duplicate(drawn, edits.everything(drawn), 0, 0);
        return model.documentOf(edits.mirror(copy.model, copy.what, 0));
    """, BLOCK)  # fmt: skip
    right, left = ([seat["x"] for seat in section["rows"][0]["seats"]] for section in chart["sections"])
    assert left == [-x for x in right]
    assert [section["name"] for section in chart["sections"]] == ["Right", "Right 2"]
    assert read_chart(msgspec.json.encode(chart)).warnings == ()


def test_rows_are_lined_up_and_kept_at_the_same_distance() -> None:
    lined, ys = said("""
        const rows = edits.block({...given, more: 2});
        const drawn = edits.addRows(model.empty(), rows, {name: "S"});
        const moved = edits.move(drawn.model, {rows: new Set([rows[1].id]), floors: new Set(), stage: false}, 3, 0.4);
        const done = edits.distribute(edits.align(moved, drawn.rows, "left"), drawn.rows);
        return [done.sections[0].rows.map((row) => row.seats[0].x), done.sections[0].rows.map((row) => row.seats[0].y)];
    """, BLOCK)  # fmt: skip
    assert len(set(lined)) == 1
    assert ys == [0, 1.25, 2.5]


def test_a_section_that_is_renamed_takes_its_own_category_along() -> None:
    names = said("""
        const drawn = edits.addRows(model.empty(), edits.block({...given, category: "Stalls"}), {name: "Stalls"}).model;
        const done = edits.renameSection(drawn, drawn.sections[0].id, "Parterre");
        const [section] = done.sections;
        return [section.name, section.category, section.rows[0].seats[0].category];
    """, BLOCK)  # fmt: skip
    assert names == ["Parterre"] * 3


def test_the_last_hundred_steps_are_taken_back_and_a_drag_is_one() -> None:
    undone, redone, steps = said("""
        const past = new history.History(0);
        for (let n = 1; n <= 150; n += 1) past.push(n);
        let undone = 0;
        while (past.canUndo) { past.undo(); undone += 1; }
        const back = past.state;
        while (past.canRedo) past.redo();
        const drag = new history.History(0);
        for (let n = 1; n <= 9; n += 1) drag.push(n, "nudge");
        drag.push(10);
        drag.push(11, "nudge");
        return [[undone, back], past.state, drag.before.length];
    """)
    assert (undone, redone, steps) == ([100, 50], 150, 3)


def test_what_was_selected_comes_back_with_what_is_undone_and_done_again() -> None:
    notes = said("""
        const past = new history.History("empty");
        past.push("drawn", null, "nothing");
        past.push("moved", "drag", "the rows");
        past.push("moved on", "drag", "the rows, under way");
        return [past.undo("a seat"), past.undo("the rows"), past.undo("nobody asks"), past.redo("nothing"),
                past.redo("the rows"), past.state];
    """)
    assert notes == ["the rows", "nothing", None, "the rows", "a seat", "moved on"]


def test_a_pointer_of_the_server_finds_its_seat_row_or_section() -> None:
    found = said("""
        const drawn = model.opened(given);
        const [section] = drawn.sections;
        const at = (pointer) => model.pointedAt(drawn, pointer);
        return [at("/sections/0/rows/0/seats/2/x").n, at("/sections/0/rows/0/y").row === section.rows[0].id,
                at("/sections/0/name").section === section.id, at("/focal_point/x"), at("/sections/7/name")];
    """, sample_charts.SAMPLES["theatre"][1]())  # fmt: skip
    assert found == [2, True, True, None, None]
