"""The admin app in a real browser."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page

PHONE = {"width": 390, "height": 844}
PROBLEMS_OF_A_PAGE = """() => {
  const shown = (e) => e.offsetParent !== null || e.getClientRects().length > 0;
  const found = [];
  const beyond = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth);
  if (document.documentElement.scrollWidth > innerWidth)
    found.push("scrolls sideways: " + beyond.slice(-2).map((e) => e.outerHTML.slice(0, 120)).join(" | "));
  if (document.querySelectorAll("h1").length !== 1) found.push("has not one h1");
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (shown(e) && !e.labels.length && !e.ariaLabel) found.push("unlabelled: " + e.outerHTML.slice(0, 120));
  for (const e of document.querySelectorAll("button, .button, .tabs a, .masthead a"))
    if (shown(e) && e.getBoundingClientRect().height < 43.5) found.push("small: " + e.outerHTML.slice(0, 120));
  for (const e of document.querySelectorAll("svg[role=img]"))
    if (!e.ariaLabel) found.push("unnamed picture");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("twice: " + id);
  return found;
}"""


async def page_of(chromium: Browser, server: TestServer[web.Request], **more: Any) -> tuple[Page, list[str]]:
    """A fresh page and what its console complains about."""
    context = await chromium.new_context(base_url=str(server.make_url("/")), **more)
    context.set_default_timeout(20_000)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints
