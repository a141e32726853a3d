"""The admin app in a real browser."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page


async def page_of(chromium: Browser, server: TestServer[web.Request], **more: Any) -> tuple[Page, list[str]]:
    """A fresh page and what its console complains about."""
    context = await chromium.new_context(base_url=str(server.make_url("/")), **more)
    context.set_default_timeout(20_000)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints
