"""A small OpenID provider for one machine: anybody signs in as anybody, so that journeys run without the internet.

``/authorize`` asks who one is and sends the browser back with a code, ``/token`` changes it for an ID token (PKCE S256
is demanded), ``/jwks`` has the key. ``POST /_sandbox/controls`` sets the weather, and may answer for the person:

person          {"sub", "email", "email_verified", "name"}: nobody is asked; null asks again
late_s          how long the token is kept waiting
wrong           "", or what is wrong with the next tokens: nonce, issuer, audience, key, expired, broken
declines        the person says no
away            /token and /jwks answer 503
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import html
import secrets
import signal
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

CODES_MAX = 1_000
LATE_S_MAX = 60.0
TOKEN_TTL_S = 300
WRONGS = frozenset({"", "nonce", "issuer", "audience", "key", "expired", "broken"})
KEY_ID = "sandbox"
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<meta name=color-scheme content='light dark'><title>Sandbox account</title>"
    "<style>body{font:1rem/1.5 system-ui;max-width:24rem;margin:2rem auto;padding:0 1rem}"
    "label,button{display:block;margin:1rem 0}input[type=text]{width:100%%;font:inherit}</style>"
    "<h1>Sandbox account</h1><p>Nobody checks who you are: this provider is for trying things out.</p>"
    "<form method=post action='?%s'>"
    "<label>E-mail address <input type=text name=email value='ada@example.test'></label>"
    "<label>Name <input type=text name=name value='Ada Lovelace'></label>"
    "<label><input type=checkbox name=verified checked> The address is proven</label>"
    "<button name=answer value=yes>Sign in</button><button name=answer value=no>Say no</button></form>"
)


@dataclass(slots=True)
class Controls:
    """The weather."""

    person: dict[str, Any] | None = None
    late_s: float = 0.0
    wrong: str = ""
    declines: bool = False
    away: bool = False


@dataclass(slots=True)
class Provider:
    """``issuer``: its own address; ``codes`` are those that were not used yet."""

    issuer: str = ""
    controls: Controls = field(default_factory=Controls)
    codes: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def keys(self) -> dict[str, Any]:
        told = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**told, "kid": KEY_ID, "use": "sig", "alg": "ES256"}]}

    def code_for(self, asked: dict[str, str], person: dict[str, Any]) -> str:
        """A code that the client changes for a token."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = {"asked": asked, "person": person}
        if len(self.codes) > CODES_MAX:
            self.codes.popitem(last=False)
        return code

    def token(self, asked: dict[str, str], person: dict[str, Any]) -> str:
        """The ID token, with what the weather makes wrong of it."""
        wrong, now_s = self.controls.wrong, int(time.time())
        if wrong == "broken":
            return "not.a.token"
        claims = {
            "iss": "https://somebody.else.test" if wrong == "issuer" else self.issuer,
            "aud": "somebody-else" if wrong == "audience" else asked["client_id"],
            "nonce": "another" if wrong == "nonce" else asked.get("nonce", ""),
            "iat": now_s - (7200 if wrong == "expired" else 0),
            "exp": now_s - 3600 if wrong == "expired" else now_s + TOKEN_TTL_S,
            **person,
        }
        key = ec.generate_private_key(ec.SECP256R1()) if wrong == "key" else self.key
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": KEY_ID})

    async def discovery(self, request: web.Request) -> web.Response:
        at = self.issuer = self.issuer or f"http://{request.host}"
        return _json({
            "issuer": at,
            "authorization_endpoint": at + "/authorize",
            "token_endpoint": at + "/token",
            "jwks_uri": at + "/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    async def authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        if asked.get("code_challenge_method") != "S256" or asked.get("response_type") != "code":
            return _json({"error": "invalid_request"}, 400)
        person = self.controls.person
        if self.controls.declines:
            return _back(asked, {"error": "access_denied"})
        if request.method == "POST":
            form = await request.post()
            if form.get("answer") == "no":
                return _back(asked, {"error": "access_denied"})
            person = person_of(str(form["email"]), str(form["name"]), verified="verified" in form)
        if person is None:
            shown = PAGE % html.escape(request.query_string, quote=True)
            return web.Response(text=shown, content_type="text/html")
        return _back(asked, {"code": self.code_for(asked, person)})

    async def exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        await asyncio.sleep(self.controls.late_s)
        if self.controls.away:
            return _json({"error": "temporarily_unavailable"}, 503)
        known = self.codes.pop(str(form.get("code", "")), None)
        if known is None:
            return _json({"error": "invalid_grant"}, 400)
        asked = known["asked"]
        shown = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        if (
            base64.urlsafe_b64encode(shown).decode().rstrip("=") != asked.get("code_challenge")
            or form.get("redirect_uri") != asked.get("redirect_uri")
            or form.get("client_id") != asked.get("client_id")
        ):
            return _json({"error": "invalid_grant"}, 400)
        signed = self.token(asked, known["person"])
        return _json({"access_token": "opaque", "token_type": "Bearer", "expires_in": TOKEN_TTL_S, "id_token": signed})

    async def show_keys(self, _request: web.Request) -> web.Response:
        return _json(self.keys()) if not self.controls.away else _json({}, 503)

    async def read_controls(self, _request: web.Request) -> web.Response:
        return _json(_shown(self.controls))

    async def set_controls(self, request: web.Request) -> web.Response:
        given = orjson.loads(await request.read())
        if not isinstance(given, dict) or not given.keys() <= set(Controls.__dataclass_fields__):
            return _json({"code": "unknown_switch", "message": "No such switch"}, 422)
        if given.get("wrong", "") not in WRONGS or not 0 <= float(given.get("late_s", 0)) <= LATE_S_MAX:
            return _json({"code": "invalid_value", "message": "No such weather"}, 422)
        for name, value in given.items():
            setattr(self.controls, name, value)
        return _json(_shown(self.controls))


def person_of(email: str, name: str, *, verified: bool) -> dict[str, Any]:
    """Who types an address is the same person each time."""
    subject = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]
    return {"sub": subject, "email": email.strip(), "email_verified": verified, "name": name}


def create_app(provider: Provider) -> web.Application:
    """The provider over HTTP; its issuer is the address that it is asked at, unless it has one."""
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider.discovery)
    app.router.add_get("/authorize", provider.authorize)
    app.router.add_post("/authorize", provider.authorize)
    app.router.add_post("/token", provider.exchange)
    app.router.add_get("/jwks", provider.show_keys)
    app.router.add_get("/_sandbox/controls", provider.read_controls)
    app.router.add_post("/_sandbox/controls", provider.set_controls)
    return app


def _shown(controls: Controls) -> dict[str, Any]:
    return {name: getattr(controls, name) for name in Controls.__dataclass_fields__}


def _back(asked: dict[str, str], answer: dict[str, str]) -> web.Response:
    to = asked.get("redirect_uri", "") + "?" + urlencode({**answer, "state": asked.get("state", "")})
    return web.Response(status=303, headers={"Location": to})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


async def serve(host: str, port: int) -> None:
    """Until cancelled; prints one JSON line when it listens."""
    provider = Provider()
    runner = web.AppRunner(create_app(provider), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        provider.issuer = f"http://{host}:{runner.addresses[0][1]}"
        print(orjson.dumps({"ready": True, "url": provider.issuer}).decode(), flush=True)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(prog="oidc")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()

    async def until_stopped() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await serve(options.host, options.port)

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(until_stopped())


if __name__ == "__main__":
    main()
