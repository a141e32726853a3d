"""Equal tickets told together: how many, what one costs, their sum, and what rounding once for the whole order makes.

Two tickets of 15.83 may cost 31.65 together, because fees and taxes are rounded on the order and then spread: one of
them carries 15.82. The sum is what is charged; ``rounding_cents`` names the difference from the listed price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

ROUNDING_MAX = 2  # minor units a ticket that rounding explains; more is another price than the listed one


class Told(Protocol):
    """A line of a price or of an order."""

    @property
    def ticket_type_id(self) -> str: ...
    @property
    def face_cents(self) -> int: ...
    @property
    def total_cents(self) -> int: ...


class TicketGroup(Struct, frozen=True, kw_only=True):
    """``quantity`` x ``each_cents`` + ``rounding_cents`` = ``total_cents``; ``lines`` are their places in the order."""

    ticket_type_id: str
    quantity: int
    each_cents: int
    rounding_cents: int
    total_cents: int
    lines: list[int]


def groups_of(lines: Iterable[Told], listed: Mapping[str, int]) -> list[TicketGroup]:
    """Tickets of one type at one price, in the order of the first of each.

    ``listed`` says what one of a type costs alone, all in. Where that is another price by now, or there was a discount,
    the most expensive of the group stands for each.
    """
    equal: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for place, line in enumerate(lines):
        equal.setdefault((line.ticket_type_id, line.face_cents), []).append((place, line.total_cents))
    return [_group(kind, members, listed.get(kind)) for (kind, _), members in equal.items()]


def _group(ticket_type_id: str, members: list[tuple[int, int]], listed_cents: int | None) -> TicketGroup:
    total_cents = sum(cents for _, cents in members)
    each_cents = max(cents for _, cents in members)
    if (
        listed_cents
        and len(members) > 1
        and abs(total_cents - listed_cents * len(members)) <= ROUNDING_MAX * len(members)
    ):
        each_cents = listed_cents
    return TicketGroup(
        ticket_type_id=ticket_type_id,
        quantity=len(members),
        each_cents=each_cents,
        rounding_cents=total_cents - each_cents * len(members),
        total_cents=total_cents,
        lines=[place for place, _ in members],
    )
