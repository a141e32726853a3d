"""What an organizer does to a paid order apart from refunds: correct it, mail it again, see who has its tickets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.domain.tickets.transfers import NewTransfer
from engine.services.tickets.tickets import Asker
from engine.services.wiring import Services
from tests.admin.organizer import Organizer


async def test_a_buyer_is_corrected_with_a_reason_and_mailed_again(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 1)
    at, pool = f"/events/{event_id}/orders/{order_id}", services.common.pool
    given = {"name": "Ada Byron", "email": "lovelace@example.test", "why": ""}
    silent = await organizer.post(f"{at}/correct", given)
    assert (silent.status, "Fill this in" in silent.words) == (422, True)
    wrong = await organizer.post(f"{at}/correct", {**given, "email": "nobody", "why": "typed wrongly"})
    assert (wrong.status, 'value="nobody"' in wrong.text) == (422, True)
    same = await organizer.post(f"{at}/correct", {**given, "email": "ada@example.test", "why": "typed wrongly"})
    assert same.status == 422
    page = await organizer.post(f"{at}/correct", {**given, "why": "typed wrongly, on the phone"})
    assert "Corrected. The buyer is told by e-mail." in page.words
    assert "Buyer's name or address corrected" in page.words
    assert await pool.fetchval("SELECT buyer_email FROM orders") == "lovelace@example.test"
    assert "on their way to the buyer" in (await organizer.post(f"{at}/resend", {})).words


async def test_an_order_shows_who_has_its_tickets_by_now(
    organizer: Organizer, services: Services, chart: str, free_order: Callable[..., Any]
) -> None:
    _, _, event_id = await organizer.published(chart)
    order_id = await free_order(services, event_id, 1)
    order = await services.money.order_store.read(order_id)
    assert order is not None
    token = order.link.mint(services.common.settings.keyring.platform())
    ticket_id = await services.common.pool.fetchval("SELECT id FROM tickets")
    begun = await services.tickets.transfers.start(
        Asker(order_token=token), ticket_id, NewTransfer("grace@example.test", "Grace Hopper")
    )
    at = f"/events/{event_id}/orders/{order_id}"
    page = await organizer.get(at)
    for words in ("Handed on", "Grace Hopper", "not confirmed, not accepted", "In transfer"):
        assert words in page.words, words
    await services.tickets.transfers.cancel(Asker(order_token=token), None, begun.transfer_id)
    assert "code 1 stayed" in (await organizer.get(at)).words
