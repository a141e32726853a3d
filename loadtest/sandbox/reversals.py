"""What is read and changed about transfers and application fees after they were made."""

from __future__ import annotations

from loadtest.sandbox import connect, lists, params
from loadtest.sandbox.calls import Call, Route, takes
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id


def reversals(call: Call) -> Obj:
    call.secret_only()
    found: Obj = call.box.store.find("transfers", call.path)["reversals"]
    return found


def change_transfer(call: Call) -> Obj:
    call.secret_only()
    transfer = call.box.store.find("transfers", call.path)
    if "description" in call.params:
        transfer["description"] = params.text(call.params, "description")
    transfer["metadata"] = params.metadata(call.params, transfer["metadata"])
    call.emit("transfer.updated", transfer)
    return public(call.box.store.save("transfers", transfer))


def refund_fee(call: Call) -> Obj:
    """Give the platform's share back to the account, up to what is left of it."""
    call.secret_only()
    fee = call.box.store.find("application_fees", call.path)
    left = fee["amount"] - fee["amount_refunded"]
    asked = params.amount(call.params)
    amount = left if asked is None else asked
    if left == 0:
        raise InvalidRequest("Application fee has already been refunded.", code="charge_already_refunded")
    if amount > left:
        raise InvalidRequest(
            f"Refund amount ({amount}) is greater than unrefunded amount on fee ({left})", param="amount"
        )
    refund: Obj = {
        "id": new_id("fr_"), "object": "fee_refund", "amount": amount, "balance_transaction": None,
        "created": call.box.store.now_s(), "currency": fee["currency"], "fee": fee["id"],
        "metadata": params.metadata(call.params),
    }  # fmt: skip
    fee["_refunds"] = [refund, *fee.get("_refunds", ())]
    connect.fee_given_back(call.box, fee, fee["amount_refunded"] + amount)
    return refund


def fee_refunds(call: Call) -> Obj:
    call.secret_only()
    fee = call.box.store.find("application_fees", call.path)
    url = f"/v1/application_fees/{call.path}/refunds"
    return {"object": "list", "data": fee.get("_refunds", []), "has_more": False, "url": url}


ROUTES = (
    Route("GET", "/v1/transfers/{id}/reversals", reversals, takes(lists.PAGING)),
    Route("POST", "/v1/transfers/{id}", change_transfer, takes("description metadata")),
    Route("POST", "/v1/application_fees/{id}/refunds", refund_fee, takes("amount metadata")),
    Route("GET", "/v1/application_fees/{id}/refunds", fee_refunds, takes(lists.PAGING)),
)
