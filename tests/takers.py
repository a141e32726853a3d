"""Takers of units for tests that go in by no door."""

from __future__ import annotations

from engine.services.sale.takers import Taker

ADDRESS = "203.0.113.7"


def taker(block: bytes = b"") -> Taker:
    """Somebody whose turn it is, and whose part of the network is not limited unless it is named."""
    return Taker(ADDRESS, block, waited=True)
