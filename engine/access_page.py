"""docs/ACCESS.md: every route of the three apps, who may call it and how often, from the tables that serve them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from aiohttp import web

from admin import routes as admin
from engine import access, pages
from engine.foundation import assets, limits_table, manners
from engine.web.routes import ROUTES
from waitingroom import routes as room

R = TypeVar("R")
_EVERYBODY: Final = ("yes",) * len(access.CALLERS)
_PATTERN: Final = re.compile(r"{(\w+)(?::(?:[^{}]|{[^{}]*})*)?}")
_HEAD: Final = """# Who may call what, and how often

Written by `make openapi` from the route tables; tests walk those of the three apps over HTTP, row by row and caller by
caller.

"""
_ABOUT_LIMITS: Final = """
## Limits for an address block

By process and block, an address of IPv4 or a /56 of IPv6: `burst` at once, then the number for each second; early ones
wait up to the seconds named, and are refused beyond (429 `slow_down`). `shared`: caches between may keep the answers to
callers without a credential; all others are `private, no-store` unless they say more.

"""
_ENGINE: Final = """
## The engine

`yes`: the row does what it is for. Everybody else hears 401, 403 or 404, and nothing is written. What is open to all
may still tell a forger (401). A capability's own bearer is none of the callers; a buyer of an event without a room
needs no admission. Further addresses of a row (docs/openapi.json, `x-aliases`) are the same row.

"""
_PAGES: Final = """
## The fans' pages

Open to everybody who finds them; what is private on them is opened by a cookie's capability. Forms carry a token.

"""
_ROOM: Final = """
## The waiting room

`ticket`: a queue ticket is shown, which none of the callers has; `visitor`: that or an admission; `operator`: an owner
or manager of the organization, or an admin. The form of a page without its ticket leads back to the page.

"""
_ADMIN: Final = """
## The admin app

Behind a session (`person`: anybody signed in; `admin`: the platform's own people); else what the role in the
organization must allow, and to those outside of it nothing of it exists. Who has no session is led to the sign-in,
whatever else they show. Every form carries a token. Anybody may end their own membership.

"""


def document() -> bytes:
    """The page, as committed."""
    return "".join([_HEAD, *_callers(), *_limits(), _ENGINE, *_engine(), _PAGES, *_pages(), _ROOM, *_room(), _ADMIN,
                    *_admin()]).encode()  # fmt: skip


def _callers() -> Iterable[str]:
    yield "## Callers\n\n"
    yield from _table(("caller", "shows"), ((caller, access.ABOUT[caller]) for caller in access.CALLERS))


def _limits() -> Iterable[str]:
    yield _ABOUT_LIMITS
    rows = (
        (
            name,
            rate.about,
            f"{rate.per_s:g}" if rate.is_limited else "-",
            f"{rate.burst:g}" if rate.is_limited else "-",
            f"{rate.delay_max_s:g} s" if rate.is_limited else "-",
            str(rate.at_once or "-"),
            "shared" if rate.shared else "private",
        )
        for name, rate in limits_table.LIMITS.items()
    )
    yield from _table(("class", "what", "a second", "burst", "waits", "open at once", "answers"), rows)


def _engine() -> Iterable[str]:
    rows = (
        (
            _call(route.method, route.path),
            route.who,
            route.needs or "",
            route.limit,
            *_answers(access.opens, route),
        )
        for route in ROUTES
    )
    return _table(("call", "whose", "right", "class", *access.CALLERS), rows)


def _pages() -> Iterable[str]:
    app = web.Application()
    pages.setup(app)
    found = {
        (_call(route.method, route.resource.canonical), asked.limit)
        for route, asked in app[manners.MANNERS].items()
        if route.resource is not None and route.method != "HEAD"
    }
    return _table(("call", "class"), sorted(found, key=lambda row: (row[0].partition(" ")[2], row)))


def _room() -> Iterable[str]:
    rows = [
        (_call(route.method, route.path), route.who, route.limit, *_answers(access.opens_in_room, route))
        for route in room.ROUTES
    ]
    rows.append((_call("OPTIONS", f"{room.ROOM}/..."), "public", manners.FILE.limit, *_EVERYBODY))
    rows.append((_call("GET", assets.ROUTE), "public", manners.FILE.limit, *_EVERYBODY))
    return _table(("call", "whose", "class", *access.CALLERS), rows)


def _admin() -> Iterable[str]:
    rows = [(_call(method, path), "everybody", limit, *_EVERYBODY) for method, path, _, limit in admin.OPEN]
    rows.append((_call("GET", assets.ROUTE), "everybody", manners.FILE.limit, *_EVERYBODY))
    rows += [
        (_call(route.method, route.path), route.needs, route.limit, *_answers(access.opens_in_admin, route))
        for route in admin.ROUTES
    ]
    return _table(("call", "right", "class", *access.CALLERS), rows)


def _answers(opens: Callable[[R, access.Caller], bool], route: R) -> Iterable[str]:
    return ("yes" if opens(route, caller) else "" for caller in access.CALLERS)


def _call(method: str, path: str) -> str:
    return "`" + method + " " + _PATTERN.sub(r"{\1}", path) + "`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cells) + " |\n"
