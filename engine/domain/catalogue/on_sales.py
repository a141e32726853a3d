"""On-sales: the window in which selling is open, and the waiting room in front of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from engine.domain.fields import Faults, Moment, Short, fault, is_moment
from engine.foundation.errors import Invalid
from engine.foundation.folding import code_folded, code_shown

ROOM_CAPACITY_MAX = 1_000_000
ROOM_RATE_PER_MIN_MAX = 1_000_000
CLAIM_TTL_S_MIN, CLAIM_TTL_S_MAX = 10, 3600
SESSION_TTL_S_MIN, SESSION_TTL_S_MAX = 60, 7200
ROOM_CODES_MAX = 1000
Account = Literal["optional", "required"]


class RoomPace(Struct, frozen=True, kw_only=True):
    """What everybody may know of a room."""

    enabled: bool = False
    capacity: Annotated[int, Meta(ge=1, le=ROOM_CAPACITY_MAX)] = 500
    rate_per_min: Annotated[int, Meta(ge=1, le=ROOM_RATE_PER_MIN_MAX)] = 500
    claim_ttl_s: Annotated[int, Meta(ge=CLAIM_TTL_S_MIN, le=CLAIM_TTL_S_MAX)] = 120
    session_ttl_s: Annotated[int, Meta(ge=SESSION_TTL_S_MIN, le=SESSION_TTL_S_MAX)] = 600
    identity: Literal["none", "email"] = "none"
    challenge: Literal["none", "pow"] = "pow"


class RoomSettings(RoomPace, frozen=True, kw_only=True):
    """``capacity`` is people in the shop at once, ``rate_per_min`` how many are called in a minute.

    ``claim_ttl_s``: how long a called person may take to come; ``session_ttl_s``: how long an admission is good for.
    ``codes``: anybody who joins brings one of them, in any case, as often as they like; none: open to everybody.
    """

    codes: Annotated[tuple[Short, ...], Meta(max_length=ROOM_CODES_MAX)] = ()


class RoomShown(RoomPace, frozen=True, kw_only=True):
    """Where joining takes a code ``code_required`` says so; ``codes`` are there for those who may set them."""

    codes: tuple[str, ...] | UnsetType = UNSET
    code_required: bool | UnsetType = UNSET


class NewOnSale(Struct, kw_only=True):
    """Without ``prequeue_opens_at`` people queue from ``opens_at``; without ``closes_at`` sales end with the event.

    ``account`` required: who orders is signed in.
    """

    prequeue_opens_at: Moment | None = None
    opens_at: Moment
    closes_at: Moment | None = None
    room: RoomSettings = RoomSettings()
    account: Account = "optional"


class OnSale(Struct, frozen=True, kw_only=True):
    """``live``: the event is published."""

    event_id: str
    organization_id: str
    prequeue_opens_at: datetime | None
    opens_at: datetime
    closes_at: datetime | None
    room: RoomShown
    live: bool
    version: int
    updated_at: datetime
    account: Account = "optional"

    def for_guests(self) -> OnSale:
        """Without the codes."""
        return structs.replace(self, room=structs.replace(self.room, codes=UNSET))


def with_codes_spelled(given: NewOnSale) -> NewOnSale:
    """With each code once, as its owner reads it again; the room compares them folded."""
    kept: dict[str, str] = {}
    for code in given.room.codes:
        kept.setdefault(code_folded(code), code_shown(code))
    return structs.replace(given, room=structs.replace(given.room, codes=tuple(kept.values())))


def shown(room: RoomSettings) -> RoomShown:
    """The settings as the organizer reads them again."""
    kept = structs.asdict(room)
    codes = kept.pop("codes") or UNSET
    return RoomShown(**kept, codes=codes, code_required=True if codes else UNSET)


def check(given: NewOnSale, ends_at: datetime) -> None:
    """Prequeue before opening before closing, all before the event ends. Invalid with all that is broken."""
    found: Faults = []
    for name in ("prequeue_opens_at", "opens_at", "closes_at"):
        moment = getattr(given, name)
        if moment is not None and not is_moment(moment):
            found.append(fault(f"/{name}", "out_of_range", "This date is out of range"))
    if given.prequeue_opens_at is not None and given.prequeue_opens_at > given.opens_at:
        found.append(fault("/prequeue_opens_at", "out_of_order", "The queue opens before the sale does"))
    if given.closes_at is not None and given.closes_at <= given.opens_at:
        found.append(fault("/closes_at", "out_of_order", "The sale closes after it opens"))
    if given.opens_at >= ends_at:
        found.append(fault("/opens_at", "out_of_order", "The sale opens before the event ends"))
    found += [
        fault(f"/room/codes/{at}", "empty", "A code has letters or digits")
        for at, code in enumerate(given.room.codes)
        if not code_folded(code)
    ]
    if given.room.codes and not given.room.enabled:
        found.append(fault("/room/codes", "no_room", "The waiting room asks for codes: put one in front"))
    if found:
        raise Invalid(errors=found)
