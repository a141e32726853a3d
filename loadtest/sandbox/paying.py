"""The PaymentIntent state machine: what confirm, challenge, capture, cancel and time do to it.

requires_payment_method -> requires_confirmation -> requires_action -> processing -> requires_capture -> succeeded,
canceled from any of them but the last two; a decline goes back to requires_payment_method.
"""

from __future__ import annotations

from functools import partial
from typing import NoReturn

from loadtest.sandbox import cards, charges, disputes
from loadtest.sandbox.calls import Sandbox
from loadtest.sandbox.cards import Card, Decline
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.payment_methods import behaviour, declined
from loadtest.sandbox.store import new_id

CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
CANCELABLE = CONFIRMABLE | {"requires_capture"}


def unexpected(intent: Obj, verb: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"You cannot {verb} this PaymentIntent because {why}.",
        code="payment_intent_unexpected_state",
        payment_intent=public(intent),
    )


def confirm(
    box: Sandbox, intent: Obj, method: Obj, *, return_url: str | None, origin: str, unasked: Decline | None = None
) -> None:
    """Try to pay. Raises CardError on a decline, after writing it down in the intent.

    ``unasked`` is the decline of a payment that would have to ask the buyer something, if nobody can be asked.
    """
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    card = behaviour(method)
    if card.needs_challenge and unasked is not None:
        _decline(box, intent, method, unasked)
    elif card.needs_challenge:
        _challenge(box, intent, return_url, origin)
    else:
        _charge(box, intent, method, card)


def answer_challenge(box: Sandbox, intent: Obj, *, passed: bool) -> Decline | None:
    """The buyer came back from the bank's page. Answers the decline, if it ended in one."""
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate", f"it has a status of {intent['status']}")
    intent["next_action"] = None
    method = box.store.tables["payment_methods"].by_id[intent["payment_method"]]
    card = behaviour(method)
    if not passed:
        _fail(box, intent, method, cards.UNAUTHENTICATED, charge=None)
        return cards.UNAUTHENTICATED
    decline = card.decline
    if decline is not None:
        charge = charges.attempt(box, intent, method, captured=False, decline=decline)
        _fail(box, intent, method, decline, charge=charge)
        return decline
    _charge(box, intent, method, card)
    return None


def capture(box: Sandbox, intent: Obj, amount: int | None) -> None:
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "capture", f"it has a status of {intent['status']}")
    wanted = intent["amount_capturable"] if amount is None else amount
    if wanted > intent["amount_capturable"]:
        raise InvalidRequest(
            "The amount_to_capture is greater than the capturable amount.", code="amount_too_large",
            param="amount_to_capture",
        )  # fmt: skip
    charge = box.store.tables["charges"].by_id[intent["latest_charge"]]
    charge["captured"], charge["amount_captured"] = True, wanted
    charge["amount_refunded"] = charge["amount"] - wanted  # the rest of the authorisation is let go
    box.events.emit("charge.captured", charge)
    _succeed(box, intent, charge)


