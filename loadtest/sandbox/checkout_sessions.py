"""`/v1/checkout/sessions`: a hosted page that pays once, open for 30 minutes at least and 24 hours at most."""

from __future__ import annotations

from functools import partial

from loadtest.sandbox import limits, lists, params, paying, payment_intents
from loadtest.sandbox.calls import Call, Route, Sandbox, takes
from loadtest.sandbox.currencies import CURRENCIES
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.payment_methods import from_data, resolve
from loadtest.sandbox.store import new_id


def create(call: Call) -> Obj:
    call.secret_only()
    given = call.params
    if params.choice(given, "mode", ("payment", "setup", "subscription")) != "payment":
        raise InvalidRequest("This sandbox sells in `mode=payment` only.", param="mode")
    lines = _lines(given)
    now = call.box.store.now_s()
    expires_at = params.integer(given, "expires_at") or now + limits.CHECKOUT_EXPIRES_MAX_S
    if not now + limits.CHECKOUT_EXPIRES_MIN_S <= expires_at <= now + limits.CHECKOUT_EXPIRES_MAX_S:
        raise InvalidRequest(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    total = sum(line["amount_total"] for line in lines)
    identifier = new_id("cs_test_")
    # Checked now as Stripe does, made when the buyer pays: an abandoned session leaves no intent behind.
    intent_data = params.mapping(given, "payment_intent_data")
    payment_intents.new_intent(call, intent_data, amount=total, currency=CURRENCIES[lines[0]["currency"]])
    session: Obj = {
        "id": identifier,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": params.text(given, "cancel_url"),
        "client_reference_id": params.text(given, "client_reference_id"),
        "created": now,
        "currency": lines[0]["currency"],
        "customer": params.text(given, "customer"),
        "customer_details": None,
        "customer_email": params.text(given, "customer_email"),
        "expires_at": expires_at,
        "livemode": False,
        "metadata": params.metadata(given),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": params.required(given, "success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted",
        "url": f"{call.origin}/checkout/{identifier}",
        "_account": call.account,
        "_intent_data": intent_data,
        "_lines": lines,
    }
    call.box.store.save("checkout_sessions", session)
    _arm(call.box, session)
    return public(session)


def pay(call: Call, session: Obj, data: Obj) -> Obj:
    """The buyer pays on the hosted page with `payment_method` or card fields. Raises CardError on a decline."""
    if session["status"] != "open":
        raise InvalidRequest(f"This Checkout Session is {session['status']}.", code="checkout_session_unexpected_state")
    intent = call.box.store.get("payment_intents", session["payment_intent"])
    if intent is None:
        intent = payment_intents.new_intent(
            call, session["_intent_data"], amount=session["amount_total"], currency=CURRENCIES[session["currency"]]
        )
        intent["_session"] = session["id"]
        call.box.store.save("payment_intents", intent)
        session["payment_intent"] = intent["id"]
        call.emit("payment_intent.created", intent)
    name = params.text(data, "payment_method")
    method = resolve(call, name)[0] if name else from_data(call, data)
    paying.confirm(call.box, intent, method, return_url=session["success_url"], origin=call.origin)
    session["customer_details"] = {"email": session["customer_email"], "name": None}
    settle(call.box, session, intent)
    return session


def settle(box: Sandbox, session: Obj, intent: Obj) -> None:
    """Complete the session once its intent is paid, or will be."""
    if intent["status"] in {"succeeded", "processing", "requires_capture"} and session["status"] == "open":
        session |= {"status": "complete", "url": None}
        session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
        box.store.save("checkout_sessions", session)
        box.events.emit("checkout.session.completed", session)


def expire_now(box: Sandbox, session: Obj) -> None:
    session |= {"status": "expired", "url": None}
    intent = box.store.get("payment_intents", session["payment_intent"])
    if intent is not None and intent["status"] in paying.CANCELABLE:
        paying.cancel(box, intent, "abandoned")
    box.store.save("checkout_sessions", session)
    box.events.emit("checkout.session.expired", session)


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("checkout_sessions", call.path, account=call.account))


