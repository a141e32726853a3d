"""`/v1/payment_intents`: create, read, change, confirm, capture, cancel."""

from __future__ import annotations

import hmac

from loadtest.sandbox import cards, connect, lists, params, paying, search
from loadtest.sandbox.calls import Call, Route, takes
from loadtest.sandbox.currencies import Currency
from loadtest.sandbox.errors import InvalidRequest, Obj, ResourceMissing, Unauthorized
from loadtest.sandbox.events import public
from loadtest.sandbox.payment_methods import from_data, resolve
from loadtest.sandbox.store import new_id

REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
_METHOD_FIELDS = "payment_method payment_method_data payment_method_options payment_method_types"
_COMMON = (
    "amount_details description excluded_payment_method_types allowed_payment_method_types hooks metadata "
    f"payment_details payment_method_configuration receipt_email setup_future_usage shipping {_METHOD_FIELDS}"
)
# What Stripe shows to the holder of the publishable key and the client secret.
_PUBLIC = [
    "id",
    "object",
    "amount",
    "amount_details",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "status",
]


def create(call: Call) -> Obj:
    call.secret_only()
    given = call.params
    if "amount" not in given:
        raise InvalidRequest("Missing required param: amount.", code="parameter_missing", param="amount")
    intent = new_intent(call, given, amount=params.amount(given) or 0, currency=params.currency(given))
    if params.boolean(given, "confirm"):
        method = _method_of(call, intent)
        call.box.store.save("payment_intents", intent)
        call.emit("payment_intent.created", intent)
        _confirm(call, intent, method)
        return public(intent)
    if given.get("payment_method") or given.get("payment_method_data"):
        intent["payment_method"] = _method_of(call, intent)["id"]
        intent["status"] = "requires_confirmation"
    call.box.store.save("payment_intents", intent)
    call.emit("payment_intent.created", intent)
    return public(intent)


def new_intent(call: Call, given: Obj, *, amount: int, currency: Currency) -> Obj:
    """The intent as it is born, checked but not yet stored. Checkout Sessions make theirs here too."""
    currency.check_charge(amount)
    fee = params.amount(given, "application_fee_amount")
    if fee is not None and fee > amount:
        raise InvalidRequest(
            "Your application fee cannot be larger than the amount.",
            code="amount_too_large",
            param="application_fee_amount",
        )
    transfer_data = connect.checked_destination(call.box.store, params.mapping(given, "transfer_data"))
    if fee and not (transfer_data or call.account):
        raise InvalidRequest(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an "
            "OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            param="application_fee_amount",
        )
    customer = params.text(given, "customer")
    if customer:
        call.box.store.find("customers", customer, account=call.account, param="customer")
    automatic = params.mapping(given, "automatic_payment_methods")
    if automatic and params.listing(given, "payment_method_types"):
        raise InvalidRequest(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
            param="payment_method_types",
        )
    types = params.listing(given, "payment_method_types") or ["card"]
    identifier = new_id("pi_")
    return {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": fee,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": automatic.get("allow_redirects", "always")}
        if automatic
        else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.choice(
            given, "capture_method", ("automatic", "automatic_async", "manual"), "automatic_async"
        ),
        "client_secret": f"{identifier}_secret_{new_id('')}",
        "confirmation_method": params.choice(given, "confirmation_method", ("automatic", "manual"), "automatic"),
        "created": call.box.store.now_s(),
        "currency": currency.code,
        "customer": customer,
        "description": params.text(given, "description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": params.metadata(given),
        "next_action": None,
        "on_behalf_of": params.text(given, "on_behalf_of"),
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": types,
        "processing": None,
        "receipt_email": params.text(given, "receipt_email"),
        "setup_future_usage": params.choice(given, "setup_future_usage", ("on_session", "off_session")),
        "shipping": params.mapping(given, "shipping") or None,
        "statement_descriptor": params.text(given, "statement_descriptor", limit=22),
        "statement_descriptor_suffix": params.text(given, "statement_descriptor_suffix", limit=22),
        "status": "requires_payment_method",
        "transfer_data": transfer_data,
        "transfer_group": params.text(given, "transfer_group"),
        "_account": call.account,
        "_charges": [],
    }


def retrieve(call: Call) -> Obj:
    return _seen(call, _reach(call))


def update(call: Call) -> Obj:
    call.secret_only()
    intent, given = _reach(call), call.params
    frozen = intent["status"] not in paying.CONFIRMABLE
    for name in given:
        if frozen and name not in {"metadata", "description", "expand", "receipt_email", "transfer_group"}:
            raise paying.unexpected(intent, "update", f"it has a status of {intent['status']}")
    if "amount" in given or "currency" in given:
        currency = params.currency(given if "currency" in given else intent)
        amount = params.amount(given) or intent["amount"]
        currency.check_charge(amount)
        intent |= {"amount": amount, "currency": currency.code}
    if "application_fee_amount" in given:
        intent["application_fee_amount"] = params.amount(given, "application_fee_amount")
    for name in ("description", "receipt_email", "transfer_group", "customer"):
        if name in given:
            intent[name] = params.text(given, name)
    intent["metadata"] = params.metadata(given, intent["metadata"])
    if given.get("payment_method") or given.get("payment_method_data"):
        intent["payment_method"] = _method_of(call, intent)["id"]
        intent["status"] = "requires_confirmation"
    return public(call.box.store.save("payment_intents", intent))


