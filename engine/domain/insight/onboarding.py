"""The way from nothing to the first sale: what of it an organization has done."""

from __future__ import annotations

from msgspec import Struct


class Onboarding(Struct, frozen=True, kw_only=True):
    """``venue_id`` and ``event_id`` are the newest of each; ``event_id`` is one that is published if there is any."""

    address_proven: bool
    venue_id: str | None
    places: bool  # a chart, or an event with a number of standing places
    event_id: str | None
    ticket_type: bool
    on_sale: bool
    published: bool
    scanner: bool
    sold: bool
