"""`/v1/refunds`: never more than was captured, undone in the connected account if asked, sometimes failing later."""

from __future__ import annotations

from functools import partial

from loadtest.sandbox import connect, lists, params
from loadtest.sandbox.calls import Call, Route, Sandbox, takes
from loadtest.sandbox.charges import balance_transaction
from loadtest.sandbox.currencies import CURRENCIES
from loadtest.sandbox.errors import InvalidRequest, Obj, ResourceMissing
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(call: Call) -> Obj:
    call.secret_only()
    given = call.params
    charge = _charge_of(call)
    left = charge["amount_captured"] - charge["_refunding"] - charge.get("_charged_back_cents", 0)
    if left <= 0 and charge.get("_charged_back_cents", 0):
        raise InvalidRequest(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if left == 0:
        raise InvalidRequest(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    asked = params.amount(given)
    amount = left if asked is None else asked
    currency = CURRENCIES[charge["currency"]]
    currency.check_step(amount)
    if amount > left:
        raise InvalidRequest(
            f"Refund amount ({currency.words(amount)}) is greater than unrefunded amount on charge "
            f"({currency.words(left)})",
            param="amount",
        )
    refund: Obj = {
        "id": new_id("re_"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.box.store.now_s(),
        "currency": charge["currency"],
        "destination_details": {"type": "card", "card": {"reference_status": "pending", "type": "refund"}},
        "failure_reason": None,
        "metadata": params.metadata(given),
        "payment_intent": charge["payment_intent"],
        "reason": params.choice(given, "reason", REASONS),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if charge["_refund_outcome"] == "pending" else "succeeded",
        "transfer_reversal": None,
        "_account": call.account,
    }
    if params.boolean(given, "reverse_transfer"):
        refund["transfer_reversal"] = connect.reverse_for_refund(call.box, charge, amount)
    if params.boolean(given, "refund_application_fee"):
        connect.refund_fee(call.box, charge, amount)
    _apply(call.box, charge, refund)
    call.box.store.save("refunds", refund)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge)
    _later(call.box, charge, refund)
    return public(refund)


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("refunds", call.path, account=call.account))


def update(call: Call) -> Obj:
    call.secret_only()
    refund = call.box.store.find("refunds", call.path, account=call.account)
    refund["metadata"] = params.metadata(call.params, refund["metadata"])
    call.box.store.save("refunds", refund)
    call.emit("refund.updated", refund)
    return public(refund)


def cancel(call: Call) -> Obj:
    """Only while it waits for its bank: what was given back stays given."""
    call.secret_only()
    refund = call.box.store.find("refunds", call.path, account=call.account)
    if refund["status"] != "pending":
        raise InvalidRequest(f"Refund {refund['id']} cannot be canceled because its status is {refund['status']}.")
    _undo(call.box, refund, {"status": "canceled"})
    call.emit("refund.updated", refund)
    return public(refund)


def list_all(call: Call) -> Obj:
    call.secret_only()
    wanted = {name: params.text(call.params, name) for name in ("payment_intent", "charge")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return lists.page(
        call, "refunds", "/v1/refunds", lambda found: all(found[name] == value for name, value in wanted.items()),
        among=_of_payment(call.box, wanted),
    )  # fmt: skip


def finish(box: Sandbox, identifier: str, *, paid: bool) -> None:
    """An asynchronous refund has its answer. A failed one gives the charge its unrefunded amount back."""
    refund = box.store.get("refunds", identifier)
    if refund is None or refund["status"] in {"failed", "canceled"}:
        return
    if paid:
        refund["status"] = "succeeded"
        box.store.save("refunds", refund)
    else:
        _undo(box, refund, {"status": "failed", "failure_reason": "expired_or_canceled_card"})
    box.events.emit("refund.updated", refund)
    if not paid:
        box.events.emit("refund.failed", refund)


def rearm(box: Sandbox) -> None:
    """After a restart: refunds that still wait for their answer get their timer again."""
    for refund in list(box.store.tables["refunds"].by_id.values()):
        if refund["status"] == "pending":
            _later(box, box.store.tables["charges"].by_id[refund["charge"]], refund)


def _charge_of(call: Call) -> Obj:
    given, store = call.params, call.box.store
    charge_id, intent_id = params.text(given, "charge"), params.text(given, "payment_intent")
    if charge_id is None and intent_id is None:
        raise InvalidRequest(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        )
    if intent_id is not None:
        intent = store.find("payment_intents", intent_id, account=call.account, param="payment_intent")
        if intent["status"] != "succeeded":
            raise InvalidRequest(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.",
                code="payment_intent_unexpected_state", param="payment_intent",
            )  # fmt: skip
        if charge_id not in {None, intent["latest_charge"]}:
            raise InvalidRequest("The charge does not belong to this payment_intent.", param="charge")
        charge_id = intent["latest_charge"]
    charge = store.get("charges", charge_id)
    if charge is None or charge.get("_account") != call.account:
        raise ResourceMissing("charge", str(charge_id), param="charge")
    if not charge["captured"]:
        raise InvalidRequest(
            f"Charge {charge_id} has not been captured; cancel its PaymentIntent instead.", param="charge"
        )
    return charge


def _of_payment(box: Sandbox, wanted: dict[str, str | None]) -> list[str] | None:
    """The refunds of the one payment asked for; None if none is named."""
    if not wanted:
        return None
    intent = box.store.get("payment_intents", wanted.get("payment_intent"))
    charge = box.store.get("charges", wanted.get("charge") or (intent["latest_charge"] if intent else None))
    return list(charge["_refunds"]) if charge else []


def _apply(box: Sandbox, charge: Obj, refund: Obj) -> None:
    charge["_refunding"] += refund["amount"]
    charge["_refunds"].append(refund["id"])
    charge["amount_refunded"] += refund["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    refund["balance_transaction"] = balance_transaction(box, refund, -refund["amount"], kind="refund")["id"]
    box.store.save("charges", charge)


def _later(box: Sandbox, charge: Obj, refund: Obj) -> None:
    if charge["_refund_outcome"] == "succeeded":
        return
    due_s = box.timers.now_s() + box.board.now.refund_pending_ms / 1000
    box.timers.at(due_s, partial(finish, box, refund["id"], paid=charge["_refund_outcome"] == "pending"))


def _undo(box: Sandbox, refund: Obj, end: Obj) -> None:
    """The charge has its unrefunded amount back."""
    charge = box.store.tables["charges"].by_id[refund["charge"]]
    refund |= end
    charge["_refunding"] -= refund["amount"]
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    balance_transaction(box, refund, refund["amount"], kind="refund_failure")
    box.store.save("charges", charge)
    box.store.save("refunds", refund)


ROUTES = (
    Route(
        "POST", "/v1/refunds", create,
        takes(
            "amount charge payment_intent reason metadata refund_application_fee reverse_transfer instructions_email"
        ),
    ),
    Route("GET", "/v1/refunds", list_all, takes(f"payment_intent charge {lists.PAGING}")),
    Route("GET", "/v1/refunds/{id}", retrieve, takes("")),
    Route("POST", "/v1/refunds/{id}", update, takes("metadata")),
    Route("POST", "/v1/refunds/{id}/cancel", cancel, takes("")),
)  # fmt: skip
