"""What somebody looks for in the public listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A circle on the Earth, in degrees and kilometres."""

    lat: float
    lng: float
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """What somebody looks for; None means not asked. Events that are over are left out, unless ``over_too``.

    ``day_from`` and ``day_to`` are days of each event's own calendar, both included.

    Prices are compared with each event's own, in its own currency: ``price_min`` and ``price_max`` are whole units with
    decimals (50 is 50 dollars, 50 yen), the ``_cents`` its minor units. ``currency`` leaves out events in others.
    """

    q: str | None = None
    city: str | None = None
    category: str | None = None
    venue_id: str | None = None
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    day_from: date | None = None
    day_to: date | None = None
    over_too: bool = False
    currency: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    price_min_cents: int | None = None
    price_max_cents: int | None = None
    near: Near | None = None
