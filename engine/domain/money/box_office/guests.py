"""A guest list, read line by line: who comes for nothing, with how many tickets of which type, and what is wrong.

A table (CSV) begins with a line of column names: ``name``, ``email``, ``type``, ``quantity``, in any order. Columns are
parted by commas, semicolons or tabs, as spreadsheets do; a byte-order mark is passed over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.catalogue.charts.files import LOST
from engine.domain.catalogue.charts.tables import DELIMITERS
from engine.domain.fields import NAME_CHARS_MAX, SHORT_CHARS_MAX
from engine.domain.money.box_office.sales import Note
from engine.domain.money.buyers import checked_address, checked_name
from engine.domain.sale.holds import QUANTITY_MAX
from engine.domain.sale.selling import SellingEvent, TicketTypeTerms
from engine.foundation.errors import Invalid
from engine.foundation.folding import text_folded

ROWS_MAX: Final = 5_000
LIST_BYTES_MAX: Final = 2 * 1024 * 1024
FAULTS_MAX: Final = 200  # told in one answer
COLUMNS: Final = ("name", "email", "type", "quantity")
_ALIASES: Final = {
    "e-mail": "email",
    "mail": "email",
    "ticket_type": "type",
    "ticket_type_id": "type",
    "tickets": "quantity",
}
NOTE: Final = "Guest list"  # why the tickets are given away, if nobody says more

_Cell = Annotated[str, Meta(max_length=max(NAME_CHARS_MAX, EMAIL_CHARS_MAX))]


class GivenGuest(Struct, kw_only=True):
    """One guest as somebody typed them; ``type`` is a ticket type's name or id, needless if the event has one type.

    ``ticket_type_id`` stands in for it.
    """

    name: _Cell = ""
    email: _Cell | None = None
    type: _Cell | None = None
    ticket_type_id: _Cell | None = None
    quantity: int | Annotated[str, Meta(max_length=SHORT_CHARS_MAX)] = 1


class GuestList(Struct, kw_only=True):
    """``dry_run``: only say what would happen. ``note`` is for staff only."""

    guests: Annotated[list[GivenGuest], Meta(min_length=1, max_length=ROWS_MAX)]
    dry_run: bool = False
    note: Note = NOTE


class GuestFault(Struct, frozen=True, kw_only=True):
    """``line`` is the line of the table, whose first names the columns, or the place in the list, from 1."""

    line: int
    code: str
    message: str


class GuestListRead(Struct, frozen=True, kw_only=True):
    """``created`` guests have their ``tickets``; ``faults_total`` counts those that were too many to be told."""

    dry_run: bool
    created: int
    tickets: int
    faults: tuple[GuestFault, ...]
    faults_total: int


class Guest(Struct, frozen=True, kw_only=True):
    """A guest as the door sees them: how many of their tickets are in."""

    order_id: str
    order_number: str
    name: str
    email: str
    ticket_types: str
    quantity: int
    entered: int
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """A guest as they were given, with the line that names them."""

    number: int
    given: GivenGuest


@dataclass(frozen=True, slots=True)
class Invited:
    """A guest whose line has no fault of its own."""

    number: int
    name: str
    email: str
    kind: TicketTypeTerms
    quantity: int


def lines_of(guests: Sequence[GivenGuest]) -> list[Line]:
    """The guests of a list, numbered from 1."""
    return [Line(number, given) for number, given in enumerate(guests, 1)]


def read_table(data: bytes) -> list[Line]:
    """The lines of a table. Invalid for one that is none, has no column ``name``, or more than ROWS_MAX guests."""
    text = data.decode("utf-8-sig", "replace")
    if LOST in text or "\0" in text:
        raise _broken("not_utf8", "The file is not text in UTF-8: save it as such")
    delimiter = max(DELIMITERS, key=lambda sign: text.partition("\n")[0].count(sign))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[Line] = []
    try:
        names = [_column(name) for name in next(reader, [])]
        if "name" not in names:
            raise _broken("missing_column", f"The first line names the columns: {', '.join(COLUMNS)}")
        unknown = [name for name in names if name and (name not in COLUMNS or names.count(name) > 1)]
        if unknown:
            raise _broken("unknown_column", f"Columns are {', '.join(COLUMNS)}, each once; not {unknown[0]}")
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(found) >= ROWS_MAX:
                    raise _broken("too_many", f"At most {ROWS_MAX} guests in one list")
                found.append(Line(begins, _given(dict(zip(names, cells, strict=False)))))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _broken("malformed_csv", f"Line {reader.line_num} cannot be read as CSV: {error}") from error
    if not found:
        raise _broken("empty", "There is no guest in it")
    return found


def check(event: SellingEvent, lines: Sequence[Line]) -> tuple[list[Invited], list[GuestFault]]:
    """(the guests whose lines are whole, every fault of the others)."""
    invited: list[Invited] = []
    faults: list[GuestFault] = []
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        guest, wrong = _read(event, line)
        faults += wrong
        if guest is None:
            continue
        before = seen.setdefault((guest.email, guest.kind.id), line.number) if guest.email else line.number
        if before != line.number:
            said = f"Line {before} has this address with the same ticket type"
            faults.append(GuestFault(line=line.number, code="duplicate", message=said))
            continue
        invited.append(guest)
    return invited, faults


def _read(event: SellingEvent, line: Line) -> tuple[Invited | None, list[GuestFault]]:
    given, faults = line.given, list[GuestFault]()

    def no(code: str, message: str) -> None:
        faults.append(GuestFault(line=line.number, code=code, message=message))

    name, email = given.name.strip(), (given.email or "").strip()
    try:
        name = checked_name(name, "/name")
    except Invalid:
        no("invalid_name", "A guest has a name, and a name holds no web address" if name else "A guest has a name")
    if email:
        try:
            email = checked_address(email, "/email")
        except Invalid:
            no("invalid_email", "This is not an e-mail address")
    kind = _kind(event, (given.type or given.ticket_type_id or "").strip())
    if kind is None:
        no("unknown_ticket_type", f"Ticket types are {', '.join(each.name for each in event.ticket_types.values())}")
    quantity = _quantity(given.quantity)
    if not 1 <= quantity <= QUANTITY_MAX:
        no("invalid_quantity", f"Write a number from 1 to {QUANTITY_MAX}")
    if faults or kind is None:
        return None, faults
    return Invited(line.number, name, email, kind, quantity), []


def _kind(event: SellingEvent, said: str) -> TicketTypeTerms | None:
    """The ticket type of that id or name, however it is typed; the only one if nothing is said."""
    kinds = list(event.ticket_types.values())
    if not said:
        return kinds[0] if len(kinds) == 1 else None
    if said in event.ticket_types:
        return event.ticket_types[said]
    named = [kind for kind in kinds if text_folded(kind.name) == text_folded(said)]
    return named[0] if len(named) == 1 else None


def _quantity(said: int | str) -> int:
    if isinstance(said, int):
        return said
    text = said.strip()
    if not text:
        return 1
    return int(text) if text.isascii() and text.isdecimal() else 0


def _column(name: str) -> str:
    plain = text_folded(name).replace(" ", "_")
    return _ALIASES.get(plain, plain)


def _given(cells: dict[str, Any]) -> GivenGuest:
    """Cells are cut to what a field may have, and one sign more: the fault is then the field's own."""
    return GivenGuest(
        name=cells.get("name", "")[: NAME_CHARS_MAX + 1],
        email=cells.get("email", "")[: EMAIL_CHARS_MAX + 1],
        type=cells.get("type", "")[: NAME_CHARS_MAX + 1],
        quantity=cells.get("quantity", "")[:SHORT_CHARS_MAX],
    )


def _broken(code: str, said: str) -> Invalid:
    return Invalid.at("/guests", code, said)
