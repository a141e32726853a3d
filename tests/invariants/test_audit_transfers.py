"""The audit of tickets that are handed on: nothing to say of a shop that works, and each kind of damage by its name."""

from __future__ import annotations

import pytest

from engine.services.insight import audit
from tests.handing_on import handed_on, start
from tests.shop import Shop


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "LOOK_AGAIN_S", 0.01)


DAMAGE = {
    "{pending} is valid with 1 transfers under way": "ALTER TABLE tickets DISABLE TRIGGER tickets_left_their_transfer;"
    " UPDATE tickets SET status = 'valid' WHERE id = '{pending}'",
    "{pending} is transfer_pending with 0 transfers under way": "DELETE FROM ticket_transfers"
    " WHERE ticket_id = '{pending}'",
    "{untouched} is transfer_pending with 0 transfers under way": "UPDATE tickets SET status = 'transfer_pending'"
    " WHERE id = '{untouched}'",
    "{done} was handed on 0 times, its transfers say 1": "UPDATE tickets SET handed_on = 0 WHERE id = '{done}'",
    "{untouched} was handed on 1 times, its transfers say 0": "UPDATE tickets SET handed_on = 1"
    " WHERE id = '{untouched}'",
    "{done} is in version 1, a transfer gave out 2": "UPDATE tickets SET version = 1 WHERE id = '{done}'",
    "has a newer one": "DROP INDEX tickets_one_live_per_unit;"
    " ALTER TABLE tickets DROP CONSTRAINT tickets_line_fkey; INSERT INTO tickets (id, event_id, order_id, line, unit,"
    " ticket_type_id, section, holder_name, holder_email) SELECT 'tkt_second', event_id, order_id, 9, unit,"
    " ticket_type_id, section, holder_name, holder_email FROM tickets WHERE id = '{done}'",
}


@pytest.mark.parametrize("said", DAMAGE)
async def test_damage_to_transfers_is_found_and_named(shop: Shop, said: str):
    await shop.open_event()
    order = await shop.paid(3)
    tickets = await shop.tickets(order)
    names = dict(zip(("pending", "done", "untouched"), [ticket["id"] for ticket in tickets], strict=True))
    await handed_on(shop, order, tickets[1])
    assert (await start(shop, order, tickets[0])).status == 201
    await shop.settled_errands()
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert report["ok"], report["problems"]
    await shop.services.common.pool.execute(DAMAGE[said].format(**names))
    (report,) = await shop.services.insight.audit.check(shop.event_id)
    assert any(said.format(**names) in problem for problem in report["problems"]), report["problems"]
