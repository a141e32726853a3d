"""Lists as Stripe pages them, newest first with cursors, and its `expand` of ids into objects."""

from __future__ import annotations

from collections.abc import Callable

from loadtest.sandbox import limits, params
from loadtest.sandbox.calls import Call
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public, shown
from loadtest.sandbox.store import Store

PAGING = "limit starting_after ending_before created"
_TABLE_OF = {
    "pi_": "payment_intents", "ch_": "charges", "re_": "refunds", "cus_": "customers", "pm_": "payment_methods",
    "cs_": "checkout_sessions", "acct_": "accounts", "tr_": "transfers", "fee_": "application_fees",
    "dp_": "disputes", "txn_": "balance_transactions", "po_": "payouts",
}  # fmt: skip


def page(
    call: Call,
    table: str,
    url: str,
    keep: Callable[[Obj], bool] | None = None,
    *,
    among: list[str] | None = None,
) -> Obj:
    """One page of a table, of what `keep` and the caller's account let through.

    `among` are the only ids that can match, oldest first: a payment's refunds are found without reading all refunds.
    """
    limit = params.integer(call.params, "limit") or limits.LIST_LIMIT_DEFAULT
    if not 1 <= limit <= limits.LIST_LIMIT_MAX:
        raise InvalidRequest("Invalid integer: limit must be between 1 and 100", param="limit")
    before = params.text(call.params, "ending_before")
    shelf = call.box.store.tables[table]
    if among is not None:
        shelf = shelf.only(among)
    source = shelf.newest_first(params.text(call.params, "starting_after"), before)
    in_time = _created(call.params)
    found: list[Obj] = []
    for item in source:
        if item.get("_account") != call.account or not in_time(item["created"]) or (keep and not keep(item)):
            continue
        found.append(item)
        if len(found) > limit:
            break
    more = len(found) > limit
    found = found[:limit]
    if before is not None:
        found.reverse()
    return {"object": "list", "data": [render(item) for item in found], "has_more": more, "url": url}


def render(found: Obj) -> Obj:
    return shown(found) if "_payload" in found else public(found)


def expand(store: Store, answer: Obj, paths: list[object]) -> Obj:
    """Replace ids by their objects along each dotted path (`latest_charge.balance_transaction`, `data.customer`)."""
    if len(paths) > limits.EXPAND_PATHS_MAX:
        raise InvalidRequest("You may expand at most 20 properties.", param="expand")
    for path in paths:
        parts = str(path).split(".")
        if len(parts) > limits.EXPAND_DEPTH_MAX + 1:
            raise InvalidRequest("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(store, answer, parts)
    return answer


def _expand(store: Store, node: Obj, parts: list[str]) -> None:
    name, rest = parts[0], parts[1:]
    if name not in node:
        raise InvalidRequest(f"This property cannot be expanded ({name}).", param="expand")
    value = node[name]
    if isinstance(value, list):
        for child in value:
            if rest and isinstance(child, dict):
                _expand(store, child, rest)
        return
    if isinstance(value, str):
        table = _TABLE_OF.get(value.split("_", 1)[0] + "_")
        found = store.get(table, value) if table else None
        if found is None:
            return
        value = node[name] = public(found)
    if rest and isinstance(value, dict):
        _expand(store, value, rest)


def _created(given: Obj) -> Callable[[int], bool]:
    wanted = given.get("created")
    if not wanted:
        return lambda _: True
    bounds = wanted if isinstance(wanted, dict) else {"gte": wanted, "lte": wanted}
    tests: list[tuple[str, int]] = []
    for name in bounds:
        value = params.integer(bounds, name)
        if name not in {"gt", "gte", "lt", "lte"} or value is None:
            raise InvalidRequest("Invalid created", param="created")
        tests.append((name, value))
    compare = {
        "gt": int.__gt__,
        "gte": int.__ge__,
        "lt": int.__lt__,
        "lte": int.__le__,
    }
    return lambda created: all(compare[name](created, value) for name, value in tests)