def cancel(box: Sandbox, intent: Obj, reason: str | None) -> None:
    if intent["status"] not in CANCELABLE:
        raise InvalidRequest(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            "with one of the following statuses may be canceled: requires_payment_method, requires_capture, "
            "requires_confirmation, requires_action, processing.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    if intent["status"] == "requires_capture":
        charge = box.store.tables["charges"].by_id[intent["latest_charge"]]
        charge["refunded"], charge["amount_refunded"] = True, charge["amount"]
        box.store.save("charges", charge)
    intent |= {
        "status": "canceled", "canceled_at": box.store.now_s(), "cancellation_reason": reason,
        "amount_capturable": 0, "next_action": None,
    }  # fmt: skip
    box.store.save("payment_intents", intent)
    box.events.emit("payment_intent.canceled", intent)


def finish_processing(box: Sandbox, identifier: str, *, paid: bool) -> None:
    """A method that pays late has its answer. Does nothing if the intent is no longer `processing`."""
    intent = box.store.get("payment_intents", identifier)
    if intent is None or intent["status"] != "processing":
        return
    charge = box.store.tables["charges"].by_id[intent["latest_charge"]]
    if paid:
        charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": intent["amount"]}
        _succeed(box, intent, charge)
        return
    decline = charges.card_of(box, charge).decline or cards.GENERIC
    charge |= {"status": "failed", "failure_code": decline.code, "failure_message": decline.message}
    box.store.save("charges", charge)
    method = box.store.tables["payment_methods"].by_id[intent["payment_method"]]
    _fail(box, intent, method, decline, charge=charge)


def rearm(box: Sandbox) -> None:
    """After a restart: payments that were processing get their timer again."""
    for intent in list(box.store.tables["payment_intents"].by_id.values()):
        if intent["status"] == "processing":
            _await_answer(box, intent, charges.card_of(box, box.store.tables["charges"].by_id[intent["latest_charge"]]))


def _challenge(box: Sandbox, intent: Obj, return_url: str | None, origin: str) -> None:
    intent["status"] = "requires_action"
    intent["_challenge"] = new_id("")
    intent["_return_url"] = return_url
    page = f"{origin}/3ds/{intent['id']}/{intent['_challenge']}"
    if return_url:
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": return_url, "url": page},
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page},
        }
    box.store.save("payment_intents", intent)
    box.events.emit("payment_intent.requires_action", intent)


def _charge(box: Sandbox, intent: Obj, method: Obj, card: Card) -> None:
    if card.pays_late:
        charge = charges.attempt(box, intent, method, captured=False, decline=None)
        charge |= {"status": "pending", "paid": False}
        intent["status"] = "processing"
        box.store.save("payment_intents", intent)
        box.events.emit("payment_intent.processing", intent)
        _await_answer(box, intent, card)
        return
    decline = None if card.needs_challenge else card.decline
    if decline is not None:
        _decline(box, intent, method, decline)
    manual = intent["capture_method"] == "manual"
    charge = charges.attempt(box, intent, method, captured=not manual, decline=None)
    if manual:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        box.store.save("payment_intents", intent)
        box.events.emit("charge.succeeded", charge)
        box.events.emit("payment_intent.amount_capturable_updated", intent)
        return
    _succeed(box, intent, charge)


def _decline(box: Sandbox, intent: Obj, method: Obj, decline: Decline) -> NoReturn:
    charge = charges.attempt(box, intent, method, captured=False, decline=decline)
    _fail(box, intent, method, decline, charge=charge)
    raise declined(
        decline, charge=charge["id"], advice_code=None, payment_intent=public(intent), payment_method=public(method)
    )


def _succeed(box: Sandbox, intent: Obj, charge: Obj) -> None:
    intent |= {
        "status": "succeeded", "amount_received": charge["amount_captured"], "amount_capturable": 0,
        "last_payment_error": None, "next_action": None,
    }  # fmt: skip
    charges.settle(box, charge)
    box.store.save("payment_intents", intent)
    box.events.emit("charge.succeeded", charge)
    box.events.emit("payment_intent.succeeded", intent)
    if charge["_disputed_later"]:
        disputes.open_dispute(
            box,
            charge,
            charge["_disputed_later"],
            charge["amount_captured"],
            inquiry=charges.card_of(box, charge).inquiry,
        )


def _fail(box: Sandbox, intent: Obj, method: Obj, decline: Decline, *, charge: Obj | None) -> None:
    error = declined(decline, charge=charge["id"] if charge else None, payment_method=public(method))
    if decline is cards.UNAUTHENTICATED:
        error.type = "invalid_request_error"
    intent |= {
        "status": "requires_payment_method", "payment_method": None, "next_action": None,
        "last_payment_error": {"type": error.type, "message": error.message, "code": error.code, **error.facts},
    }  # fmt: skip
    box.store.save("payment_intents", intent)
    if charge is not None:
        box.events.emit("charge.failed", charge)
    box.events.emit("payment_intent.payment_failed", intent)


def _await_answer(box: Sandbox, intent: Obj, card: Card) -> None:
    if card.pays_late in {"succeeds", "fails"}:
        due_s = box.timers.now_s() + box.board.now.processing_ms / 1000
        box.timers.at(due_s, partial(finish_processing, box, intent["id"], paid=card.pays_late == "succeeds"))
