"""A list of events in CSV, read row by row: what each says, and what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from engine.domain.catalogue.events import NewEvent
from engine.domain.catalogue.venues import Venue
from engine.domain.fields import SHORT_CHARS_MAX, is_timezone
from engine.foundation import local_time
from engine.foundation.errors import Invalid
from engine.foundation.folding import text_folded
from engine.foundation.shapes import build

ROWS_MAX: Final = 500
CSV_CHARS_MAX: Final = 200_000
FAULTS_MAX: Final = 200  # told in one answer
REQUIRED: Final = ("external_id", "title", "venue", "starts_at")
COLUMNS: Final = (
    *REQUIRED,
    "ends_at",
    "currency",
    "timezone",
    "category",
    "summary",
    "description",
    "tags",
    "template",
)
_TEXTS: Final = ("currency", "category", "summary", "description")
_OF_TEMPLATE: Final = (*_TEXTS, "ends_at", "timezone", "tags")


class EventImport(Struct, kw_only=True):
    """``csv`` begins with a line of column names. ``dry_run``: only say what would happen."""

    csv: Annotated[str, Meta(min_length=1, max_length=CSV_CHARS_MAX)]
    dry_run: bool = False


class RowFault(Struct, frozen=True, kw_only=True):
    """``line`` counts from 1, the line of column names. ``column`` is empty if the whole row is meant."""

    line: int
    column: str
    code: str
    message: str


class ImportedEvent(Struct, frozen=True, kw_only=True):
    """``event_id`` None: it would be made."""

    external_id: str
    event_id: str | None


class EventsImported(Struct, frozen=True, kw_only=True):
    """``created`` are drafts now; ``known`` are external ids that were there already, and stay as they are."""

    dry_run: bool
    created: list[ImportedEvent]
    known: list[str]
    faults: list[RowFault]


class EventRow(Struct, frozen=True, kw_only=True):
    """One row's cells by column, trimmed; a cell that says nothing is left out."""

    line: int
    cells: Mapping[str, str]

    @property
    def external_id(self) -> str:
        return self.cells.get("external_id", "")


def rows_of(text: str) -> list[EventRow]:
    """The rows below the column names. Invalid for a list that is none, lacks a column or has more than ROWS_MAX."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        lines = list(_lines(reader))
    except csv.Error as error:
        raise _broken(f"Line {reader.line_num} cannot be read as CSV", "malformed_csv") from error
    if not lines:
        raise _broken("The list is empty", "empty")
    names = [text_folded(name).replace(" ", "_") for name in lines[0][1]]
    unknown, missing = sorted(set(names) - {*COLUMNS, ""}), [name for name in REQUIRED if name not in names]
    if unknown or len(set(names)) != len(names):
        raise _broken(f"Columns are {', '.join(COLUMNS)}, each once", "unknown_column")
    if missing:
        raise _broken(f"These columns are missing: {', '.join(missing)}", "missing_column")
    if len(lines) - 1 > ROWS_MAX:
        raise _broken(f"At most {ROWS_MAX} events in one list", "too_many")
    return [
        EventRow(
            line=number,
            cells={name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()},
        )
        for number, cells in lines[1:]
    ]


def check(row: EventRow) -> None:
    """Invalid with every cell that must say something and does not."""
    missing = [
        {"pointer": f"/{name}", "code": "missing", "message": "Fill this in"}
        for name in REQUIRED
        if name not in row.cells
    ]
    if missing:
        raise Invalid(errors=missing)
    said = [name for name in _OF_TEMPLATE if name in row.cells] if "template" in row.cells else []
    if said:
        raise Invalid(
            errors=[{"pointer": f"/{n}", "code": "of_template", "message": "The template says this"} for n in said]
        )
    if len(row.external_id) > SHORT_CHARS_MAX:
        raise Invalid.at("/external_id", "invalid_value", f"At most {SHORT_CHARS_MAX} characters")


def event_of(row: EventRow, venue: Venue) -> NewEvent:
    """The event of a row. Invalid with a pointer for each broken cell."""
    timezone = row.cells.get("timezone", venue.timezone)
    document: dict[str, Any] = {name: row.cells[name] for name in _TEXTS if name in row.cells}
    document |= {"organization_id": venue.organization_id, "venue_id": venue.id, "title": row.cells["title"]}
    document |= {"timezone": timezone, "starts_at": moment_of(row, "starts_at", timezone)}
    if "ends_at" in row.cells:
        document["ends_at"] = moment_of(row, "ends_at", timezone)
    if "tags" in row.cells:
        document["tags"] = [tag.strip() for tag in row.cells["tags"].split(",") if tag.strip()]
    return build(document, NewEvent)


def moment_of(row: EventRow, name: str, timezone: str) -> datetime:
    """A cell as a moment: on the clocks of the place, unless it names a zone. Invalid."""
    if not is_timezone(timezone):
        raise Invalid.at("/timezone", "unknown_timezone", "This is not an IANA time zone")
    try:
        shown = datetime.fromisoformat(row.cells[name])
        moment = local_time.instant(shown, timezone) if shown.tzinfo is None else shown
    except (ValueError, OverflowError) as error:
        raise Invalid.at(f"/{name}", "invalid_value", "Write a date and a time like 2027-03-01 19:30") from error
    if shown.tzinfo is None and not local_time.exists(shown, timezone):
        raise Invalid.at(f"/{name}", "no_such_time", "The clocks leap over this time there")
    return moment


def faults_of(row: EventRow, refusal: Invalid) -> list[RowFault]:
    """What is wrong with a row, by column."""
    columns = {"venue_id": "venue"}
    found = []
    for error in refusal.errors or [{"pointer": "", "code": refusal.code, "message": str(refusal.detail)}]:
        name = error["pointer"].strip("/").partition("/")[0]
        column = columns.get(name, name)
        found.append(
            RowFault(
                line=row.line,
                column=column if column in COLUMNS else "",
                code=error["code"],
                message=error["message"],
            )
        )
    return found


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Each line that says something, with the number of the line that it begins in."""
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _broken(said: str, code: str) -> Invalid:
    return Invalid.at("/csv", code, said)
