"""All that placing a hold asks for, under one key: each `app[...]` lookup is measurable on the hot route."""

from __future__ import annotations

from dataclasses import dataclass

from engine.foundation.address_limits import AddressLimits
from engine.foundation.bearer import Bearers
from engine.services.sale.holds import Holds


@dataclass(frozen=True, slots=True)
class HoldEndpoint:
    """``trust_forwarded`` as in the settings: where callers' addresses are read from."""

    holds: Holds
    limits: AddressLimits
    bearers: Bearers
    trust_forwarded: bool
