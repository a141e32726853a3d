"""Charges: what a payment attempt leaves behind, its fee and net amount, and the connected account's share of it."""

from __future__ import annotations

from loadtest.sandbox import lists, params, search
from loadtest.sandbox.calls import Call, Route, Sandbox, takes
from loadtest.sandbox.cards import Card, Decline
from loadtest.sandbox.errors import Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.payment_methods import behaviour
from loadtest.sandbox.store import new_id

FEE_BP, FEE_FIXED_CENTS = 290, 30  # 2.9 % + 0.30, Stripe's list price


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("charges", call.path, account=call.account))


def list_all(call: Call) -> Obj:
    call.secret_only()
    wanted = {name: params.text(call.params, name) for name in ("payment_intent", "customer", "transfer_group")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    intent = call.box.store.get("payment_intents", wanted.get("payment_intent"))
    return lists.page(
        call, "charges", "/v1/charges", lambda found: all(found[name] == value for name, value in wanted.items()),
        among=list(intent["_charges"]) if intent else None,
    )  # fmt: skip


def find(call: Call) -> Obj:
    call.secret_only()
    return search.page(call, "charges", "/v1/charges/search")


def attempt(box: Sandbox, intent: Obj, method: Obj, *, captured: bool, decline: Decline | None) -> Obj:
    """Record one try at charging `method` for the intent, successful unless `decline` says otherwise."""
    card = behaviour(method)
    charge: Obj = {
        "id": new_id("ch_"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured and not decline else 0,
        "amount_refunded": 0,
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": captured and decline is None,
        "created": box.store.now_s(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": intent["on_behalf_of"],
        "outcome": _outcome(decline),
        "paid": decline is None,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: method[method["type"]]},
        "receipt_email": intent["receipt_email"],
        "receipt_url": None,
        "refunded": False,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if decline else "succeeded",
        "transfer": None,
        "transfer_data": intent["transfer_data"],
        "transfer_group": intent["transfer_group"],
        "_account": intent.get("_account"),
        "_refund_outcome": card.refund,
        "_disputed_later": card.disputed,
        "_refunding": 0,
        "_refunds": [],
    }
    intent["latest_charge"] = charge["id"]
    intent["_charges"].append(charge["id"])
    return box.store.save("charges", charge)


def settle(box: Sandbox, charge: Obj) -> None:
    """Money of a captured charge arrives: the balance transaction, the transfer and the application fee with it."""
    gross = charge["amount_captured"]
    fee = (gross * FEE_BP + 5_000) // 10_000 + FEE_FIXED_CENTS
    charge["balance_transaction"] = balance_transaction(box, charge, gross, fee=fee, kind="charge")["id"]
    destination = (charge["transfer_data"] or {}).get("destination")
    if destination:
        _share(box, charge, destination, gross)
    elif charge["application_fee_amount"] and charge.get("_account"):
        charge["application_fee"] = _application_fee(box, charge, charge["_account"])["id"]
    box.store.save("charges", charge)


def balance_transaction(box: Sandbox, source: Obj, amount: int, *, fee: int = 0, kind: str) -> Obj:
    return box.store.save(
        "balance_transactions",
        {
            "id": new_id("txn_"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": box.store.now_s(),
            "created": box.store.now_s(),
            "currency": source["currency"],
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [{"amount": fee, "currency": source["currency"], "type": "stripe_fee"}] if fee else [],
            "net": amount - fee,
            "reporting_category": kind,
            "source": source["id"],
            "status": "available",
            "type": kind,
            "_account": source.get("_account"),
        },
    )


def card_of(box: Sandbox, charge: Obj) -> Card:
    return behaviour(box.store.tables["payment_methods"].by_id[charge["payment_method"]])


def _share(box: Sandbox, charge: Obj, destination: str, gross: int) -> None:
    """A destination charge: the account gets a stated amount, or everything less the application fee."""
    stated = (charge["transfer_data"] or {}).get("amount")
    fee = charge["application_fee_amount"] or 0
    transfer = {
        "id": new_id("tr_"),
        "object": "transfer",
        "amount": int(stated) if stated else gross,
        "amount_reversed": 0,
        "created": box.store.now_s(),
        "currency": charge["currency"],
        "description": None,
        "destination": destination,
        "livemode": False,
        "metadata": {},
        "reversed": False,
        "reversals": {"object": "list", "data": [], "has_more": False, "url": ""},
        "source_transaction": charge["id"],
        "source_type": "card",
        "transfer_group": charge["transfer_group"] or f"group_{charge['payment_intent']}",
        "_account": None,
    }
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer['id']}/reversals"
    box.store.save("transfers", transfer)
    charge["transfer"], charge["transfer_group"] = transfer["id"], transfer["transfer_group"]
    if fee:
        charge["application_fee"] = _application_fee(box, charge, destination)["id"]
    box.events.emit("transfer.created", transfer)
    balance_transaction(box, transfer | {"_account": destination}, transfer["amount"], fee=fee, kind="payment")


def _application_fee(box: Sandbox, charge: Obj, account: str) -> Obj:
    fee: Obj = {
        "id": new_id("fee_"),
        "object": "application_fee",
        "account": account,
        "amount": charge["application_fee_amount"],
        "amount_refunded": 0,
        "charge": charge["id"],
        "created": box.store.now_s(),
        "currency": charge["currency"],
        "livemode": False,
        "refunded": False,
        "_account": None,
    }
    box.events.emit("application_fee.created", fee)
    return box.store.save("application_fees", fee)


def _outcome(decline: Decline | None) -> Obj:
    if decline is None:
        return {"network_status": "approved_by_network", "reason": None, "risk_level": "normal", "type": "authorized"}
    blocked = decline.decline_code == "fraudulent"
    return {
        "network_status": "not_sent_to_network" if blocked else "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "risk_level": "highest" if blocked else "normal",
        "type": "blocked" if blocked else "issuer_declined",
    }


ROUTES = (
    Route("GET", "/v1/charges", list_all, takes(f"payment_intent customer transfer_group {lists.PAGING}")),
    Route("GET", "/v1/charges/search", find, takes("query limit page")),
    Route("GET", "/v1/charges/{id}", retrieve, takes("")),
)
