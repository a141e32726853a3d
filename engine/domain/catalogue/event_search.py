"""What somebody looks for in the public listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A circle on the Earth, in degrees and kilometres."""

    lat: float
    lng: float
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFilter:
    """What somebody looks for; None means not asked. Without ``starts_from`` events that are over are left out."""

    q: str | None = None
    city: str | None = None
    category: str | None = None
    venue_id: str | None = None
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    price_min_cents: int | None = None
    price_max_cents: int | None = None
    near: Near | None = None
