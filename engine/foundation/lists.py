"""Lists, a page at a time: what may be asked of one, what a page answers, and the cursor that leads to the next."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from aiohttp import web
from msgspec import Meta, Struct

from engine.foundation import bodies, errors, http
from engine.foundation.ids import is_id

PAGE_DEFAULT, PAGE_MAX = 50, 200
CURSOR_CHARS_MAX = 256

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list; ``next_cursor`` goes into the next request."""

    data: list[T]
    next_cursor: str | None
    has_more: bool


class PageQuery(Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT
    cursor: Annotated[str, Meta(max_length=CURSOR_CHARS_MAX)] | None = None


def listed(request: web.Request, rows: Sequence[T], position_of: Callable[[T], str]) -> web.Response:
    """One page of a list that is short enough to be read whole, in the order it came."""
    return http.json(page_of(request, rows, position_of))


def page_of(request: web.Request, rows: Sequence[T], position_of: Callable[[T], str]) -> dict[str, Any]:
    """The same, to be answered by the caller."""
    query = bodies.query(request, PageQuery)
    after = cursor_decode(query.cursor)
    begin = next((i + 1 for i, row in enumerate(rows) if position_of(row) == after), None) if after else 0
    if begin is None:
        raise errors.Malformed("The cursor is not one of ours")
    return page(list(rows[begin : begin + query.limit + 1]), query.limit, position_of)


def id_cursor(cursor: str | None, kind: str) -> str | None:
    """The id behind a list's cursor. Malformed if it is none of this kind."""
    position = cursor_decode(cursor)
    if position is not None and not is_id(kind, position):
        raise errors.Malformed("The cursor is not one of ours")
    return position


def page(rows: list[T], limit: int, cursor_of: Callable[[T], str]) -> dict[str, Any]:
    """A list answer from up to limit + 1 rows."""
    more = len(rows) > limit
    rows = rows[:limit]
    return {"data": rows, "next_cursor": cursor_encode(cursor_of(rows[-1])) if more else None, "has_more": more}


def cursor_encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_decode(cursor: str | None) -> str | None:
    """The position behind a cursor. Malformed if it is none of ours."""
    if cursor is None:
        return None
    try:
        if len(cursor) > CURSOR_CHARS_MAX:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, b"-_", validate=True).decode()
    except ValueError as error:
        raise errors.Malformed("The cursor is not one of ours") from error
