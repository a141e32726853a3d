"""What somebody looks for in the public listing, and in which order it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from engine.domain.catalogue.event_cards import EventCard
from engine.domain.fields import is_moment
from engine.foundation.ids import is_id

KEY_MAX = 2**31 - 1  # what a list is ordered by: metres, or how well an event answers
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Sort = Literal["start", "relevance", "distance"]
Access = Literal["seats", "described"]  # accessible seats are marked in its chart; its venue tells how to get about


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A circle on the Earth, in degrees and kilometres."""

    lat: float
    lng: float
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """What somebody looks for; None means not asked. Events that are over are left out, unless ``over_too``.

    ``once``: of each series the first date alone that is found.

    ``day_from`` and ``day_to`` are days of each event's own calendar, both included.

    Prices are compared with each event's own, in its own currency: ``price_min`` and ``price_max`` are whole units with
    decimals (50 is 50 dollars, 50 yen), the ``_cents`` its minor units. ``currency`` leaves out events in others.
    """

    q: str | None = None
    city: str | None = None
    category: str | None = None
    access: Access | None = None
    venue_id: str | None = None
    organization_id: str | None = None
    series_id: str | None = None
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    day_from: date | None = None
    day_to: date | None = None
    over_too: bool = False
    once: bool = False
    currency: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    price_min_cents: int | None = None
    price_max_cents: int | None = None
    near: Near | None = None
    sort: Sort | None = None

    @property
    def order(self) -> Sort:
        """The order asked for; without one the best answer to words, the nearest to a place, else the soonest first."""
        if self.sort == "distance" and self.near is None:
            return "start"
        if self.sort == "relevance" and self.q is None:
            return "start"
        return self.sort or ("relevance" if self.q is not None else "start" if self.near is None else "distance")


class Position(NamedTuple):
    """Where in a list an event stands: ``key`` counts first (0 if the list is by start), then start and id."""

    key: int
    starts_at: datetime
    event_id: str

    def text(self) -> str:
        """As a cursor carries it."""
        return f"{self.key}|{(self.starts_at - _EPOCH) // _MICROSECOND}|{self.event_id}"

    @classmethod
    def read(cls, text: str) -> Position:
        """The position that a cursor carries. ValueError if it is none of ours."""
        key, micros, event_id = text.split("|")
        try:
            position = cls(int(key), _EPOCH + int(micros) * _MICROSECOND, event_id)
        except OverflowError as error:
            raise ValueError("no moment") from error
        if abs(position.key) > KEY_MAX or not is_id("evt", event_id) or not is_moment(position.starts_at):
            raise ValueError("no position of ours")
        return position


class Found(NamedTuple):
    """An event of a list, and where in it."""

    card: EventCard
    key: int

    @property
    def position(self) -> Position:
        return Position(self.key, self.card.starts_at, self.card.id)
