"""Stripe's search, as far as reconciling needs it: `metadata['k']:'v' AND status:'succeeded' AND amount>1000`."""

from __future__ import annotations

import re
from collections.abc import Callable

from loadtest.sandbox import limits, params
from loadtest.sandbox.calls import Call
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public

_CLAUSE = re.compile(
    r"""(?P<no>-)?(?P<field>[a-z_]+)(?:\[(?P<kq>['"])(?P<key>.+?)(?P=kq)\])?(?P<op>:|~|>=|<=|>|<)"""
    r"""(?:(?P<q>['"])(?P<text>.*?)(?P=q)|(?P<number>-?\d+)|(?P<null>null))\Z"""
)
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ":": int.__eq__, ">": int.__gt__, "<": int.__lt__, ">=": int.__ge__, "<=": int.__le__,
}  # fmt: skip


def page(call: Call, table: str, url: str) -> Obj:
    limit = params.integer(call.params, "limit") or limits.LIST_LIMIT_DEFAULT
    if not 1 <= limit <= limits.LIST_LIMIT_MAX:
        raise InvalidRequest("Invalid integer: limit must be between 1 and 100", param="limit")
    tests = _parse(params.required(call.params, "query"))
    source = call.box.store.tables[table].newest_first(params.text(call.params, "page"))
    found: list[Obj] = []
    for item in source:
        if item.get("_account") == call.account and all(test(item) for test in tests):
            found.append(item)
            if len(found) > limit:
                break
    more = len(found) > limit
    found = found[:limit]
    return {
        "object": "search_result",
        "data": [public(item) for item in found],
        "has_more": more,
        "next_page": found[-1]["id"] if more else None,
        "url": url,
    }


def _parse(query: str) -> list[Callable[[Obj], bool]]:
    """Clauses joined by one word, AND or OR, never both, as Stripe allows it."""
    joined_or = re.split(r"\s+OR\s+", query.strip())
    joined_and = re.split(r"\s+(?:AND\s+)?(?=-?[a-z_]+(?:\[|:|~|>|<))", query.strip())
    if len(joined_or) > 1:
        if re.search(r"\sAND\s", query):
            raise InvalidRequest("You cannot combine AND and OR in one query.", param="query")
        tests = [_clause(text) for text in joined_or[: limits.SEARCH_CLAUSES_MAX + 1]]
        return [lambda item: any(test(item) for test in tests)]
    if len(joined_and) > limits.SEARCH_CLAUSES_MAX:
        raise InvalidRequest("A query may have at most 10 clauses.", param="query")
    return [_clause(text) for text in joined_and]


def _clause(text: str) -> Callable[[Obj], bool]:
    match = _CLAUSE.match(text.strip())
    if match is None:
        raise InvalidRequest(f"We were unable to parse your search query near '{text}'.", param="query")
    field, key, sign, negated = match["field"], match["key"], match["op"], bool(match["no"])

    def holds(item: Obj) -> bool:
        value = item.get(field)
        if key is not None:
            value = (value or {}).get(key)
        if match["null"]:
            return value is None
        if match["number"] is not None:
            wanted = int(match["number"])
            return isinstance(value, int) and sign in _COMPARE and _COMPARE[sign](value, wanted)
        if isinstance(value, int):
            return match["text"].isdigit() and sign in _COMPARE and _COMPARE[sign](value, int(match["text"]))
        found, wanted_text = str(value).lower() if value is not None else None, match["text"].lower()
        return found is not None and (wanted_text in found if sign == "~" else wanted_text == found)

    return (lambda item: not holds(item)) if negated else holds
