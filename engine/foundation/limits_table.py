"""The one table of how much an address block may ask for: route class -> rate. Room, engine and admin read it alike.

A route names its class in its own route table; what a class may is said here and nowhere else. Rates are per process
and block (see ``address_limits``): ``burst`` requests at once, then ``per_s``, early ones held back up to
``delay_max_s`` and refused beyond. ``at_once`` bounds what stays open, as streams do. docs/ACCESS.md shows the table.
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
    "listing",
    "sign_in",
    "buy",
    "report",
    "own",
    "wait",
    "document",
    "upload",
    "picture",
    "gate",
    "webhook",
    "nowhere",
]


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_s`` and ``burst`` 0: not limited. ``at_once`` 0: nothing of it stays open. ``about``: what is of the class.

    ``shared``: its answers are the same for everybody who shows no credential, so caches between may keep them.
    """

    about: str
    per_s: float = 0.0
    burst: float = 0.0
    delay_max_s: float = 3.0
    at_once: int = 0
    shared: bool = False

    @property
    def is_limited(self) -> bool:
        return self.per_s > 0


LIMITS: Final = MappingProxyType[RouteClass, Rate](
    {
        "free": Rate("ready bytes from memory, cheaper to serve than to count: the room's status, static files"),
        "life": Rate("/livez, /readyz, /metrics, the contract: for machines of the operator", per_s=50, burst=500),
        "operate": Rate("what somebody with an organizer's or operator's credential does", per_s=50, burst=1_000),
        "page": Rate("a page rendered for one person; a crowd behind one address reloads it", per_s=100, burst=1_000),
        "read": Rate("public facts of one event or venue; a crowd reads them", per_s=200, burst=2_000, shared=True),
        "listing": Rate("the list of events, which costs the ledger a search", per_s=20, burst=200, shared=True),
        "large": Rate("many megabytes: the audit bundle of a draw", per_s=0.5, burst=10, delay_max_s=0.0),
        "stream": Rate("server-sent events", per_s=20, burst=200, at_once=50),
        "challenge": Rate("the work asked for before a place is given", per_s=100, burst=1_000),
        # A school or a phone network behind one address joins within seconds; the challenge makes it cost, not this.
        "join": Rate("a place in line", per_s=200, burst=2_000),
        "claim": Rate("one's turn in line", per_s=200, burst=2_000),
        "presence": Rate("being there, leaving, giving one's admission back", per_s=200, burst=2_000),
        "recover": Rate("the mailed link of a place, opened: each costs Postgres a write", per_s=0.5, burst=20),
        "hold": Rate("placing and changing a hold", per_s=200, burst=2_000),
        "code_guess": Rate("wrong codes, wherever one is typed; right ones wait there too", per_s=0.5, burst=60),
        "buy": Rate("prices asked, orders opened and paid", per_s=200, burst=2_000),
        # One person reports little; a school behind one address a little more. Each is read by somebody.
        "report": Rate("an event reported to the platform", per_s=0.05, burst=10, delay_max_s=0.0),
        "own": Rate("one's own hold, order, tickets, account", per_s=100, burst=1_000),
        "wait": Rate("one's own order, waited for until it changes; beyond it one is answered at once", at_once=2_000),
        "document": Rate("a QR or a printable page, drawn for one person", per_s=20, burst=200),
        "upload": Rate("a picture that is worked on: its turns bound what it costs", per_s=2, burst=100),
        # A page of the listing has two dozen of them; browsers and caches keep each for ever.
        "picture": Rate("a picture's file, ready in memory or read from its folder", per_s=500, burst=5_000),
        "sign_in": Rate("accounts made, signed in to and renewed", per_s=5, burst=300),
        # All scanners of a house stand behind one address.
        "gate": Rate("what scanners ask and bring", per_s=2_000, burst=20_000),
        "webhook": Rate("what the payment provider tells", per_s=1_000, burst=10_000),
        "nowhere": Rate("addresses where nothing is", per_s=50, burst=500),
    }
)

# What one key of an organization may ask for, of all classes together, wherever its programs stand.
KEY_RATE: Final = Rate("what programs of an organization do, for each key", per_s=20, burst=40, delay_max_s=0.0)

# The same for somebody signed in, of what asks who they are.
PERSON_RATE: Final = Rate("what one person does, signed in wherever they are", per_s=50, burst=1_000, delay_max_s=0.0)

assert set(LIMITS) == set(get_args(RouteClass)), "every class has its row"
