"""Sending to an address that a stranger typed: where it may lead, how long it may take, what is read of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from engine.domain.messages.webhooks import RESPONSE_BYTES_MAX
from engine.stores.messages.webhooks import gateway
from engine.stores.messages.webhooks.gateway import PRIVATE, WebhookGateway
from tests.webhook_listener import Listener


@pytest.fixture
async def here() -> AsyncIterator[WebhookGateway]:
    """One that sends to this machine too."""
    own = WebhookGateway(private_allowed=True)
    yield own
    await own.close()


@pytest.fixture
async def strict() -> AsyncIterator[WebhookGateway]:
    own = WebhookGateway(private_allowed=False)
    yield own
    await own.close()


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name lead to these addresses; the names that are looked up."""
    asked: list[str] = []

    async def resolve(_self: object, host: str, port: int = 0, family: int = 0) -> list[Any]:
        asked.append(host)
        return [
            {"hostname": host, "host": address, "port": port, "family": 10 if ":" in address else 2, "proto": 6,
             "flags": 0}
            for address in addresses
        ]  # fmt: skip

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    return asked


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("169.254.169.254",), ("8.8.8.8", "127.0.0.1"), ("::ffff:127.0.0.1",), ("fe80::1",)]
)
async def test_a_name_that_leads_into_a_network_of_ours_is_not_connected_to(
    strict: WebhookGateway, listener: Listener, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    leads_to(monkeypatch, *addresses)
    answer = await strict.post(f"http://hooks.example.test:{urlsplit(listener.url).port}/in", {}, b"{}")
    assert (answer.status, answer.error, listener.heard) == (None, PRIVATE, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "localhost"])
async def test_a_private_address_however_it_is_written_is_not_connected_to(
    strict: WebhookGateway, listener: Listener, host: str
) -> None:
    answer = await strict.post(f"http://{host}:{urlsplit(listener.url).port}/in", {}, b"{}")
    assert (answer.status, answer.error, listener.heard) == (None, PRIVATE, [])


async def test_a_name_is_looked_up_once_a_try_and_connected_to_as_what_it_led_to(
    here: WebhookGateway, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = leads_to(monkeypatch, "127.0.0.1")
    url = f"http://hooks.example.test:{urlsplit(listener.url).port}/in"
    for _ in range(2):
        assert (await here.post(url, {"webhook-id": "msg_1"}, b"{}")).status == 200
    assert asked == ["hooks.example.test"] * 2
    headers, body = listener.heard[0]
    assert (headers["host"].partition(":")[0], headers["webhook-id"], body) == ("hooks.example.test", "msg_1", b"{}")
    assert "cookie" not in listener.heard[1][0]


async def test_a_redirect_is_an_answer_and_is_not_followed(here: WebhookGateway, listener: Listener) -> None:
    listener.statuses, listener.headers = [307], {"Location": listener.url, "Set-Cookie": "a=b"}
    answer = await here.post(listener.url, {}, b"{}")
    assert (answer.status, len(listener.heard)) == (307, 1)


async def test_a_kilobyte_is_read_of_an_answer_without_end_and_time_ends_one_that_never_comes(
    here: WebhookGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/slow" not in await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + b"\0y" * RESPONSE_BYTES_MAX)
            await writer.drain()
        await told.wait()
        writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    answer = await here.post(f"{url}/endless", {}, b"{}")
    assert (answer.status, len(answer.response), "\0" in answer.response) == (200, RESPONSE_BYTES_MAX, False)
    monkeypatch.setattr(gateway, "TRY_S", 0.1)
    slow = await here.post(f"{url}/slow", {}, b"{}")
    assert (slow.status, slow.error.startswith("No answer within")) == (None, True)
    told.set()
    server.close()
    port = server.sockets[0].getsockname()[1] if server.sockets else urlsplit(url).port
    monkeypatch.undo()
    assert (await here.post(f"http://127.0.0.1:{port}/", {}, b"{}")).error == "Nobody listens there"
