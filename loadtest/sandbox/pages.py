"""The pages that Stripe or a bank would host, marked as a sandbox: 3-D Secure, Checkout, Connect onboarding."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from loadtest.sandbox import checkout_sessions, connect, paying
from loadtest.sandbox.calls import Sandbox
from loadtest.sandbox.control_routes import hosted_call
from loadtest.sandbox.currencies import CURRENCIES
from loadtest.sandbox.errors import Obj, StripeError

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title} (sandbox)</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 12vh auto; padding: 0 1.25rem; }}
.mark {{ display: inline-block; font-size: .75rem; letter-spacing: .06em; text-transform: uppercase;
  padding: .1rem .5rem; border: 1px solid currentColor; border-radius: 99px; }}
h1 {{ font-size: 1.5rem; line-height: 1.2; margin: 1rem 0 .25rem; }}
.problem {{ border-left: 4px solid #c62828; padding-left: .75rem; }}
label {{ display: block; margin: 1rem 0 .25rem; }}
input {{ font: inherit; width: 100%; box-sizing: border-box; padding: .55rem .7rem; }}
button {{ font: inherit; padding: .6rem 1.1rem; margin: 1.25rem .5rem 0 0; border-radius: .5rem; border: 1px solid;
  cursor: pointer; }}
button.main {{ background: #1f5eff; border-color: #1f5eff; color: #fff; }}
button:focus-visible, input:focus-visible {{ outline: 3px solid #ffb300; outline-offset: 2px; }}
</style></head><body><main><span class="mark">Payment sandbox, no real money</span>
<h1>{title}</h1>{body}</main></body></html>"""


def add(app: web.Application, box: Sandbox) -> None:
    hosted = _Hosted(box)
    app.router.add_get("/3ds/{id}/{token}", hosted.challenge)
    app.router.add_post("/3ds/{id}/{token}", hosted.answer_challenge)
    app.router.add_get("/checkout/{id}", hosted.checkout)
    app.router.add_post("/checkout/{id}", hosted.pay)
    app.router.add_get("/connect/{id}/{token}", hosted.onboarding)
    app.router.add_post("/connect/{id}/{token}", hosted.onboard)


class _Hosted:
    """GET shows a form, POST does it and sends the browser back where it came from."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    async def challenge(self, request: web.Request) -> web.Response:
        intent = self._reach(request, "payment_intents", "_challenge")
        if intent["status"] != "requires_action":
            return _page("This payment was already answered", "<p>You can close this page.</p>")
        return _page(
            "Is this payment yours?",
            f"<p>Your bank asks you to approve a payment of <strong>{_money(intent)}</strong>.</p>"
            '<form method="post"><button class="main" name="outcome" value="succeed">Complete authentication</button>'
            '<button name="outcome" value="fail">Fail authentication</button></form>',
        )

    async def answer_challenge(self, request: web.Request) -> web.Response:
        intent = self._reach(request, "payment_intents", "_challenge")
        form = await request.post()
        if intent["status"] == "requires_action":
            passed = form.get("outcome") == "succeed"
            try:
                paying.answer_challenge(self._box, intent, passed=passed)
            except StripeError as error:
                return _page("That did not work", _problem(error), status=error.status)
            session = self._box.store.get("checkout_sessions", intent.get("_session"))
            if session is not None:
                checkout_sessions.settle(self._box, session, intent)
        if not intent["_return_url"]:
            return _page("Thank you", "<p>Your answer was sent to the shop. You can close this page.</p>")
        paid = intent["status"] in {"succeeded", "processing", "requires_capture"}
        raise web.HTTPSeeOther(
            _with_query(
                intent["_return_url"],
                {
                    "payment_intent": intent["id"],
                    "payment_intent_client_secret": intent["client_secret"],
                    "redirect_status": "succeeded" if paid else "failed",
                },
            )
        )

    async def checkout(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session["status"] != "open":
            return _page("This checkout is closed", f"<p>It is {escape(session['status'])}.</p>")
        return _page("Pay", _checkout_form(session))

    async def pay(self, request: web.Request) -> web.Response:
        session = self._session(request)
        form = await request.post()
        number = str(form.get("number", ""))
        try:
            checkout_sessions.pay(
                hosted_call(self._box, request, session), session, {"type": "card", "card": {"number": number}}
            )
        except StripeError as error:
            return _page("Pay", _problem(error) + _checkout_form(session), status=error.status)
        intent = self._box.store.tables["payment_intents"].by_id[session["payment_intent"]]
        if intent["next_action"]:
            raise web.HTTPSeeOther(intent["next_action"]["redirect_to_url"]["url"])
        raise web.HTTPSeeOther(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))

    async def onboarding(self, request: web.Request) -> web.Response:
        account = self._reach(request, "accounts", "_link")
        if account["_link_expires_at"] < self._box.store.now_s():
            if account["_refresh_url"]:
                raise web.HTTPSeeOther(account["_refresh_url"])
            return _page("This link has expired", "<p>Ask for a new one.</p>")
        return _page(
            "Get paid with this sandbox",
            "<p>Here an organizer tells the payment provider who they are. Nothing is asked in the sandbox.</p>"
            '<form method="post"><button class="main">Agree and submit</button></form>',
        )

    async def onboard(self, request: web.Request) -> web.Response:
        account = self._reach(request, "accounts", "_link")
        connect.onboard(self._box, account)
        if account["_return_url"]:
            raise web.HTTPSeeOther(account["_return_url"])
        return _page("You are ready to be paid", "<p>You can close this page.</p>")

    def _reach(self, request: web.Request, table: str, token: str) -> Obj:
        found = self._box.store.get(table, request.match_info["id"])
        given = request.match_info["token"]
        if found is None or not hmac.compare_digest(str(found.get(token, "")).encode(), given.encode()):
            raise web.HTTPNotFound
        return found

    def _session(self, request: web.Request) -> Obj:
        session = self._box.store.get("checkout_sessions", request.match_info["id"])
        if session is None:
            raise web.HTTPNotFound
        return session


def _page(title: str, body: str, status: int = 200) -> web.Response:
    text = _PAGE.format(title=escape(title), body=body)
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


def _checkout_form(session: Obj) -> str:
    lines = "".join(f"<li>{line['quantity']} &times; {escape(line['description'])}</li>" for line in session["_lines"])
    amount = _money({"amount": session["amount_total"], "currency": session["currency"]})
    return (
        f'<ul>{lines}</ul><form method="post"><label for="number">Test card number</label>'
        '<input id="number" name="number" inputmode="numeric" autocomplete="off" value="4242 4242 4242 4242" required>'
        f'<button class="main">Pay {amount}</button></form>'
    )


def _problem(error: StripeError) -> str:
    return f'<p class="problem" role="alert">{escape(error.message)}</p>'


def _money(found: Obj) -> str:
    return escape(CURRENCIES[found["currency"]].words(found["amount"]))


def _with_query(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *more.items()])))