def confirm(call: Call) -> Obj:
    intent, given = _reach(call), call.params
    if intent["status"] not in paying.CONFIRMABLE:
        past = {"succeeded": "it has already succeeded after being previously confirmed"}
        raise paying.unexpected(intent, "confirm", past.get(intent["status"], f"it has a status of {intent['status']}"))
    if "receipt_email" in given:
        intent["receipt_email"] = params.text(given, "receipt_email")
    method = _method_of(call, intent)
    _confirm(call, intent, method)
    return _seen(call, intent)


def capture(call: Call) -> Obj:
    call.secret_only()
    intent = _reach(call)
    if "application_fee_amount" in call.params:
        intent["application_fee_amount"] = params.amount(call.params, "application_fee_amount")
    intent["metadata"] = params.metadata(call.params, intent["metadata"])
    paying.capture(call.box, intent, params.amount(call.params, "amount_to_capture"))
    return public(intent)


def cancel(call: Call) -> Obj:
    call.secret_only()
    intent = _reach(call)
    paying.cancel(call.box, intent, params.choice(call.params, "cancellation_reason", REASONS))
    return public(intent)


def list_all(call: Call) -> Obj:
    call.secret_only()
    customer = params.text(call.params, "customer")
    return lists.page(
        call, "payment_intents", "/v1/payment_intents", lambda found: customer in {None, found["customer"]}
    )


def find(call: Call) -> Obj:
    call.secret_only()
    return search.page(call, "payment_intents", "/v1/payment_intents/search")


def _confirm(call: Call, intent: Obj, method: Obj) -> None:
    unasked = None
    if params.boolean(call.params, "error_on_requires_action"):
        unasked = cards.ACTION_UNWANTED
    elif call.params.get("off_session") not in {None, "", "false", "0"}:  # true, one_off or recurring
        unasked = cards.AUTHENTICATION_REQUIRED
    return_url = params.text(call.params, "return_url")
    paying.confirm(call.box, intent, method, return_url=return_url, origin=call.origin, unasked=unasked)


def _reach(call: Call) -> Obj:
    """The intent, for the secret key, or for the publishable key with the intent's own client secret."""
    intent = call.box.store.get("payment_intents", call.path)
    if intent is None or intent.get("_account") != call.account:
        raise ResourceMissing("payment_intent", call.path, param="intent")
    if call.publishable:
        secret = params.text(call.params, "client_secret")
        if secret is None:
            raise Unauthorized(
                "When using a publishable key, a client_secret is required.",
                code="secret_key_required",
                param="client_secret",
            )
        if not hmac.compare_digest(secret.encode(), intent["client_secret"].encode()):
            raise InvalidRequest(
                "The client_secret provided does not match any associated PaymentIntent on this account.",
                code="payment_intent_invalid_parameter", param="client_secret",
            )  # fmt: skip
    return intent


def _seen(call: Call, intent: Obj) -> Obj:
    return {name: intent.get(name) for name in _PUBLIC} if call.publishable else public(intent)


def _method_of(call: Call, intent: Obj) -> Obj:
    data = params.mapping(call.params, "payment_method_data")
    if data:
        return from_data(call, data)
    name = params.text(call.params, "payment_method") or intent["payment_method"]
    if name is None:
        raise InvalidRequest(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state", payment_intent=public(intent),
        )  # fmt: skip
    return resolve(call, name)[0]


_CONFIRM = (
    f"{_METHOD_FIELDS} amount_details amount_to_confirm capture_method error_on_requires_action mandate_data "
    "off_session receipt_email return_url setup_future_usage shipping use_stripe_sdk client_secret key "
    "expected_payment_method_type client_context radar_options"
)
ROUTES = (
    Route(
        "POST", "/v1/payment_intents", create,
        takes(
            "amount currency application_fee_amount automatic_payment_methods capture_method confirm "
            "confirmation_method customer error_on_requires_action mandate_data off_session on_behalf_of radar_options "
            f"return_url statement_descriptor statement_descriptor_suffix transfer_data transfer_group use_stripe_sdk "
            f"{_COMMON}"
        ),
    ),
    Route("GET", "/v1/payment_intents", list_all, takes(f"customer {lists.PAGING}")),
    Route("GET", "/v1/payment_intents/search", find, takes("query limit page")),
    Route("GET", "/v1/payment_intents/{id}", retrieve, takes("client_secret key"), publishable=True),
    Route(
        "POST", "/v1/payment_intents/{id}", update,
        takes(
            f"amount currency application_fee_amount capture_method customer statement_descriptor "
            f"statement_descriptor_suffix transfer_data transfer_group {_COMMON}"
        ),
    ),
    Route("POST", "/v1/payment_intents/{id}/confirm", confirm, takes(_CONFIRM), publishable=True),
    Route(
        "POST", "/v1/payment_intents/{id}/capture", capture,
        takes(
            "amount_to_capture application_fee_amount final_capture metadata statement_descriptor "
            "statement_descriptor_suffix"
        ),
    ),
    Route("POST", "/v1/payment_intents/{id}/cancel", cancel, takes("cancellation_reason")),
)  # fmt: skip
