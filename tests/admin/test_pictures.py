"""Pictures of numbers and houses: they add up, they escape what people named, they carry no inline style."""

from __future__ import annotations

import re

import orjson
import pytest
from markupsafe import Markup

import hotpath_rs
from admin import sample_charts, seat_picture
from engine.foundation import charts
from tests.admin.organizer import Organizer


def widths(bar: Markup) -> list[float]:
    return [float(width) for width in re.findall(r'part-(?!rest)\w+" x="[\d.]+" y="0" width="([\d.]+)"', bar)]


def test_a_bars_parts_are_as_wide_as_their_share() -> None:
    assert widths(charts.bar([("sold", 500), ("held", 250)], 1000)) == [500.0, 250.0]


def test_a_single_seat_of_many_thousands_is_still_seen() -> None:
    assert widths(charts.bar([("sold", 1)], 200_000)) == [charts.PART_WIDTH_MIN]


def test_a_bar_never_grows_beyond_its_end() -> None:
    parts = [("sold", 999_999), *[("held", 1)] * 5]
    assert sum(widths(charts.bar(parts, 1_000_000))) <= charts.BAR_WIDTH
    assert widths(charts.bar([("sold", 3)], 0)) == []


def test_columns_are_as_high_as_their_share_and_named() -> None:
    picture = charts.columns([("Mon", 10), ("<Tue>", 5), ("Wed", 0)], "Tickets")
    assert re.findall(r'height="([\d.]+)"/></g>', picture) == ["120.0", "60.0", "0.0"]
    assert "&lt;Tue&gt;: 5" in picture


def test_a_line_is_always_as_wide_as_its_window() -> None:
    for count in (0, 1, 5, 200):
        path = re.findall(r'line-stroke" d="M([^"]+)"', charts.line([3.0] * count, "x"))[0]
        assert path.count("L") == charts.LINE_POINTS - 1


@pytest.mark.parametrize("name", sorted(sample_charts.SAMPLES))
def test_a_sample_is_a_valid_chart_and_every_seat_of_it_is_drawn(name: str) -> None:
    chart = sample_charts.text(name).encode()
    picture = seat_picture.draw(chart)
    seats = sum(row.get("count", 0) for section in orjson.loads(chart)["sections"] for row in section.get("rows", []))
    drawn = re.findall(r'class="seats seat-\d" d="([^"]+)"', picture.svg)
    assert sum(path.count("h0") for path in drawn) == seats
    assert sum(places for _, places, _ in picture.legend) == picture.units == hotpath_rs.SeatMap.parse(chart).units


def test_a_sections_name_cannot_become_markup() -> None:
    chart = {"focal_point": {"x": 0, "y": 0}, "sections": [
        {"name": "<script>", "kind": "seated",
         "rows": [{"name": "A", "y": 1, "first": 1, "count": 3, "x0": 0, "pitch": 1}]},
        {"name": "<b>", "kind": "general", "capacity": 3},
    ]}  # fmt: skip
    svg = seat_picture.draw(orjson.dumps(chart)).svg
    assert "<script>" not in svg
    assert "<b>" not in svg


def test_a_house_without_seats_and_a_very_large_one_are_drawn() -> None:
    standing = {"focal_point": {"x": 0, "y": 0}, "sections": [{"name": "Field", "kind": "general", "capacity": 90_000}]}
    assert "Field: 90000 places" in seat_picture.draw(orjson.dumps(standing)).svg
    rows = [{"name": str(i), "y": i, "first": 1, "count": 400, "x0": 0, "pitch": 1} for i in range(100)]
    large = {"focal_point": {"x": 0, "y": 0}, "sections": [{"name": "Bowl", "kind": "seated", "rows": rows}]}
    svg = seat_picture.draw(orjson.dumps(large)).svg
    assert "h0" not in svg
    assert svg.count("H399") == 100


async def test_a_chart_is_drawn_before_it_is_kept_and_its_faults_are_named(organizer: Organizer, chart: str) -> None:
    organization_id = await organizer.organization()
    page = await organizer.post(f"/o/{organization_id}/venues", {"name": "Opera", "timezone": "UTC"})
    at = page.url.path
    page = await organizer.post(at + "/preview", {"chart": chart})
    assert page.status == 200
    assert 'class="house"' in page.text
    assert "None saved yet" in page.text
    piece = await organizer.post(at + "/preview", {"chart": chart}, **{"HX-Request": "true"})
    assert piece.text.lstrip().startswith('<div class="stack" id="picture">')
    broken = chart.replace('"kind": "general", "capacity": 60', '"kind": "general", "capacity": -1')
    page = await organizer.post(at, {"chart": broken})
    assert page.status == 422
    assert "Section 2 “Floor”" in page.words
    assert (await organizer.post(at, {"chart": "not json"})).status == 422
    assert (await organizer.get(at + ".json")).status == 404
    await organizer.post(at, {"chart": chart})
    page = await organizer.get(at + ".json")
    assert orjson.loads(page.text) == orjson.loads(chart)
    assert page.headers["Content-Disposition"].startswith("attachment")
