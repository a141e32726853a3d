"""Connect: accounts with their onboarding, transfers to them, application fees, and undoing both for a refund."""

from __future__ import annotations

import secrets

from loadtest.sandbox import charges, limits, lists, params
from loadtest.sandbox.calls import Call, Route, Sandbox, takes
from loadtest.sandbox.errors import InvalidRequest, Obj
from loadtest.sandbox.events import public
from loadtest.sandbox.store import Store, new_id

_DUE = ["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
_PROFILE = ("business_profile", "settings", "company", "individual", "tos_acceptance")


def create(call: Call) -> Obj:
    call.secret_only()
    given = call.params
    wanted = params.mapping(given, "capabilities") or {"card_payments": {}, "transfers": {}}
    account: Obj = {
        "id": "acct_" + secrets.token_hex(8),
        "object": "account",
        "business_profile": params.mapping(given, "business_profile"),
        "business_type": params.choice(
            given, "business_type", ("company", "government_entity", "individual", "non_profit")
        ),
        "capabilities": dict.fromkeys(wanted, "inactive"),
        "charges_enabled": False,
        "controller": params.mapping(given, "controller") or {"type": "application"},
        "country": (params.text(given, "country") or "CA").upper(),
        "created": call.box.store.now_s(),
        "default_currency": params.text(given, "default_currency") or "cad",
        "details_submitted": False,
        "email": params.text(given, "email"),
        "future_requirements": {"currently_due": [], "disabled_reason": None},
        "metadata": params.metadata(given),
        "payouts_enabled": False,
        "requirements": {"currently_due": list(_DUE), "disabled_reason": "requirements.past_due", "past_due": []},
        "settings": params.mapping(given, "settings"),
        "type": params.choice(given, "type", ("standard", "express", "custom"), "none"),
        "_account": None,
    }
    return public(call.box.store.save("accounts", account))


def retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("accounts", call.path))


def update(call: Call) -> Obj:
    call.secret_only()
    account = call.box.store.find("accounts", call.path)
    for name in _PROFILE:
        if name in call.params:
            account[name] = params.mapping(call.params, name)
    for name in params.mapping(call.params, "capabilities"):
        account["capabilities"].setdefault(name, "active" if account["details_submitted"] else "inactive")
    if "email" in call.params:
        account["email"] = params.text(call.params, "email")
    account["metadata"] = params.metadata(call.params, account["metadata"])
    call.emit("account.updated", account)
    return public(call.box.store.save("accounts", account))


def list_all(call: Call) -> Obj:
    call.secret_only()
    return lists.page(call, "accounts", "/v1/accounts", lambda found: not found.get("_deleted"))


def link(call: Call) -> Obj:
    """`/v1/account_links`: a page on which the organizer finishes onboarding, valid for five minutes."""
    call.secret_only()
    account = call.box.store.find("accounts", params.required(call.params, "account"), param="account")
    params.choice(call.params, "type", ("account_onboarding", "account_update"))
    account["_link"] = new_id("")
    account["_return_url"] = params.text(call.params, "return_url")
    account["_refresh_url"] = params.text(call.params, "refresh_url")
    account["_link_expires_at"] = call.box.store.now_s() + limits.ACCOUNT_LINK_LIFE_S
    call.box.store.save("accounts", account)
    return {
        "object": "account_link",
        "created": call.box.store.now_s(),
        "expires_at": account["_link_expires_at"],
        "url": f"{call.origin}/connect/{account['id']}/{account['_link']}",
    }


