"""A running engine, a payment sandbox, and a page that writes its complaints down."""

from __future__ import annotations

from dataclasses import dataclass, field

import asyncpg
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from engine.services import appkeys
from tests import factories

GOOD, SECURE, POOR = "4242424242424242", "4000002760003184", "4000000000009995"


@dataclass
class Site:
    """A running engine with a payment sandbox, an event, and a page that writes its complaints down."""

    server: TestServer
    pool: asyncpg.Pool
    page: Page
    complaints: list[str] = field(default_factory=list)
    slug: str = ""
    event_id: str = ""
    types: list[str] = field(default_factory=list)

    async def publish(self, *sections: dict, types: list[dict] | None = None, **columns: object) -> None:
        seating = factories.chart(*(sections or (factories.seated("Stalls", 4, 10), factories.general("Floor", 30))))
        types = types or [
            {"name": "Stalls", "price_cents": 5000, "categories": ["Stalls"]},
            {"name": "Standing", "price_cents": 2000, "categories": ["Floor"]},
        ]
        self.slug = "lanterns"
        columns = {"title": "Lanterns", "price_from_cents": 2000, "price_to_cents": 5000, **columns}
        self.event_id, self.types = await factories.event(self.pool, seating, types, slug=self.slug, **columns)
        await self.server.app[appkeys.INVENTORY].load(self.event_id)

    async def open(self, path: str) -> None:
        await self.page.goto(str(self.server.make_url(path)))

    async def open_shop(self) -> None:
        await self.open(f"/e/{self.slug}/shop")
        await self.page.wait_for_selector("#legend button")

    async def hold_two(self) -> None:
        """Two seats by keys alone, held."""
        await self.open_shop()
        await self.page.focus("#map")
        for key in ("ArrowRight", "Enter", "ArrowRight", "Enter"):
            await self.page.keyboard.press(key)
        await self.page.click("#hold")
        await self.page.wait_for_url("**/checkout/**")

    async def fill(self, card: str) -> None:
        await self.page.get_by_label("Name", exact=True).fill("Ada Lovelace")
        await self.page.get_by_label("E-mail", exact=True).fill("ada@example.com")
        await self.page.click(f'[data-card="{card}"]')
        await self.page.click("#pay-button")
