"""Reading what happened: events, balance transactions, the balance, and the totals a rehearsal is checked against."""

from __future__ import annotations

from collections import Counter

from loadtest.sandbox import lists, params
from loadtest.sandbox.calls import Call, Route, Sandbox, takes
from loadtest.sandbox.errors import Obj
from loadtest.sandbox.events import public, shown


def events(call: Call) -> Obj:
    call.secret_only()
    kind, kinds = params.text(call.params, "type"), params.listing(call.params, "types")

    def keep(found: Obj) -> bool:
        name: str = found["type"]
        if kind is not None and not (name.startswith(kind[:-1]) if kind.endswith("*") else name == kind):
            return False
        return not kinds or name in kinds

    return lists.page(call, "events", "/v1/events", keep)


def event(call: Call) -> Obj:
    call.secret_only()
    return shown(call.box.store.find("events", call.path, account=call.account))


def balance_transactions(call: Call) -> Obj:
    call.secret_only()
    wanted = {name: params.text(call.params, name) for name in ("source", "type", "currency")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return lists.page(
        call, "balance_transactions", "/v1/balance_transactions",
        lambda found: all(found[name] == value for name, value in wanted.items()),
    )  # fmt: skip


def balance_transaction(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("balance_transactions", call.path, account=call.account))


def balance(call: Call) -> Obj:
    call.secret_only()
    sums: Counter[str] = Counter()
    for entry in call.box.store.tables["balance_transactions"].by_id.values():
        if entry.get("_account") == call.account:
            sums[entry["currency"]] += entry["net"]
    available = [{"amount": amount, "currency": currency} for currency, amount in sorted(sums.items())]
    return {"object": "balance", "available": available, "livemode": False, "pending": []}


def totals(box: Sandbox) -> Obj:
    """Captured and refunded per currency, intents by status, what the webhooks did. Exact, by counting everything."""
    captured: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    for charge in box.store.tables["charges"].by_id.values():
        captured[charge["currency"]] += charge["amount_captured"]
        refunded[charge["currency"]] += charge["_refunding"]
    by_status = Counter(intent["status"] for intent in box.store.tables["payment_intents"].by_id.values())
    return {
        "captured_cents": dict(captured),
        "refunded_cents": dict(refunded),
        "captured_total_cents": sum(captured.values()),
        "refunded_total_cents": sum(refunded.values()),
        "payment_intents": dict(by_status),
        "objects": {name: len(table) for name, table in box.store.tables.items()},
        "webhooks": {**box.webhooks.counts, "waiting": box.webhooks.waiting},
    }


def intent_rows(box: Sandbox, *, limit: int, starting_after: str | None) -> Obj:
    """A page of intents, newest first, reduced to what reconciling asks for."""
    rows: list[Obj] = []
    more = False
    for intent in box.store.tables["payment_intents"].newest_first(starting_after):
        if len(rows) == limit:
            more = True
            break
        charge = box.store.get("charges", intent["latest_charge"])
        rows.append({
            "id": intent["id"], "status": intent["status"], "amount": intent["amount"], "currency": intent["currency"],
            "amount_received": intent["amount_received"], "amount_refunded": charge["_refunding"] if charge else 0,
            "created": intent["created"], "metadata": intent["metadata"],
            "application_fee_amount": intent["application_fee_amount"],
            "destination": (intent["transfer_data"] or {}).get("destination"),
        })  # fmt: skip
    return {"data": rows, "has_more": more, "next": rows[-1]["id"] if more else None}


ROUTES = (
    Route("GET", "/v1/events", events, takes(f"type types delivery_success {lists.PAGING}")),
    Route("GET", "/v1/events/{id}", event, takes("")),
    Route(
        "GET", "/v1/balance_transactions", balance_transactions, takes(f"source type currency payout {lists.PAGING}")
    ),
    Route("GET", "/v1/balance_transactions/{id}", balance_transaction, takes("")),
    Route("GET", "/v1/balance", balance, takes("")),
)
