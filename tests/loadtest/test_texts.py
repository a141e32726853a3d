"""The stand-ins for providers of texts: both inboxes, refusals, and the signed word that a text arrived."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engine.domain.messages import hooks
from loadtest.texts import Inbox, create_app


async def test_texts_are_kept_and_their_arrival_is_told_as_the_providers_sign_it():
    heard: list[tuple[str, bytes, Any]] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((str(request.url), await request.read(), request.headers))
        return web.Response()

    listener = web.Application()
    listener.router.add_post("/{way}", hear)
    async with (
        TestServer(listener) as told,
        TestClient(TestServer(create_app(Inbox(hook=str(told.make_url("/whatsapp")), hook_key="key")))) as client,
    ):
        sms_hook = str(told.make_url("/sms"))
        path = "/2010-04-01/Accounts/AC1/Messages.json"
        known = {"Authorization": aiohttp.encode_basic_auth("AC1", "secret")}
        form = {"To": "+16046825555", "From": "+15005550006", "Body": "Hello", "StatusCallback": sms_hook}
        assert (await client.post(path, data=form)).status == 401
        assert (await client.post(path, data=form | {"To": "12"}, headers=known)).status == 400
        sent = await (await client.post(path, data=form, headers=known)).json()
        body = {"session": "default", "chatId": "16046825555@c.us", "text": "Hallo"}
        assert (await client.post("/api/sendText", json=body | {"chatId": "me"})).status == 422
        whatsapp = await (await client.post("/api/sendText", json=body)).json()
        listed = (await (await client.get("/messages?to=%2B16046825555")).json())["data"]
        assert [(one["channel"], one["text"]) for one in listed] == [("whatsapp", "Hallo"), ("sms", "Hello")]
        await client.post("/_sandbox/controls", json={"fail_next": 1, "status": 500})
        assert (await client.post("/api/sendText", json=body)).status == 500
        assert (await client.post("/api/sendText", json=body)).status == 201
        async with asyncio.timeout(5):
            while len(heard) < 3:
                await asyncio.sleep(0.02)
    for url, raw, headers in heard:
        if url.endswith("/sms"):
            fields = [tuple(pair.split("=")) for pair in raw.decode().replace("%2B", "+").split("&")]
            assert hooks.is_from_sms("secret", sms_hook, fields, headers["X-Twilio-Signature"])
            assert hooks.of_sms(fields) == hooks.Told(sent["sid"], "delivered")
        else:
            assert hooks.is_from_whatsapp("key", raw, headers["X-Webhook-Hmac"])
            told_id = hooks.of_whatsapp(raw)
            assert told_id is not None
            assert told_id.status == "delivered"
    assert whatsapp["id"].startswith("true_16046825555@c.us_")
