"""`/v1/customers`: the people who pay more than once."""

from __future__ import annotations

from loadtest.sandbox import lists, params, search
from loadtest.sandbox.calls import Call, Route, takes
from loadtest.sandbox.errors import Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.store import new_id

_TEXTS = ("description", "email", "name", "phone")
_OBJECTS = ("address", "shipping", "invoice_settings")
_TAKES = (
    "address description email invoice_settings metadata name phone shipping preferred_locales tax tax_exempt "
    "individual_name business_name"
)


def create(call: Call) -> Obj:
    call.secret_only()
    customer: Obj = {
        "id": new_id("cus_"),
        "object": "customer",
        "balance": 0,
        "created": call.box.store.now_s(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "livemode": False,
        "metadata": {},
        "preferred_locales": [],
        "tax_exempt": "none",
        **dict.fromkeys((*_TEXTS, *_OBJECTS)),
        "_account": call.account,
    }
    _fill(customer, call.params)
    call.emit("customer.created", customer)
    return public(call.box.store.save("customers", customer))


def retrieve(call: Call) -> Obj:
    call.secret_only()
    customer = call.box.store.find("customers", call.path, account=call.account)
    if customer.get("_deleted"):
        return {"id": customer["id"], "object": "customer", "deleted": True}
    return public(customer)


def update(call: Call) -> Obj:
    call.secret_only()
    customer = call.box.store.find("customers", call.path, account=call.account)
    _fill(customer, call.params)
    call.emit("customer.updated", customer)
    return public(call.box.store.save("customers", customer))


def delete(call: Call) -> Obj:
    """What is known about the person goes; the id stays, for the charges that name it."""
    call.secret_only()
    customer = call.box.store.find("customers", call.path, account=call.account)
    customer |= {**dict.fromkeys((*_TEXTS, *_OBJECTS)), "metadata": {}, "_deleted": True}
    call.emit("customer.deleted", customer)
    call.box.store.save("customers", customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}


def list_all(call: Call) -> Obj:
    call.secret_only()
    email = params.text(call.params, "email")
    return lists.page(
        call, "customers", "/v1/customers",
        lambda found: email in {None, found["email"]} and not found.get("_deleted"),
    )  # fmt: skip


def find(call: Call) -> Obj:
    call.secret_only()
    return search.page(call, "customers", "/v1/customers/search")


def _fill(customer: Obj, given: Obj) -> None:
    for name in _TEXTS:
        if name in given:
            customer[name] = params.text(given, name)
    for name in _OBJECTS:
        if name in given:
            customer[name] = params.mapping(given, name) or None
    customer["metadata"] = params.metadata(given, customer["metadata"])


ROUTES = (
    Route("POST", "/v1/customers", create, takes(f"payment_method {_TAKES}")),
    Route("GET", "/v1/customers", list_all, takes(f"email {lists.PAGING}")),
    Route("GET", "/v1/customers/search", find, takes("query limit page")),
    Route("GET", "/v1/customers/{id}", retrieve, takes("")),
    Route("POST", "/v1/customers/{id}", update, takes(_TAKES)),
    Route("DELETE", "/v1/customers/{id}", delete, takes("")),
)
