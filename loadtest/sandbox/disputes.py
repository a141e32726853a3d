"""Disputes: opened by a test card or by a control, answered with evidence, closed won or lost."""

from __future__ import annotations

from loadtest.sandbox import lists, params
from loadtest.sandbox.calls import Call, Route, Sandbox, takes
from loadtest.sandbox.charges import balance_transaction
from loadtest.sandbox.currencies import CURRENCIES
from loadtest.sandbox.errors import InvalidRequest, Obj, ResourceMissing
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id

DISPUTE_FEE_CENTS = 1_500
REASONS = (
    "general", "fraudulent", "product_not_received", "product_unacceptable", "duplicate", "credit_not_processed",
    "subscription_canceled", "unrecognized", "noncompliant",
)  # fmt: skip
_WON, _LOST = "winning_evidence", "losing_evidence"  # Stripe's published words for `evidence[uncategorized_text]`


def open_dispute(box: Sandbox, charge: Obj, reason: str, amount: int, *, inquiry: bool = False) -> Obj:
    """The buyer's bank asks for the money back, or (an inquiry) only what it was for."""
    dispute: Obj = {
        "id": new_id("dp_"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": box.store.now_s(),
        "currency": charge["currency"],
        "evidence": {},
        "evidence_details": {
            "due_by": box.store.now_s() + 7 * 86_400, "has_evidence": False, "past_due": False, "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_account": charge.get("_account"),
    }  # fmt: skip
    box.store.save("disputes", dispute)
    _mark(box, charge)
    box.events.emit("charge.dispute.created", dispute)
    if not inquiry:
        _withdraw(box, dispute)
    return dispute


def _standing(box: Sandbox, charge: Obj) -> list[Obj]:
    """The charge's disputes that are open or lost: what they ask for nobody can ask for again."""
    found = box.store.tables["disputes"].by_id.values()
    return [one for one in found if one["charge"] == charge["id"] and one["status"] not in {"won", "warning_closed"}]


def _mark(box: Sandbox, charge: Obj) -> None:
    """The charge says whether it is disputed, and how much of it was taken back."""
    standing = _standing(box, charge)
    charge["disputed"] = bool(standing)
    charge["_charged_back_cents"] = sum(one["amount"] for one in standing if not one["status"].startswith("warning"))
    box.store.save("charges", charge)


def _withdraw(box: Sandbox, dispute: Obj) -> None:
    taken = balance_transaction(box, dispute, -dispute["amount"], fee=DISPUTE_FEE_CENTS, kind="adjustment")
    dispute["balance_transactions"].append(public(taken))
    box.store.save("disputes", dispute)
    box.events.emit("charge.dispute.funds_withdrawn", dispute)


def open_by_control(box: Sandbox, given: Obj) -> Obj:
    """`{"payment_intent" or "charge", "reason"?, "amount"?, "inquiry"?}` from the control page."""
    identifier = given.get("charge")
    if identifier is None:
        intent = box.store.get("payment_intents", given.get("payment_intent"))
        identifier = intent["latest_charge"] if intent else None
    charge = box.store.get("charges", identifier)
    if charge is None:
        raise ResourceMissing("charge", str(identifier), param="charge")
    # A bank may ask for what was refunded before; only what is disputed already it cannot ask for twice.
    most = charge["amount_captured"] - sum(one["amount"] for one in _standing(box, charge))
    if most <= 0 or not charge["captured"]:
        raise InvalidRequest("This charge cannot be disputed.", code="charge_disputed", param="charge")
    reason = given.get("reason", "fraudulent")
    if reason not in REASONS:
        raise InvalidRequest(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    amount = given.get("amount", most - charge["amount_refunded"] if most > charge["amount_refunded"] else most)
    if not isinstance(amount, int) or not 1 <= amount <= most:
        raise InvalidRequest("Invalid amount", param="amount")
    CURRENCIES[charge["currency"]].check_step(amount)
    return open_dispute(box, charge, reason, amount, inquiry=given.get("inquiry") is True)


def close(box: Sandbox, dispute: Obj, status: str) -> Obj:
    """Decide it: `won` gives the money back, `lost` keeps it, `warning_closed` ends an inquiry."""
    if dispute["status"] in {"won", "lost", "warning_closed"}:
        raise InvalidRequest(f"This dispute is already closed: {dispute['status']}.", param="dispute")
    dispute["status"] = status
    charge = box.store.tables["charges"].by_id[dispute["charge"]]
    if status == "won" and dispute["balance_transactions"]:
        given = balance_transaction(box, dispute, dispute["amount"], kind="adjustment")
        dispute["balance_transactions"].append(public(given))
    box.store.save("disputes", dispute)
    _mark(box, charge)
    box.events.emit("charge.dispute.closed", dispute)
    if status == "won":
        box.events.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("disputes", call.path, account=call.account))


def list_all(call: Call) -> Obj:
    call.secret_only()
    wanted = {name: params.text(call.params, name) for name in ("charge", "payment_intent")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return lists.page(
        call, "disputes", "/v1/disputes", lambda found: all(found[name] == value for name, value in wanted.items())
    )


def update(call: Call) -> Obj:
    call.secret_only()
    dispute = call.box.store.find("disputes", call.path, account=call.account)
    evidence = params.mapping(call.params, "evidence")
    dispute["metadata"] = params.metadata(call.params, dispute["metadata"])
    if evidence:
        dispute["evidence"] |= evidence
        dispute["evidence_details"]["has_evidence"] = True
    if params.boolean(call.params, "submit", default=bool(evidence)) and evidence:
        dispute["evidence_details"]["submission_count"] += 1
        asked_only = dispute["status"].startswith("warning")
        dispute["status"] = "warning_under_review" if asked_only else "under_review"
    call.box.store.save("disputes", dispute)
    call.emit("charge.dispute.updated", dispute)
    verdict = {_WON: "won", _LOST: "lost"}.get(str(dispute["evidence"].get("uncategorized_text")))
    if verdict and dispute["status"].endswith("under_review"):
        close(call.box, dispute, "warning_closed" if dispute["status"].startswith("warning") else verdict)
    return public(dispute)


def concede(call: Call) -> Obj:
    """`POST /v1/disputes/{id}/close`: the merchant gives in."""
    call.secret_only()
    return public(close(call.box, call.box.store.find("disputes", call.path, account=call.account), "lost"))


ROUTES = (
    Route("GET", "/v1/disputes", list_all, takes(f"charge payment_intent {lists.PAGING}")),
    Route("GET", "/v1/disputes/{id}", retrieve, takes("")),
    Route("POST", "/v1/disputes/{id}", update, takes("evidence metadata submit intended_submission_method")),
    Route("POST", "/v1/disputes/{id}/close", concede, takes("")),
)
