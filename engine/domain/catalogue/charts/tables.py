"""A chart as a table for spreadsheets, a line a seat and one a standing section; and such a table as a chart.

Columns: COLUMNS, in any order, with any case; only ``section`` must be there. A table without places is laid out in its
own order; one without ``aisle_after`` has its rows put into the order of their places, with aisles at the gaps.

What is drawn comes along by ``shape`` (SHAPES), around ``x`` and ``y``, with ``width``, ``height`` and degrees of
``turn``: on the line of a standing section it is its area; on a line with section and row, and no seat, the table that
the row sits around; on a line without a section the stage. A line without a section whose shape is FOCAL is the focal
point; without one it is the middle of the stage, else above the first row. What was exported comes back as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.domain.catalogue.charts import lines
from engine.domain.catalogue.charts.lines import DIGITS, Place
from engine.domain.fields import Faults, fault
from engine.foundation import sheets
from engine.foundation.errors import Invalid

COLUMNS: Final = (
    "section", "row", "seat", "x", "y", "category", "accessible", "companion", "obstructed", "aisle_after", "capacity",
    "shape", "width", "height", "turn",
)  # fmt: skip
SHAPES: Final = {"rectangle": False, "round": True}  # whether it is round
FOCAL: Final = "focal point"
FLAGS: Final = ("accessible", "companion", "obstructed")
DELIMITERS: Final = ("\t", ";", ",")
LINES_MAX: Final = 200_001
FAULTS_TOLD_MAX: Final = 100
ROW_PITCH: Final = 1.25
CAPACITY_DIGITS_MAX: Final = 9
_YES: Final = frozenset({"yes", "y", "true", "1", "x"})
_NO: Final = frozenset({"", "no", "n", "false", "0"})


def written(chart: Mapping[str, Any]) -> bytes:
    """The table of a chart that is in order."""
    return sheets.begun(COLUMNS) + sheets.rows(_lines(chart))


def read(text: str) -> dict[str, Any]:
    """The chart of a table. Invalid with a pointer ``/lines/N/column`` for every fault, the first line is 1."""
    delimiter = max(DELIMITERS, key=lambda sign: text.partition("\n")[0].count(sign))
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    sheet = _Sheet(decimal_comma=delimiter != ",")
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        sheet.begin(header)
        for cells in reader if not sheet.faults else ():
            if any(cell.strip() for cell in cells):
                sheet.line(reader.line_num, dict(zip(header, cells, strict=False)))
            if len(sheet.faults) >= FAULTS_TOLD_MAX or reader.line_num > LINES_MAX:
                break
    except csv.Error as error:
        sheet.faults.append(fault(f"/lines/{reader.line_num}", "malformed_csv", f"This line cannot be read: {error}"))
    sheet.close()
    if not sheet.faults and not sheet.sections:
        sheet.faults.append(fault("/lines/2", "empty", "There is no seat and no standing section in it"))
    if sheet.faults:
        raise Invalid("The table has faults", errors=sheet.faults)
    return sheet.chart()


class _Sheet:
    """What has been read so far: sections in the order of their first lines."""

    def __init__(self, *, decimal_comma: bool) -> None:
        self.faults: Faults = []
        self.sections: dict[str, dict[str, list[Place]] | tuple[int, str]] = {}
        self._decimal_comma = decimal_comma
        self._ordered = False
        self._y: dict[tuple[str, str], float] = {}
        self._stage: dict[str, Any] | None = None
        self._focal: dict[str, float] | None = None
        self._areas: dict[str, dict[str, Any]] = {}
        self._tables: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}  # with the pointer to its line

    def begin(self, header: list[str]) -> None:
        self._ordered = "aisle_after" in header
        if "section" not in header:
            self.faults.append(fault("/lines/1", "missing", f"The first line names the columns: {', '.join(COLUMNS)}"))
        for name in header:
            if name not in COLUMNS or header.count(name) > 1:
                said = "There is no such column" if name not in COLUMNS else "This column is there twice"
                self.faults.append(fault(f"/lines/1/{name}", "unknown_column", said))

    def line(self, number: int, cells: Mapping[str, str]) -> None:
        at = f"/lines/{number}"
        text = {name: _plain(cell).strip() for name, cell in cells.items()}
        name = text.get("section", "")
        if not name and text.get("shape"):
            self._set(at, text)
            return
        if not name:
            self.faults.append(fault(f"{at}/section", "missing", "Every line names its section"))
            return
        known = self.sections.get(name)
        if text.get("capacity"):
            capacity = self._whole(f"{at}/capacity", text["capacity"])
            if known is not None:
                self.faults.append(fault(f"{at}/section", "duplicate", "This section is there already"))
            self.sections[name] = (capacity, text.get("category", ""))
            if text.get("shape"):
                self._areas[name] = self._shape(at, text)
            return
        if isinstance(known, tuple):
            self.faults.append(fault(f"{at}/section", "duplicate", "This section stands: it has no seats"))
            return
        rows = self.sections.setdefault(name, {})
        assert isinstance(rows, dict)
        if text.get("shape"):
            self._table(at, name, text)
            return
        self._seat(at, name, rows, text)

    def _set(self, at: str, text: Mapping[str, str]) -> None:
        """The stage, or the focal point."""
        is_focal = text["shape"].casefold() == FOCAL
        if (self._focal if is_focal else self._stage) is not None:
            said = "The focal point is there already" if is_focal else "The stage is there already"
            self.faults.append(fault(f"{at}/shape", "duplicate", said))
        elif is_focal:
            self._focal = {axis: self._needed(at, axis, text) for axis in ("x", "y")}
        else:
            self._stage = self._shape(at, text)

    def _table(self, at: str, section: str, text: Mapping[str, str]) -> None:
        row = text.get("row", "")
        if not row or text.get("seat"):
            column, said = ("seat", "A seat has no shape") if row else ("row", "A table is one row's: name the row")
            self.faults.append(fault(f"{at}/{column}", "misplaced" if row else "missing", said))
        elif (section, row) in self._tables:
            self.faults.append(fault(f"{at}/shape", "duplicate", "This row has its table already"))
        else:
            self._tables[section, row] = (at, self._shape(at, text))

    def _shape(self, at: str, text: Mapping[str, str]) -> dict[str, Any]:
        word = text["shape"].casefold()
        if word not in SHAPES:
            self.faults.append(fault(f"{at}/shape", "wrong_type", f"Write {' or '.join(SHAPES)}"))
        given: dict[str, Any] = {name: self._needed(at, name, text) for name in ("x", "y", "width", "height")}
        turn = self._number(f"{at}/turn", text.get("turn", ""))
        return given | ({"turn": turn} if turn else {}) | ({"round": True} if SHAPES.get(word) else {})

    def _needed(self, at: str, column: str, text: Mapping[str, str]) -> float:
        if not text.get(column):
            self.faults.append(fault(f"{at}/{column}", "missing", "What is drawn has a place and a size"))
        return self._number(f"{at}/{column}", text.get(column, "")) or 0.0

    def _seat(self, at: str, section: str, rows: dict[str, list[Place]], text: Mapping[str, str]) -> None:
        for column in ("row", "seat"):
            if not text.get(column):
                self.faults.append(fault(f"{at}/{column}", "missing", "A seat has a row and a name"))
                return
        seats = rows.setdefault(text["row"], [])
        y_of_row = self._y.setdefault((section, text["row"]), round(len(self._y) * ROW_PITCH, DIGITS))
        x, y = self._number(f"{at}/x", text.get("x", "")), self._number(f"{at}/y", text.get("y", ""))
        flags = {name: self._flag(f"{at}/{name}", text.get(name, "")) for name in (*FLAGS, "aisle_after")}
        seats.append(
            Place(
                name=text["seat"],
                x=float(len(seats)) if x is None else x,
                y=y_of_row if y is None else y,
                category=text.get("category", ""),
                aisle=flags.pop("aisle_after"),
                **flags,
            )
        )

    def chart(self) -> dict[str, Any]:
        seated = [rows for rows in self.sections.values() if isinstance(rows, dict)]
        usual = lines.pitch(row for rows in seated for row in rows.values())
        sections = [self._section(name, rows, usual) for name, rows in self.sections.items()]
        seats = (seat for rows in seated for row in rows.values() for seat in row)
        focal = self._focal or (
            {axis: self._stage[axis] for axis in ("x", "y")} if self._stage is not None else lines.focal_point(seats)
        )
        stage = {"stage": self._stage} if self._stage is not None else {}
        return {"focal_point": focal, **stage, "sections": sections}

    def close(self) -> None:
        """Faults that only the whole table shows: a table that nobody sits at."""
        for (section, row), (at, _) in self._tables.items():
            rows = self.sections[section]
            if isinstance(rows, dict) and row not in rows:
                self.faults.append(fault(f"{at}/row", "empty", "No seat stands around this table"))

    def _section(self, name: str, rows: dict[str, list[Place]] | tuple[int, str], usual: float) -> dict[str, Any]:
        if isinstance(rows, tuple):
            capacity, category = rows
            floor: dict[str, Any] = {"name": name, "kind": "general", "capacity": capacity}
            area = {"area": self._areas[name]} if name in self._areas else {}
            return floor | ({"category": category} if category else {}) | area
        category = lines.commonest(seat.category for row in rows.values() for seat in row) or name
        for seat in (seat for row in rows.values() for seat in row):
            seat.category = seat.category or category
        listed = {row for row in rows if self._ordered or (name, row) in self._tables}  # around a table the list counts
        placed = {row: seats if row in listed else lines.with_aisles(seats, usual) for row, seats in rows.items()}
        made = [
            lines.row_of(row, seats, category)
            | ({"table": self._tables[name, row][1]} if (name, row) in self._tables else {})
            for row, seats in placed.items()
        ]
        return {"name": name, "kind": "seated", "category": category, "rows": made}

    def _number(self, at: str, text: str) -> float | None:
        if not text:
            return None
        try:
            return round(float(text.replace(",", ".") if self._decimal_comma else text), 6)
        except ValueError:
            self.faults.append(fault(at, "wrong_type", f'"{text[:20]}" is no number'))
            return None

    def _whole(self, at: str, text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= CAPACITY_DIGITS_MAX:
            return int(text)
        self.faults.append(fault(at, "wrong_type", f'"{text[:20]}" is no whole number'))
        return 0

    def _flag(self, at: str, text: str) -> bool:
        word = text.casefold()
        if word not in _YES | _NO:
            self.faults.append(fault(at, "wrong_type", "Write yes, or nothing"))
        return word in _YES


def _lines(chart: Mapping[str, Any]) -> Iterator[list[Any]]:
    focal = chart.get("focal_point")
    if focal:
        yield ["", "", "", focal["x"], focal["y"], *[""] * 6, FOCAL, "", "", ""]
    if chart.get("stage"):
        yield ["", "", "", *_drawn(chart["stage"], *[""] * 6)]
    for section in chart["sections"]:
        name, category = section["name"], section.get("category") or section["name"]
        if section["kind"] == "general":
            rest = (category, "", "", "", "", section["capacity"])
            place = _drawn(section["area"], *rest) if section.get("area") else ["", "", *rest, *[""] * 4]
            yield [name, "", "", *place]
            continue
        for row in section["rows"]:
            if row.get("table"):
                yield [name, row["name"], "", *_drawn(row["table"], *[""] * 6)]
            aisles = {str(seat) for seat in row.get("aisle_after") or ()}
            for seat in _seats(row):
                flags = ["yes" if seat.get(flag) else "" for flag in FLAGS]
                place = [seat["x"], row.get("y") if seat.get("y") is None else seat["y"]]
                aisle = "yes" if seat["name"] in aisles else ""
                category_of = seat.get("category") or category
                yield [name, row["name"], seat["name"], *place, category_of, *flags, aisle, "", *[""] * 4]


def _drawn(shape: Mapping[str, Any], *between: Any) -> list[Any]:
    """A shape's cells from ``x`` on, with what stands between its place and its size."""
    word = next(word for word, is_round in SHAPES.items() if is_round == bool(shape.get("round")))
    return [shape["x"], shape["y"], *between, word, shape["width"], shape["height"], shape.get("turn") or ""]


def _seats(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The seats of either spelling of a row."""
    if "seats" in row:
        yield from row["seats"]
        return
    marked = {flag: {str(name) for name in row.get(flag) or ()} for flag in FLAGS}
    for n in range(row["count"]):
        name = str(row["first"] + n)
        flags = {flag: name in names for flag, names in marked.items()}
        yield {"name": name, "x": round(row["x0"] + n * row["pitch"], 6), **flags}


def _plain(cell: str) -> str:
    """A text as it was before a spreadsheet was kept from running it (``sheets``)."""
    bare = cell.removeprefix("'")
    return bare if bare != cell and sheets.defused(bare) == cell else cell