def expire(call: Call) -> Obj:
    call.secret_only()
    session = call.box.store.find("checkout_sessions", call.path, account=call.account)
    if session["status"] != "open":
        raise InvalidRequest(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}."
        )
    expire_now(call.box, session)
    return public(session)


def list_all(call: Call) -> Obj:
    call.secret_only()
    wanted = {name: params.text(call.params, name) for name in ("payment_intent", "customer", "status")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return lists.page(
        call, "checkout_sessions", "/v1/checkout/sessions",
        lambda found: all(found[name] == value for name, value in wanted.items()),
    )  # fmt: skip


def line_items(call: Call) -> Obj:
    call.secret_only()
    session = call.box.store.find("checkout_sessions", call.path, account=call.account)
    return {
        "object": "list", "data": session["_lines"], "has_more": False,
        "url": f"/v1/checkout/sessions/{call.path}/line_items",
    }  # fmt: skip


def rearm(box: Sandbox) -> None:
    """After a restart: open sessions get their deadline again."""
    for session in list(box.store.tables["checkout_sessions"].by_id.values()):
        if session["status"] == "open":
            _arm(box, session)


def _arm(box: Sandbox, session: Obj) -> None:
    box.timers.at(session["expires_at"], partial(_due, box, session["id"]))


def _due(box: Sandbox, identifier: str) -> None:
    session = box.store.get("checkout_sessions", identifier)
    if session is not None and session["status"] == "open":
        expire_now(box, session)


def _lines(given: Obj) -> list[Obj]:
    items = params.listing(given, "line_items")
    if not 1 <= len(items) <= limits.CHECKOUT_LINES_MAX:
        raise InvalidRequest("line_items must have between 1 and 100 entries.", param="line_items")
    lines: list[Obj] = []
    for index, item in enumerate(items):
        where = f"line_items[{index}]"
        if not isinstance(item, dict) or not params.mapping(item, "price_data"):
            raise InvalidRequest("This sandbox has no price list: give price_data.", param=where)
        price = params.mapping(item, "price_data")
        unit_amount = params.amount(price, "unit_amount") if price.get("unit_amount") != "0" else 0
        quantity = params.integer(item, "quantity") or 1
        if unit_amount is None or not 1 <= quantity <= 999_999:  # noqa: PLR2004 - Stripe's own bound
            raise InvalidRequest("Invalid line item", param=where)
        name = params.required(params.mapping(price, "product_data"), "name")
        lines.append({
            "id": new_id("li_"), "object": "item", "amount_subtotal": unit_amount * quantity,
            "amount_total": unit_amount * quantity, "currency": params.currency(price).code, "description": name,
            "price": {"object": "price", "unit_amount": unit_amount, "currency": params.currency(price).code},
            "quantity": quantity,
        })  # fmt: skip
    if len({line["currency"] for line in lines}) > 1:
        raise InvalidRequest("All line items must have the same currency.", param="line_items")
    return lines


ROUTES = (
    Route(
        "POST", "/v1/checkout/sessions", create,
        takes(
            "mode line_items success_url cancel_url expires_at client_reference_id customer customer_email metadata "
            "payment_intent_data payment_method_types payment_method_options locale submit_type ui_mode currency "
            "customer_creation automatic_tax billing_address_collection phone_number_collection allow_promotion_codes"
        ),
    ),
    Route("GET", "/v1/checkout/sessions", list_all, takes(f"payment_intent customer status {lists.PAGING}")),
    Route("GET", "/v1/checkout/sessions/{id}", retrieve, takes("")),
    Route("POST", "/v1/checkout/sessions/{id}/expire", expire, takes("")),
    Route("GET", "/v1/checkout/sessions/{id}/line_items", line_items, takes(lists.PAGING)),
)  # fmt: skip
