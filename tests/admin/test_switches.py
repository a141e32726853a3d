"""Flags of the platform on their page: off needs a word, on does not."""

from __future__ import annotations

from collections.abc import Callable

from engine.services.wiring import Services
from tests.admin.organizer import Organizer, platform_admin


async def test_switching_off_needs_its_word_and_says_what_stops(
    browser: Callable[[], Organizer], services: Services
) -> None:
    root = browser()
    await root.sign_in(await platform_admin(services))
    page = await root.post("/switches", {"flag": "checkout", "to": "off", "word": "no"})
    assert page.status == 422
    assert "Type OFF to say that you mean it" in page.words
    assert services.accounts.flags.switches.selling
    page = await root.post("/switches", {"flag": "checkout", "to": "off", "word": "off"})
    assert "Checkout: switched off, everywhere within a second." in page.words
    assert not services.accounts.flags.switches.selling
    page = await root.post("/switches", {"flag": "checkout", "to": "on"})
    assert "Checkout: switched on" in page.words
    assert services.accounts.flags.switches.selling
    assert "Payouts" not in page.words  # nothing pays out yet
