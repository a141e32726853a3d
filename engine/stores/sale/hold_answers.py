"""What the hold scripts answer, read once: letters, words and bytes end here, and services ``match`` on types.

The scripts' headers (stores/lua/hold_*.lua) are the contract. On the hot path Rust reads the answer to a placed hold
from the same bytes (``HoldDesk.render``); ``read_placed`` reads what the desk leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct

from engine.stores.sale.hold_records import Record, units_of


class Held(Struct, frozen=True):
    """The units are set aside."""

    record: Record


class Replayed(Struct, frozen=True):
    """The same key and body placed this hold before."""

    record: Record


class KeyReused(Struct, frozen=True):
    """The key placed a hold before, with another body."""

    record: Record


class SoldOut(Struct, frozen=True):
    """Fewer units than asked for are free, or left of a ticket type; ``free`` are."""

    free: int


class NotFound(Struct, frozen=True):
    """``free`` units are free, but none together as they were asked for. Only the planner says so."""

    free: int


class Taken(Struct, frozen=True):
    """Somebody else has these units."""

    units: tuple[int, ...]


class BuyerLimit(Struct, frozen=True):
    """The buyer has this many units already, and may not have as many more."""

    held: int


class BlockLimit(Struct, frozen=True):
    """The address block has this many units unpaid already, and may not have as many more."""

    held: int


class LeaseEnded(Struct, frozen=True):
    """The admission's lease is over, though its token is not."""


class NeedsPlan(Struct, frozen=True):
    """No single block is left: the planner must look for several."""


class TapeMissing(Struct, frozen=True):
    """The tape with this name is not in Redis."""

    name: str


class PromoUsedUp(Struct, frozen=True):
    """The promo code has no use left."""


class StepsMoved(Struct, frozen=True):
    """The type that has this number first is at another price step than the item says: ``taken`` units of it are."""

    number: int
    taken: int


class NotUnderstood(Struct, frozen=True):
    """The item's bytes are none that the script can read: a fault of ours."""


class Unknown(Struct, frozen=True):
    """There is no such hold, or there is none any more."""


class Expired(Struct, frozen=True):
    """The hold is over."""


class Ordered(Struct, frozen=True):
    """The buyer is paying for the hold already, or has bought it."""


class Standing(Struct, frozen=True):
    """The hold as it stands, and Redis's time in ms."""

    record: Record
    now_ms: int


class Released(Struct, frozen=True):
    """``record`` is the hold as it stood before."""

    record: Record


class Extended(Struct, frozen=True):
    record: Record


class Exceeded(Struct, frozen=True):
    """The hold has lived as long as any hold may."""

    record: Record


class Ordering(Struct, frozen=True):
    """The hold's life is the order's from now on; repeating answers the same record."""

    record: Record


class Bought(Struct, frozen=True):
    """An order was made of the hold before."""

    record: Record


class Swapped(Struct, frozen=True):
    record: Record


Placing: TypeAlias = (
    Held
    | Replayed
    | KeyReused
    | SoldOut
    | NotFound
    | Taken
    | BuyerLimit
    | BlockLimit
    | LeaseEnded
    | NeedsPlan
    | TapeMissing
    | PromoUsedUp
    | StepsMoved
    | NotUnderstood
)
Over: TypeAlias = Unknown | Expired
No: TypeAlias = (
    SoldOut
    | NotFound
    | Taken
    | KeyReused
    | PromoUsedUp
    | LeaseEnded
    | BuyerLimit
    | BlockLimit
    | Over
    | Ordered
    | Exceeded
)
Reading: TypeAlias = Standing | Unknown
Releasing: TypeAlias = Released | Ordered | Over
Extending: TypeAlias = Extended | Exceeded | Ordered | Over
StartingToPay: TypeAlias = Ordering | Bought | Over
Swapping: TypeAlias = Swapped | Taken | StepsMoved | SoldOut | BuyerLimit | BlockLimit | Ordered | Over

LETTERS: Final[dict[bytes, Callable[[bytes], Placing]]] = {
    b"H": lambda raw: Held(Record.unpack(raw, 1)),
    b"R": lambda raw: Replayed(Record.unpack(raw, 1)),
    b"K": lambda raw: KeyReused(Record.unpack(raw, 1)),
    b"S": lambda raw: SoldOut(int.from_bytes(raw[1:4], "big")),
    b"T": lambda raw: Taken(units_of(raw[1:])),
    b"B": lambda raw: BuyerLimit(int.from_bytes(raw[1:3], "big")),
    b"N": lambda raw: BlockLimit(int.from_bytes(raw[1:3], "big")),
    b"L": lambda _raw: LeaseEnded(),
    b"P": lambda _raw: NeedsPlan(),
    b"X": lambda raw: TapeMissing(raw[1:].decode()),
    b"U": lambda _raw: PromoUsedUp(),
    b"M": lambda raw: StepsMoved(raw[1], int.from_bytes(raw[2:5], "big")),
    b"E": lambda _raw: NotUnderstood(),
}


def read_placed(raw: bytes) -> Placing:
    """One answer of hold_place.lua: a letter and its facts."""
    return LETTERS[raw[:1]](raw)


def read_standing(reply: list[bytes]) -> Reading:
    return Standing(Record.unpack(reply[1]), int(reply[2])) if reply[0] == b"hold" else Unknown()


def read_released(reply: list[bytes]) -> Releasing:
    return Released(Record.unpack(reply[1])) if reply[0] == b"released" else _no(reply[0])


def read_extended(reply: list[bytes]) -> Extending:
    match reply[0]:
        case b"extended":
            return Extended(Record.unpack(reply[1]))
        case b"exceeded":
            return Exceeded(Record.unpack(reply[1]))
        case word:
            return _no(word)


def read_ordering(reply: list[bytes]) -> StartingToPay:
    match reply[0]:
        case b"ordering":
            return Ordering(Record.unpack(reply[1]))
        case b"bought":
            return Bought(Record.unpack(reply[1]))
        case word:
            return _over(word)


def read_swapped(reply: list[bytes]) -> Swapping:  # noqa: PLR0911 - one return an answer
    match reply[0]:
        case b"swapped":
            return Swapped(Record.unpack(reply[1]))
        case b"taken":
            return Taken(units_of(reply[1]))
        case b"capped":
            return SoldOut(int.from_bytes(reply[1], "big"))
        case b"moved":
            return StepsMoved(reply[1][0], int.from_bytes(reply[1][1:4], "big"))
        case b"buyer":
            return BuyerLimit(int(reply[1]))
        case b"block":
            return BlockLimit(int(reply[1]))
        case word:
            return _no(word)


def _no(word: bytes) -> Ordered | Over:
    return Ordered() if word == b"ordered" else _over(word)


def _over(word: bytes) -> Over:
    match word:
        case b"unknown":
            return Unknown()
        case b"expired":
            return Expired()
    raise AssertionError(f"a hold script answered {word!r}")
