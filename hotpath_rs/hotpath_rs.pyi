"""onsale's hot path in Rust: tokens, ticket codes, the draw, seat maps and allocation.

Nothing here does I/O or keeps state between calls; every object is immutable and safe to share between threads.
Arguments outside their documented range raise ``ValueError``.

    ValueError
    +-- TokenError    a token or ticket code was refused, `code` says why
    +-- DrawError     an audit bundle does not prove its draw, `code` says what is wrong
    +-- ChartError    a seating chart is not in order, `errors` says where
    Exception
    +-- AllocationRefused    no seats for an ask, `code` says why
"""

from collections.abc import Sequence
from typing import Literal, Self, final

class TokenError(ValueError):
    """A token or ticket code was refused. ``args == (code,)``.

    `code` is one of: malformed, unknown_key, bad_signature, wrong_event, wrong_kind, expired, not_yet_valid.
    """

    code: str

class DrawError(ValueError):
    """An audit bundle does not prove its draw. ``args == (code, message)``."""

    code: str

# --- Seat maps and allocation -----------------------------------------------------------------------------------
#
# An event's inventory map has one byte per unit. Below 0x40 the unit is taken (0x01 held, 0x02 ordered, 0x03 sold,
# 0x04 blocked). From 0x40 it is free: `lot = byte - 0x40`, `lot & 1` is an accessible seat that is still protected,
# `lot >> 1` the allotment it is set apart for (0 the open house, at most 95).

class ChartError(ValueError):
    """A seating chart is not in order. ``args == (errors,)``.

    `errors` lists (JSON pointer, code, message), every fault at once but at most 100. Codes: malformed_json,
    wrong_type, missing, empty, too_many, duplicate, invalid_name, out_of_range, unknown_seat, unknown_kind, ambiguous.
    """

    errors: list[tuple[str, str, str]]

class AllocationRefused(Exception):
    """No units for an ask. ``args == (code, free)``.

    `code` is sold_out (fewer units are free than the party has people) or best_available_not_found (enough are
    free, but protected or not in a shape that the ask allows). `free` counts the categories of the party that could
    not be placed, in every section, protected seats included.
    """

    code: Literal["best_available_not_found", "sold_out"]
    free: int

@final
class Section:
    """One section of a chart; its units are ``first_unit .. first_unit + units - 1``."""

    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["seated", "general"]: ...
    @property
    def category(self) -> str:
        """What a seat's category defaults to; not in `SeatMap.categories` when every seat says otherwise."""
    @property
    def first_unit(self) -> int: ...
    @property
    def units(self) -> int: ...
    def __repr__(self) -> str: ...

