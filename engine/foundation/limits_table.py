"""The one table of how much an address block may ask for: route class -> rate. Room and engine read it alike.

A route names its class in its own route table; what a class may is said here and nowhere else. Rates are per process
and block (see ``address_limits``): ``burst`` requests at once, then ``per_s``, early ones held back up to
``delay_max_s`` and refused beyond. ``at_once`` bounds what stays open, as streams do.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

RouteClass = Literal[
    "free",
    "life",
    "operate",
    "page",
    "read",
    "large",
    "stream",
    "challenge",
    "join",
    "claim",
    "presence",
    "recover",
    "hold",
    "code_guess",
]


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_s`` and ``burst`` 0: not limited. ``at_once`` 0: nothing of it stays open."""

    per_s: float = 0.0
    burst: float = 0.0
    delay_max_s: float = 3.0
    at_once: int = 0

    @property
    def is_limited(self) -> bool:
        return self.per_s > 0


LIMITS: Final = MappingProxyType[RouteClass, Rate](
    {
        # Ready bytes from memory, cheaper to serve than to count: the status that everybody polls, static files.
        "free": Rate(),
        # /livez, /readyz, /metrics, the contract: for machines of the operator.
        "life": Rate(per_s=50, burst=500),
        # What somebody with an operator's credential does.
        "operate": Rate(per_s=20, burst=200),
        # A page that is rendered for one person; a crowd behind one address reloads it.
        "page": Rate(per_s=100, burst=1_000),
        # An answer that costs a store a look.
        "read": Rate(per_s=50, burst=500),
        # An answer of many megabytes: the audit bundle of a draw.
        "large": Rate(per_s=0.5, burst=10, delay_max_s=0.0),
        "stream": Rate(per_s=20, burst=200, at_once=50),
        "challenge": Rate(per_s=100, burst=1_000),
        # A school or a phone network behind one address joins within seconds; the challenge makes it cost, not this.
        "join": Rate(per_s=200, burst=2_000),
        "claim": Rate(per_s=200, burst=2_000),
        "presence": Rate(per_s=200, burst=2_000),
        # The mailed link of a place, opened: each costs Postgres a write.
        "recover": Rate(per_s=0.5, burst=20),
        "hold": Rate(per_s=200, burst=2_000),
        # Wrong codes, wherever one is typed: right ones wait there too, so that waiting tells nothing.
        "code_guess": Rate(per_s=0.5, burst=60),
    }
)

assert set(LIMITS) == set(get_args(RouteClass)), "every class has its row"