def onboard(box: Sandbox, account: Obj) -> Obj:
    """The organizer has answered everything: charges and payouts are enabled."""
    account |= {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
    account["requirements"] = {"currently_due": [], "disabled_reason": None, "past_due": []}
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    box.store.save("accounts", account)
    box.events.emit("account.updated", account)
    return account


def delete(call: Call) -> Obj:
    """Only one that never got money can go."""
    call.secret_only()
    account = call.box.store.find("accounts", call.path)
    if any(found["destination"] == account["id"] for found in call.box.store.tables["transfers"].by_id.values()):
        raise InvalidRequest("This account has a balance or a history and cannot be deleted.", param="account")
    account |= {"_deleted": True, "charges_enabled": False, "payouts_enabled": False}
    account["capabilities"] = dict.fromkeys(account["capabilities"], "inactive")
    call.box.store.save("accounts", account)
    return {"id": account["id"], "object": "account", "deleted": True}


def login_link(call: Call) -> Obj:
    """The organizer's own page at the provider; here it says that there is none."""
    call.secret_only()
    account = call.box.store.find("accounts", call.path)
    if not account["details_submitted"]:
        raise InvalidRequest("Cannot create a login link for an account that has not completed onboarding.")
    now_s = call.box.store.now_s()
    return {"object": "login_link", "created": now_s, "url": f"{call.origin}/connect/{account['id']}/login"}


def checked_destination(store: Store, transfer_data: Obj) -> Obj | None:
    """The `transfer_data` of a payment, refused if the account cannot receive transfers."""
    if not transfer_data:
        return None
    destination = params.required(transfer_data, "destination")
    account = store.find("accounts", destination, param="transfer_data[destination]")
    if account["capabilities"].get("transfers") != "active":
        raise InvalidRequest(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    share = params.amount(transfer_data, "amount")
    return {"destination": destination} | ({"amount": share} if share is not None else {})


def reverse_for_refund(box: Sandbox, charge: Obj, amount: int) -> str:
    """Take back the refunded part of the transfer, in proportion. Answers the reversal's id."""
    transfer = box.store.get("transfers", charge["transfer"])
    if transfer is None:
        raise InvalidRequest("Cannot reverse transfer: the charge has no transfer.", param="reverse_transfer")
    share = (
        transfer["amount"] * (charge["_refunding"] + amount) // charge["amount_captured"] - transfer["amount_reversed"]
    )
    reversal: str = _reverse(box, transfer, max(0, share))["id"]
    return reversal


def refund_fee(box: Sandbox, charge: Obj, amount: int) -> None:
    fee = box.store.get("application_fees", charge["application_fee"])
    if fee is None:
        raise InvalidRequest("The charge has no application fee to refund.", param="refund_application_fee")
    fee_given_back(box, fee, fee["amount"] * (charge["_refunding"] + amount) // charge["amount_captured"])


def fee_given_back(box: Sandbox, fee: Obj, in_all: int) -> None:
    more = max(0, in_all - fee["amount_refunded"])
    if more:
        about = fee | {"_account": fee["account"]}
        charges.balance_transaction(box, about, more, kind="application_fee_refund")
    fee["amount_refunded"] += more
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    box.store.save("application_fees", fee)
    box.events.emit("application_fee.refunded", fee)


def transfer_retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("transfers", call.path))


def transfer_list(call: Call) -> Obj:
    call.secret_only()
    wanted = {name: params.text(call.params, name) for name in ("destination", "transfer_group")}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return lists.page(
        call, "transfers", "/v1/transfers", lambda found: all(found[name] == value for name, value in wanted.items())
    )


def transfer_create(call: Call) -> Obj:
    call.secret_only()
    given = call.params
    account = checked_destination(call.box.store, {"destination": params.required(given, "destination")})
    identifier = new_id("tr_")
    transfer: Obj = {
        "id": identifier,
        "object": "transfer",
        "amount": params.amount(given),
        "amount_reversed": 0,
        "created": call.box.store.now_s(),
        "currency": params.currency(given).code,
        "description": params.text(given, "description"),
        "destination": account["destination"] if account else None,
        "livemode": False,
        "metadata": params.metadata(given),
        "reversed": False,
        "reversals": {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{identifier}/reversals"},
        "source_transaction": params.text(given, "source_transaction"),
        "source_type": "card",
        "transfer_group": params.text(given, "transfer_group"),
        "_account": None,
    }
    if transfer["amount"] is None:
        raise InvalidRequest("Missing required param: amount.", code="parameter_missing", param="amount")
    call.emit("transfer.created", transfer)
    return public(call.box.store.save("transfers", transfer))


def transfer_reverse(call: Call) -> Obj:
    call.secret_only()
    transfer = call.box.store.find("transfers", call.path)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = params.amount(call.params)
    if (amount or left) > left or left == 0:
        raise InvalidRequest(f"Reversal amount is greater than unreversed amount on transfer ({left})", param="amount")
    return _reverse(call.box, transfer, left if amount is None else amount)


def fee_list(call: Call) -> Obj:
    call.secret_only()
    charge = params.text(call.params, "charge")
    return lists.page(call, "application_fees", "/v1/application_fees", lambda found: charge in {None, found["charge"]})


def fee_retrieve(call: Call) -> Obj:
    call.secret_only()
    return public(call.box.store.find("application_fees", call.path))


def _reverse(box: Sandbox, transfer: Obj, amount: int) -> Obj:
    reversal: Obj = {
        "id": new_id("trr_"),
        "object": "transfer_reversal",
        "amount": amount,
        "created": box.store.now_s(),
        "currency": transfer["currency"],
        "metadata": {},
        "transfer": transfer["id"],
    }
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    box.store.save("transfers", transfer)
    box.events.emit("transfer.reversed", transfer)
    charges.balance_transaction(box, reversal | {"_account": transfer["destination"]}, -amount, kind="payment_refund")
    return reversal


_PROFILE_PARAMS = (
    "account_token business_profile business_type capabilities company default_currency documents email "
    "external_account individual metadata settings tos_acceptance"
)
ROUTES = (
    Route("POST", "/v1/accounts", create, takes(f"{_PROFILE_PARAMS} country type controller")),
    Route("GET", "/v1/accounts", list_all, takes(lists.PAGING)),
    Route("GET", "/v1/accounts/{id}", retrieve, takes("")),
    Route("POST", "/v1/accounts/{id}", update, takes(_PROFILE_PARAMS)),
    Route("DELETE", "/v1/accounts/{id}", delete, takes("")),
    Route("POST", "/v1/accounts/{id}/login_links", login_link, takes("")),
    Route("POST", "/v1/account_links", link, takes("account type return_url refresh_url collect collection_options")),
    Route(
        "POST", "/v1/transfers", transfer_create,
        takes("amount currency destination description metadata source_transaction source_type transfer_group"),
    ),
    Route("GET", "/v1/transfers", transfer_list, takes(f"destination transfer_group {lists.PAGING}")),
    Route("GET", "/v1/transfers/{id}", transfer_retrieve, takes("")),
    Route(
        "POST", "/v1/transfers/{id}/reversals", transfer_reverse,
        takes("amount description metadata refund_application_fee"),
    ),
    Route("GET", "/v1/application_fees", fee_list, takes(f"charge {lists.PAGING}")),
    Route("GET", "/v1/application_fees/{id}", fee_retrieve, takes("")),
)  # fmt: skip