@final
class Party:
    """People who sit together and whose tickets sell from the same categories.

    Ticket types with the same categories and section belong in one party, so that adult and child share a block.

    quantity: 1 to 200. categories: indexes into `SeatMap.categories`. section: index of the only section allowed.
    accessible: how many of them need an accessible seat, at most 20; the others are their companions, up to three
    of whom sit in the same block with each.
    """

    def __new__(
        cls, quantity: int, categories: Sequence[int], section: int | None = None, accessible: int = 0
    ) -> Self: ...
    @property
    def quantity(self) -> int: ...
    @property
    def categories(self) -> list[int]: ...
    @property
    def section(self) -> int | None: ...
    @property
    def accessible(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Ask:
    """Everything one hold asks for; it is given whole or not at all.

    parties: 1 to 20. policy: the orphan rule; "auto" is strict until 85 % of a party's categories are sold and
    lenient after. split: may a party be seated in pieces? open_allotments: allotments open to this buyer besides
    the open house. beside: units the group holds already (at most 400), to sit next to.
    """

    def __new__(
        cls,
        parties: Sequence[Party],
        policy: Literal["strict", "lenient", "off", "auto"],
        split: bool = True,
        open_allotments: Sequence[int] = ...,
        beside: Sequence[int] = ...,
    ) -> Self: ...
    @property
    def parties(self) -> list[Party]: ...
    @property
    def policy(self) -> Literal["strict", "lenient", "off", "auto"]: ...
    @property
    def split(self) -> bool: ...
    @property
    def open_allotments(self) -> list[int]: ...
    @property
    def beside(self) -> list[int]: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Plan:
    """The units an ask gets. Nothing is taken yet: the caller commits it against the map it planned on."""

    @property
    def units(self) -> list[int]:
        """Party after party in the order of the ask, ascending within one."""
    @property
    def adjacent(self) -> bool:
        """Every party sits in one block (numbers of one general-admission section count as that)."""
    @property
    def rows_used(self) -> int:
        """Different rows touched; general admission has none."""
    @property
    def step(self) -> int:
        """1 one block; 2 one block that leaves an orphan; 3 two pieces of at least two; 4 any pieces."""
    @property
    def orphans_created(self) -> int:
        """New single free seats that the whole plan leaves behind."""
    def __eq__(self, other: object, /) -> bool: ...
    def __repr__(self) -> str: ...

@final
class SeatMap:
    """A seating chart as units 0 .. units-1: sections end to end, seated ones row by row in physical order.

    Immutable; one per chart serves every event and thread. Methods that take a map refuse one of another length
    with ValueError.
    """

    @staticmethod
    def parse(chart_json: bytes) -> SeatMap:
        """Read a chart in either row spelling. Raises ChartError.

        At most 200,000 units, 500 sections, 1,000 rows a section, 2,000 seats a row, 255 categories, 32 MiB;
        names of 1 to 64 characters without "/"; coordinates within one million.
        """
    @property
    def units(self) -> int: ...
    @property
    def etag(self) -> str:
        """Hex SHA-256 of the canonical form: the same for both spellings of one chart."""
    @property
    def categories(self) -> list[str]:
        """In the order in which units first use them."""
    @property
    def sections(self) -> list[Section]: ...
    def seat(self, unit: int) -> str | None:
        """``"Stalls/A/5"``, None for general admission. IndexError for a unit that does not exist."""
    def section_index(self, unit: int) -> int:
        """IndexError for a unit that does not exist."""
    def category_index(self, unit: int) -> int:
        """IndexError for a unit that does not exist."""
    def unit(self, seat: str) -> int:
        """The unit of ``"Stalls/A/5"``. KeyError when there is no such seat."""
    def seats_bulk(self) -> list[str | None]:
        """`seat` of every unit."""
    def base_map(self) -> bytes:
        """The map when nothing is taken or set apart: 0x40, 0x41 for an accessible seat."""
    def category_map(self) -> bytes:
        """One category index a unit."""
    def section_map(self) -> bytes:
        """One section index a unit, unsigned 16 bit little-endian."""
    def geometry_json(self) -> bytes:
        """The document a seat picker draws from; it changes only with the etag.

        ``{"etag", "focal_point": {"x", "y"}, "categories": [..], "sections": [{"name", "kind", "category",
        "first_unit", "units", "rows"?: [{"name", "y", "first_unit", "seats": [{"name", "x", "category": index,
        "accessible"?: true}], "aisle_after": [seat name]}]}]}``. General sections have no rows.
        """
    def tape(self, categories: Sequence[int], section: int | None, quantity: int) -> bytes:
        """Every start of `quantity` (1 to 2,000) touching seats in these categories, best first, state left aside.

        Order: distance of the run's centroid to the focal point, then lower section, row, seat. Four bytes an
        entry: the start, unsigned 24 bit big-endian, then flags: bits 0-1 how many seats stand to the run's left in
        the same aisle-free stretch (0, 1, 2 for two and more), bits 2-3 the same to its right.
        """
    def plan(self, map: bytes, ask: Ask) -> Plan:
        """The best units for an ask. Raises AllocationRefused; ValueError for an ask that this chart cannot mean."""
    def plan_many(self, map: bytes, asks: Sequence[Ask]) -> list[Plan | AllocationRefused]:
        """Plan asks (at most 10,000) in turn; each success is taken off the map before the next. Raises nothing for
        a refused ask: the refusal stands in its place."""
    def check_named(
        self,
        map: bytes,
        units: Sequence[int],
        open_allotments: Sequence[int],
        policy: Literal["strict", "lenient", "off", "auto"],
    ) -> list[int] | None:
        """None when free seats chosen by name may stand; else as many units near them, in the same categories, that
        leave no orphan which could be avoided. Only the strict rule refuses, and only where the run has a better
        selection. `map` is the state before; whether the units are free is the caller's check."""
    def orphans(self, before: bytes, units: Sequence[int], open_allotments: Sequence[int]) -> int:
        """How many new single free seats taking these units leaves."""
    def __len__(self) -> int: ...
