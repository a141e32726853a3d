"""Payouts of connected accounts: asked for by hand here; Stripe makes one a day by itself."""

from __future__ import annotations

from loadtest.sandbox import charges, ledger, lists, params
from loadtest.sandbox.calls import Call, Route, takes
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id

DAY_S = 86_400


def create(call: Call) -> Obj:
    """From what the account has; no more than that."""
    call.secret_only()
    amount, currency = params.amount(call.params), params.currency(call.params).code
    if amount is None:
        raise InvalidRequest("Missing required param: amount.", code="parameter_missing", param="amount")
    has = {each["currency"]: each["amount"] for each in ledger.balance(call)["available"]}
    if amount > has.get(currency, 0):
        raise InvalidRequest(
            "You have insufficient funds in your Stripe account for this payout.", code="balance_insufficient"
        )
    payout: Obj = {
        "id": new_id("po_"),
        "object": "payout",
        "amount": amount,
        "arrival_date": call.box.store.now_s() + DAY_S,
        "automatic": False,
        "created": call.box.store.now_s(),
        "currency": currency,
        "description": params.text(call.params, "description"),
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": params.metadata(call.params),
        "method": "standard",
        "status": "paid",
        "type": "bank_account",
        "_account": call.account,
    }
    charges.balance_transaction(call.box, payout, -amount, kind="payout")
    call.emit("payout.paid", payout)
    return public(call.box.store.save("payouts", payout))


def list_all(call: Call) -> Obj:
    call.secret_only()
    return lists.page(call, "payouts", "/v1/payouts")


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("payouts", call.path, account=call.account))


ROUTES = (
    Route("POST", "/v1/payouts", create, takes("amount currency description metadata method")),
    Route("GET", "/v1/payouts", list_all, takes(f"status {lists.PAGING}")),
    Route("GET", "/v1/payouts/{id}", retrieve, takes("")),
)
