"""Who may call which row, asked for everybody at once: the matrix that docs/ACCESS.md shows and tests walk over HTTP.

The rows are those of all three apps. Ten kinds of callers; the tenth, a member of the organization that the row is
about, in each of its roles.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from admin.guard import Route as AdminRoute
from engine.domain.accounts.organizations import Role, allows
from engine.web.route import Route, Who
from waitingroom.asking import OPERATOR_ROLES
from waitingroom.route import Route as RoomRoute
from waitingroom.route import Who as RoomWho

Caller = Literal[
    "nobody",
    "forger",
    "admitted",
    "other buyer",
    "scanner",
    "fan",
    "other owner",
    "key",
    "admin",
    "finance",
    "box_office",
    "manager",
    "owner",
]
CALLERS: Final[tuple[Caller, ...]] = get_args(Caller)
MEMBERS: Final[frozenset[str]] = frozenset(get_args(Role))
ABOUT: Final[dict[Caller, str]] = {
    "nobody": "no credential at all",
    "forger": "a bearer token that does not verify",
    "admitted": "an admission of the event's own room",
    "other buyer": "the token of somebody else's order",
    "scanner": "a scanner of the event",
    "fan": "somebody signed in who works for nobody",
    "other owner": "the owner of another organization",
    "key": "a program with a key of the organization, with every scope",
    "admin": "an admin of the platform",
    "finance": "a member of the organization",
    "box_office": "a member of the organization",
    "manager": "a member of the organization",
    "owner": "a member of the organization",
}
_EVERYBODY: Final = frozenset(CALLERS)
_SIGNED_IN: Final = _EVERYBODY - {"nobody", "forger", "admitted", "other buyer", "scanner", "key"}
# Rows that ask for no right in an organization.
_ALWAYS: Final[dict[Who, frozenset[Caller]]] = {
    "public": _EVERYBODY,
    "operations": _EVERYBODY,
    "provider": _EVERYBODY,
    "person": _SIGNED_IN,
    "buyer": frozenset({"admitted"}),
    "device": frozenset({"scanner"}),
    "admin": frozenset({"admin"}),
}
_IN_A_ROOM: Final[dict[RoomWho, frozenset[Caller]]] = {
    "public": _EVERYBODY,
    "operations": _EVERYBODY,
    "ticket": frozenset(),  # none of the ten stands in the queue
    "visitor": frozenset({"admitted"}),
    "operator": frozenset(caller for caller in CALLERS if caller == "admin" or caller in OPERATOR_ROLES),
}


def opens(route: Route, caller: Caller) -> bool:
    """Whether the row does what it is for, for this caller; else it answers 401, 403 or 404.

    Nobody of the ten holds the capability that a capability's row is for: it opens to those who work for the seller,
    if it says so. What is open to all may still tell a forger (401), if it looks at who asks.
    """
    if route.who in _ALWAYS:
        return caller in _ALWAYS[route.who]
    if caller == "scanner":
        return route.to_scanner
    if route.needs is None:
        return False
    if caller == "key":
        return route.takes_keys
    return caller == "admin" or (caller in MEMBERS and allows(caller, route.needs))


def opens_in_room(route: RoomRoute, caller: Caller) -> bool:
    """The same for a row of the waiting room; a form without its ticket leads back to the room's page instead."""
    return caller in _IN_A_ROOM[route.who]


def opens_in_admin(route: AdminRoute, caller: Caller) -> bool:
    """The same for a row of the admin app, whose callers are signed in to it: others are led to the sign-in."""
    if route.needs == "person":
        return caller in _SIGNED_IN
    if route.needs == "admin":
        return caller == "admin"
    return caller == "admin" or (caller in MEMBERS and allows(caller, route.needs))


def is_declared(route: Route) -> bool:
    """Whether the row says what it must: what an organizer's role needs, and no such thing if nobody has a role."""
    if route.who == "organizer":
        return route.needs is not None
    return route.needs is None or route.who == "capability"
