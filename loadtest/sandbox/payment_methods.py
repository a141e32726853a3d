"""Payment methods: the published names, test card numbers, and what a customer keeps."""

from __future__ import annotations

from loadtest.sandbox import cards, lists, params
from loadtest.sandbox.calls import Call, Route, takes
from loadtest.sandbox.cards import Card, Decline
from loadtest.sandbox.errors import CardError, InvalidRequest, Obj, ResourceMissing
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id

_BILLING = ("address", "email", "name", "phone")


def create(call: Call) -> Obj:
    return public(from_data(call, call.params))


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(resolve(call, call.path)[0])


def attach(call: Call) -> Obj:
    call.secret_only()
    customer = call.box.store.find("customers", params.required(call.params, "customer"), param="customer")
    method, card = resolve(call, call.path)
    if card.decline and method["card"] and card.last4 != "0341":
        raise declined(card.decline)
    method["customer"] = customer["id"]
    call.emit("payment_method.attached", method)
    return public(call.box.store.save("payment_methods", method))


def detach(call: Call) -> Obj:
    call.secret_only()
    method, _ = resolve(call, call.path)
    method["customer"] = None
    call.emit("payment_method.detached", method)
    return public(call.box.store.save("payment_methods", method))


def list_all(call: Call) -> Obj:
    call.secret_only()
    customer, kind = params.text(call.params, "customer"), params.text(call.params, "type")
    return lists.page(
        call, "payment_methods", "/v1/payment_methods",
        lambda found: found["customer"] == customer and kind in {None, found["type"]} and customer is not None,
    )  # fmt: skip


def list_of_customer(call: Call) -> Obj:
    call.secret_only()
    call.box.store.find("customers", call.path)
    return lists.page(
        call, "payment_methods", f"/v1/customers/{call.path}/payment_methods",
        lambda found: found["customer"] == call.path,
    )  # fmt: skip


def from_data(call: Call, data: Obj) -> Obj:
    """A new payment method from `type` and card fields, the way Stripe.js posts them."""
    kind = params.required(data, "type")
    if kind == "card":
        card = _card(params.mapping(data, "card"))
    elif kind == "us_bank_account":
        card = cards.NAMES["pm_usBankAccount_success"]
    else:
        raise InvalidRequest(f"The payment method type {kind} is not available in this sandbox.", param="type")
    return call.box.store.save("payment_methods", _method(call, card, params.mapping(data, "billing_details")))


def resolve(call: Call, identifier: str, param: str = "payment_method") -> tuple[Obj, Card]:
    """The method and how it behaves: one of the published names makes a new method, as it does at Stripe."""
    published = cards.NAMES.get(identifier)
    if published is not None:
        return call.box.store.save("payment_methods", _method(call, published, {})), published
    found = call.box.store.get("payment_methods", identifier)
    if found is None:
        raise ResourceMissing("PaymentMethod", identifier, param=param)
    return found, behaviour(found)


def behaviour(method: Obj) -> Card:
    return cards.NAMES[method["_name"]] if method["_name"] else cards.NUMBERS[method["_number"]]


def declined(decline: Decline, **facts: object) -> CardError:
    return CardError(
        decline.message, code=decline.code, decline_code=decline.decline_code,
        param={"incorrect_number": "number", "incorrect_cvc": "cvc", "expired_card": "exp_month"}.get(decline.code),
        **facts,
    )  # fmt: skip


def _card(given: Obj) -> Card:
    token = params.text(given, "token")
    if token is not None:
        if token not in cards.TOKENS:
            raise ResourceMissing("token", token, param="card[token]")
        return cards.TOKENS[token]
    found = cards.by_number(params.required(given, "number"))
    if isinstance(found, Decline):
        raise declined(found)
    return found


def _method(call: Call, card: Card, billing: Obj) -> Obj:
    name = next((name for name, known in cards.NAMES.items() if known is card), None)
    number = None if name else next(number for number, known in cards.NUMBERS.items() if known is card)
    details: Obj = {
        "brand": card.brand, "country": card.country, "display_brand": card.brand, "exp_month": 12, "exp_year": 2034,
        "fingerprint": f"sandbox{card.last4}", "funding": card.funding, "last4": card.last4,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip
    return {
        "id": new_id("pm_"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {field: billing.get(field) for field in _BILLING},
        "card": details if card.kind == "card" else None,
        "created": call.box.store.now_s(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": card.kind,
        "us_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": card.last4} if card.kind != "card" else None,
        "_account": call.account,
        "_name": name,
        "_number": number,
    }


ROUTES = (
    Route(
        "POST", "/v1/payment_methods", create,
        takes(
            "type card us_bank_account billing_details metadata allow_redisplay key payment_user_agent guid muid sid"
        ),
        publishable=True,
    ),
    Route("GET", "/v1/payment_methods", list_all, takes(f"customer type {lists.PAGING}")),
    Route("GET", "/v1/payment_methods/{id}", retrieve, takes("")),
    Route("POST", "/v1/payment_methods/{id}/attach", attach, takes("customer")),
    Route("POST", "/v1/payment_methods/{id}/detach", detach, takes("")),
    Route("GET", "/v1/customers/{id}/payment_methods", list_of_customer, takes(f"type {lists.PAGING}")),
)  # fmt: skip
