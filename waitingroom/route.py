"""What a route of the waiting room is: one row says method, path, handler, who may call, what it takes, gives, refuses.

A row reads as a sentence; that a body may be malformed, invalid or too large is not said in it::

    Route("POST", f"{ROOM}/beat", rooms.beat, "ticket", "presence", takes=TicketRequest, gives=WaitAnswer)
    .refuses(NoRoom)

SlowDown follows from its class, CrossSite from its method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from engine.foundation import errors, manners
from engine.foundation.http import Handler
from engine.foundation.limits_table import LIMITS, RouteClass
from engine.foundation.manners import CrossSite, Manners

Who = Literal["public", "ticket", "visitor", "operator", "operations"]
_BODY: Final = (errors.Malformed, errors.Invalid, errors.TooLarge, errors.UnsupportedMedia)


@dataclass(frozen=True, slots=True)
class Route:
    """``who``: ticket is a queue ticket, visitor that or an admission.

    ``hot`` handlers bring what they need of the boundary. ``limit`` is its row in ``limits_table``; ``counts``: the
    handler counts by itself.
    """

    method: str
    path: str
    handler: Handler
    who: Who
    limit: RouteClass
    takes: Any = None
    gives: Any = None
    status: int = 200
    content_type: str = "application/json"
    hot: bool = False
    counts: bool = False
    own_refusals: tuple[type[errors.Refusal], ...] = ()
    other_answers: tuple[tuple[int, Any], ...] = ()

    def refuses(self, *kinds: type[errors.Refusal]) -> Route:
        """The row with what it refuses for reasons of its own."""
        return replace(self, own_refusals=kinds)

    def or_gives(self, shape: Any, status: int) -> Route:
        """The row with another answer."""
        return replace(self, other_answers=((status, shape),))

    @property
    def refusals(self) -> tuple[type[errors.Refusal], ...]:
        """Everything the row refuses."""
        sent = () if self.method in manners.SAFE else (CrossSite,)
        early = (errors.SlowDown,) if LIMITS[self.limit].is_limited else ()
        return (*(_BODY if self.takes is not None else ()), *sent, *early, *self.own_refusals)

    @property
    def manners(self) -> Manners:
        """What is asked of a request to this row before its handler sees it."""
        taken = manners.FORM if self.content_type == "text/html" else manners.JSON
        return Manners(self.limit, taken, counts=self.counts)
