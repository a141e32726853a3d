"""Stand-ins for providers of texts: Twilio's messages and WAHA's ``sendText``, with one inbox for both.

``GET /messages`` lists newest first, ``/`` is a page for people, ``POST /_sandbox/controls`` makes the weather:
``{"fail_next": n, "status": 503}``. A text that was taken is told to have arrived, signed as its provider signs: to the
``StatusCallback`` of an SMS, to ``--whatsapp-hook`` of a WhatsApp message, signed with ``ONSALE_WHATSAPP_HOOK_KEY``.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hmac
import html
import os
import re
import signal
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from aiohttp import web

MESSAGES_MAX = 5_000
LIST_MAX = 200
BODY_BYTES_MAX = 64 * 1024
TOLD_AFTER_S = 0.2
TELL_MAX_S = 5.0
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}\Z")
CHAT = re.compile(r"[1-9][0-9]{6,14}@c\.us\Z")
NO_SUCH_NUMBER = 21211  # Twilio's code for an invalid To
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<meta name=color-scheme content='light dark'><meta http-equiv=refresh content=5><title>Caught texts</title>"
    "<style>body{font:1rem/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}li{margin:.5rem 0}</style>"
    "<h1>Caught texts</h1><p>Nothing here was sent to anybody.</p><ul>%s</ul>"
)


@dataclass
class Inbox:
    """The newest MESSAGES_MAX texts, and what the next ones meet."""

    hook: str = ""
    hook_key: str = ""
    fail_next: int = 0
    status: int = 503
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MESSAGES_MAX))
    count: int = 0
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    def fails(self) -> bool:
        """Whether this one is refused by the weather."""
        self.fail_next = max(0, self.fail_next)
        if not self.fail_next:
            return False
        self.fail_next -= 1
        return True

    def keep(self, channel: str, to: str, sender: str, text: str) -> str:
        """The provider's id of a text that is kept."""
        self.count += 1
        named = f"SM{self.count:032x}" if channel == "sms" else f"true_{to.lstrip('+')}@c.us_{self.count:020X}"
        kept = {"id": self.count, "channel": channel, "to": to, "from": sender, "text": text, "provider_id": named}
        self.messages.appendleft(kept)
        return named

    def newest(self, to: str | None, channel: str | None) -> list[dict[str, Any]]:
        """Those to a number, by a way; LIST_MAX at most."""
        found = [m for m in self.messages if to in (None, m["to"]) and channel in (None, m["channel"])]
        return found[:LIST_MAX]

    def tell(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        """Soon, once; if nobody listens, nobody hears."""
        task = asyncio.get_running_loop().create_task(_posted(url, body, headers))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


async def _posted(url: str, body: bytes, headers: dict[str, str]) -> None:
    await asyncio.sleep(TOLD_AFTER_S)
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TELL_MAX_S)) as client:
            await client.post(url, data=body, headers=headers)


class Providers:
    """What both answer, over one inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def sms(self, request: web.Request) -> web.Response:
        """Twilio's: a text is queued, and told to have arrived."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        credentials = _basic(request)
        if credentials is None or credentials[0] != request.match_info["account"]:
            return _json({"code": 20003, "message": "Authenticate", "status": 401}, 401)
        if self._inbox.fails():
            status = self._inbox.status
            return _json({"code": 20500, "message": "Internal server error", "status": status}, status)
        to, text = form.get("To", ""), form.get("Body", "")
        if not NUMBER.match(to) or not text:
            return _json({"code": NO_SUCH_NUMBER, "message": "Invalid 'To' Phone Number", "status": 400}, 400)
        sid = self._inbox.keep("sms", to, form.get("From") or form.get("MessagingServiceSid", ""), text)
        if form.get("StatusCallback"):
            self._tell_sms(
                form["StatusCallback"], {"MessageSid": sid, "MessageStatus": "delivered", "To": to}, credentials[1]
            )
        return _json({"sid": sid, "status": "queued", "to": to, "body": text}, 201)

    def _tell_sms(self, url: str, fields: dict[str, str], secret: str) -> None:
        signed = url + "".join(name + fields[name] for name in sorted(fields))
        signature = base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        self._inbox.tell(url, urlencode(fields).encode(), headers)

    async def whatsapp(self, request: web.Request) -> web.Response:
        """WAHA's: a text is sent, and told to be on the telephone."""
        if self._inbox.fails():
            return _json({"message": "Session is not ready"}, self._inbox.status)
        try:
            told = orjson.loads(await request.read())
            chat, text, session = told["chatId"], told["text"], told["session"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _json({"message": "session, chatId and text are needed"}, 422)
        if not isinstance(text, str) or not isinstance(chat, str) or not CHAT.match(chat):
            return _json({"message": "No such chat"}, 422)
        named = self._inbox.keep("whatsapp", "+" + chat.partition("@")[0], str(session), text)
        if self._inbox.hook:
            body = orjson.dumps({"event": "message.ack", "session": session, "payload": {"id": named, "ack": 2}})
            signature = hmac.new(self._inbox.hook_key.encode(), body, "sha512").hexdigest()
            headers = {"Content-Type": "application/json", "X-Webhook-Hmac": signature}
            self._inbox.tell(self._inbox.hook, body, headers)
        return _json({"id": named, "body": text}, 201)

    async def messages(self, request: web.Request) -> web.Response:
        """The inbox, newest first; ``?to=`` a number, ``?channel=`` sms or whatsapp."""
        return _json({"data": self._inbox.newest(request.query.get("to"), request.query.get("channel"))})

    async def controls(self, request: web.Request) -> web.Response:
        """The weather."""
        asked = orjson.loads(await request.read() or b"{}")
        self._inbox.fail_next = int(asked.get("fail_next", self._inbox.fail_next))
        self._inbox.status = int(asked.get("status", self._inbox.status))
        return _json({"fail_next": self._inbox.fail_next, "status": self._inbox.status})

    async def page(self, _request: web.Request) -> web.Response:
        """The inbox for people."""
        rows = "".join(
            f"<li>{html.escape(m['channel'])} to {html.escape(m['to'])}: {html.escape(m['text'])}"
            for m in self._inbox.newest(None, None)
        )
        return web.Response(text=PAGE % (rows or "<li>Nothing yet"), content_type="text/html")


def create_app(inbox: Inbox) -> web.Application:
    """Both providers and the inbox."""
    providers = Providers(inbox)
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_post("/2010-04-01/Accounts/{account}/Messages.json", providers.sms)
    app.router.add_post("/api/sendText", providers.whatsapp)
    app.router.add_get("/messages", providers.messages)
    app.router.add_post("/_sandbox/controls", providers.controls)
    app.router.add_get("/", providers.page)
    return app


def _basic(request: web.Request) -> tuple[str, str] | None:
    try:
        given = aiohttp.BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        return None
    return given.login, given.password


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


async def serve(host: str, port: int, hook: str, hook_key: str) -> None:
    """Until cancelled; prints one JSON line when it listens."""
    runner = web.AppRunner(create_app(Inbox(hook=hook, hook_key=hook_key)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    print(orjson.dumps({"ready": True, "url": f"http://{host}:{runner.addresses[0][1]}"}).decode(), flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(prog="texts")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--whatsapp-hook", default="")
    options = parser.parse_args()

    async def until_stopped() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await serve(options.host, options.port, options.whatsapp_hook, os.environ.get("ONSALE_WHATSAPP_HOOK_KEY", ""))

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(until_stopped())


if __name__ == "__main__":
    main()
