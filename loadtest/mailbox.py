"""A mail catcher: a real SMTP server that keeps the newest messages and shows them over HTTP.

``GET /messages`` lists newest first, ``/messages/{n}`` is one (text, html, attachments), ``/messages/{n}/files/{name}``
what it carries, pictures by their content id; ``/`` is a page for people.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email.policy
import html
from collections import OrderedDict, deque
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGES_MAX = 5000
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
FILES_OF_MESSAGES_MAX = 100  # older messages keep their words and lose their files
LIST_MAX = 200
SHOWN_TYPES = {"image/png", "image/svg+xml", "application/pdf"}
LETTER_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<meta name=color-scheme content='light dark'><meta http-equiv=refresh content=5><title>Caught mail</title>"
    "<style>body{font:1rem/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}li{margin:.5rem 0}</style>"
    "<h1>Caught mail</h1><p>Nothing here was sent to anybody.</p><ul>%s</ul>"
)


class Mailbox:
    """The newest MESSAGES_MAX messages."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque(maxlen=MESSAGES_MAX)
        self._files: OrderedDict[int, dict[str, tuple[str, bytes]]] = OrderedDict()
        self._count = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        message = BytesParser(policy=email.policy.default).parsebytes(raw)
        assert isinstance(message, EmailMessage)
        self._count += 1
        self._files[self._count] = _files(message)
        if len(self._files) > FILES_OF_MESSAGES_MAX:
            self._files.popitem(last=False)
        self._messages.appendleft({
            "id": self._count,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": str(message["subject"] or ""),
            "text": _part(message, "plain"),
            "html": _part(message, "html"),
            "attachments": [
                {
                    "name": part.get_filename(),
                    "type": part.get_content_type(),
                    "bytes": len(part.get_payload(decode=True) or b""),
                }
                for part in message.iter_attachments()
            ],
        })  # fmt: skip
        return "250 Kept"

    def newest(self, to: str | None) -> list[dict[str, Any]]:
        return [m for m in self._messages if to is None or to in m["to"]][:LIST_MAX]

    def file(self, number: int, name: str) -> tuple[str, bytes] | None:
        """Type and bytes of what a message carries, by file name or content id."""
        return self._files.get(number, {}).get(name)

    def one(self, number: int) -> dict[str, Any] | None:
        return next((m for m in self._messages if m["id"] == number), None)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part is not None else ""


def _files(message: EmailMessage) -> dict[str, tuple[str, bytes]]:
    """What a message carries: pictures by content id, attachments by file name."""
    found: dict[str, tuple[str, bytes]] = {}
    for part in message.walk():
        payload = part.get_payload(decode=True)
        name = str(part["content-id"] or "").strip("<>") or part.get_filename()
        if name and isinstance(payload, bytes):
            found[name] = (part.get_content_type(), payload)
    return found


def _line(message: dict[str, Any]) -> str:
    """A message in the list for people."""
    at = f"/messages/{message['id']}"
    named = [str(each["name"]) for each in message["attachments"] if each["name"]]
    files = "".join(f" · <a href='{at}/files/{quote(name)}'>{html.escape(name)}</a>" for name in named)
    to = html.escape(", ".join(message["to"]))
    return f"<li><a href='{at}/html'>{html.escape(message['subject'])}</a> to {to}{files}"


def create_app(mailbox: Mailbox) -> web.Application:
    """The HTTP side."""

    async def messages(request: web.Request) -> web.Response:
        return _json({"data": mailbox.newest(request.query.get("to"))})

    async def message(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        found = mailbox.one(int(number)) if number.isdecimal() else None
        return _json(found or {"code": "not_found", "message": "No such message"}, 200 if found else 404)

    async def page(_request: web.Request) -> web.Response:
        rows = "".join(_line(message) for message in mailbox.newest(None))
        return web.Response(text=PAGE % (rows or "<li>Nothing yet"), content_type="text/html")

    async def rendered(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        found = mailbox.one(int(number)) if number.isdecimal() else None
        if found is None:
            raise web.HTTPNotFound
        body = found["html"] or f"<pre>{html.escape(found['text'])}</pre>"
        body = body.replace('src="cid:', f'src="/messages/{number}/files/')
        return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": LETTER_POLICY})

    async def carried(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        found = mailbox.file(int(number), request.match_info["name"]) if number.isdecimal() else None
        if found is None:
            raise web.HTTPNotFound
        kind, content = found
        shown = kind if kind in SHOWN_TYPES else "application/octet-stream"
        return web.Response(body=content, content_type=shown, headers={"X-Content-Type-Options": "nosniff"})

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/messages", messages)
    app.router.add_get("/messages/{number}", message)
    app.router.add_get("/messages/{number}/html", rendered)
    app.router.add_get("/messages/{number}/files/{name}", carried)
    return app


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


async def serve(host: str, smtp_port: int, http_port: int) -> None:
    """Both servers until cancelled; prints one JSON line when they listen."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: SMTP(mailbox, data_size_limit=MESSAGE_BYTES_MAX, enable_SMTPUTF8=True), host, smtp_port
    )
    runner = web.AppRunner(create_app(mailbox), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, http_port)
    await site.start()
    port = runner.addresses[0][1]
    smtp_at = smtp.sockets[0].getsockname()[1]
    print(orjson.dumps({"ready": True, "url": f"http://{host}:{port}", "smtp_port": smtp_at}).decode(), flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        smtp.close()
        await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(prog="mailbox")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    options = parser.parse_args()

    async def until_stopped() -> None:
        task = asyncio.current_task()
        assert task is not None
        import signal  # noqa: PLC0415 - only the process needs it

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await serve(options.host, options.smtp_port, options.http_port)

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(until_stopped())


if __name__ == "__main__":
    main()
