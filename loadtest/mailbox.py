"""A mail catcher: a real SMTP server that keeps the newest messages and shows them over HTTP.

``GET /messages`` lists newest first, ``/messages/{n}`` is one (text, html, attachments), ``/`` is a page for people.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email.policy
import html
from collections import deque
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import orjson
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

MESSAGES_MAX = 5000
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
LIST_MAX = 200


class Mailbox:
    """The newest MESSAGES_MAX messages."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque(maxlen=MESSAGES_MAX)
        self._count = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        message = BytesParser(policy=email.policy.default).parsebytes(raw)
        assert isinstance(message, EmailMessage)
        self._count += 1
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

    def one(self, number: int) -> dict[str, Any] | None:
        return next((m for m in self._messages if m["id"] == number), None)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part is not None else ""


def create_app(mailbox: Mailbox) -> web.Application:
    """The HTTP side."""

    async def messages(request: web.Request) -> web.Response:
        return _json({"data": mailbox.newest(request.query.get("to"))})

    async def message(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        found = mailbox.one(int(number)) if number.isdecimal() else None
        return _json(found or {"code": "not_found", "message": "No such message"}, 200 if found else 404)

    async def page(_request: web.Request) -> web.Response:
        rows = "".join(
            f"<li><a href='/messages/{m['id']}/html'>{html.escape(m['subject'])}</a> "
            f"to {html.escape(', '.join(m['to']))}</li>"
            for m in mailbox.newest(None)
        )
        head = "<!doctype html><html lang=en><meta charset=utf-8><title>Mail</title><h1>Caught mail</h1>"
        return web.Response(text=f"{head}<ul>{rows or '<li>Nothing yet</li>'}</ul>", content_type="text/html")

    async def rendered(request: web.Request) -> web.Response:
        number = request.match_info["number"]
        found = mailbox.one(int(number)) if number.isdecimal() else None
        if found is None:
            raise web.HTTPNotFound
        policy = "default-src 'none'; img-src data: cid:; style-src 'unsafe-inline'"
        body = found["html"] or f"<pre>{html.escape(found['text'])}</pre>"
        return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/messages", messages)
    app.router.add_get("/messages/{number}", message)
    app.router.add_get("/messages/{number}/html", rendered)
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
