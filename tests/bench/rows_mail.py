"""A mail with a PDF of two tickets: the worker's whole step, from the claim to the deletion, and the usual way."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg

from engine.foundation.ids import new_id
from engine.services.outbox import Outbox
from engine.services.tickets.press import Printer
from engine.services.wiring import open_services
from tests import factories
from tests.bench import mail_peer
from tests.bench.mail_catcher import catching
from tests.bench.method import Plan, Row, Run, interleaved, ratio_row
from tests.bench.stage import Stage

ORDERS = 400
_ORDER_MAILS = """
INSERT INTO outbox (topic, key, payload) SELECT 'mail.tickets', o.id, jsonb_build_object('order_id', o.id)
  FROM unnest($1::text[]) o(id)
"""
PRICE = {
    "face_cents": 2000, "discount_cents": 0, "fees_cents": 0, "tax_cents": 0, "total_cents": 2000, "currency": "CAD",
    "taxes": {}, "service_fee_cents": 0, "lines": [],
}  # fmt: skip


async def mailed(stage: Stage, plan: Plan) -> list[Row]:
    async with catching(stage.cores) as catcher:
        port = catcher.smtp_port
        settings = stage.settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port})
        async with open_services(settings) as services:
            orders = await _orders(stage.pool)
            pages = await services.tickets.tickets.of_order(orders[0])
            coded = [(page, services.tickets.tickets.code(page) or "") for page in pages]
            sheet = await services.tickets.tickets.printed(services.tickets.tickets.document(pages))

            async def ours(seconds: float) -> Run:
                # Nothing that an earlier run printed is taken from memory.
                services.tickets.tickets._printer = Printer()
                services.tickets.tickets._images.clear()
                return await _steps(stage.pool, services.common.outbox, orders, seconds)

            async def theirs(seconds: float) -> Run:
                def one() -> None:
                    mail_peer.send(port, coded)

                return await asyncio.to_thread(_repeated, one, seconds)

            pairs = await interleaved(plan, ours, theirs)
    told = "two tickets, codes inline, PDF of two pages, over SMTP; claim, reads and deletion included"
    each_ms = [run.cpu_total_us / 1000 for run, _ in pairs]
    rates = [run.per_s for run, _ in pairs]
    return [
        ratio_row("mail with its PDF / reportlab and smtplib", told, pairs),
        Row("CPU of a mail with its PDF", told, round(statistics.median(each_ms), 2), unit="ms", must=6.0, hope=3.0,
            better="lower", spread=tuple([round(each, 2) for each in each_ms])),
        Row("mails with their PDF", told, round(statistics.median(rates)), unit="/s",
            spread=tuple([round(rate) for rate in rates])),
        Row("PDF of two tickets", "Latin letters, tagged", len(sheet), unit="B", better="lower"),
    ]  # fmt: skip


async def _steps(pool: asyncpg.Pool, outbox: Outbox, orders: Sequence[str], seconds: float) -> Run:
    """Steps of the relay, always full; the process has the CPU time of its threads too."""
    done, spent_s, spent_cpu_s = 0, 0.0, 0.0
    while spent_s < seconds:
        await pool.execute(_ORDER_MAILS, orders)
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        while mailed := await outbox.step():
            done += mailed
        spent_s += time.monotonic() - began_s
        spent_cpu_s += time.process_time() - began_cpu_s
    return Run(done, spent_s, 0, {"app": spent_cpu_s * 1e6 / done})


def _repeated(one: Callable[[], None], seconds: float) -> Run:
    done, began_s, began_cpu_s = 0, time.monotonic(), time.process_time()
    while time.monotonic() - began_s < seconds:
        one()
        done += 1
    cpu_us = (time.process_time() - began_cpu_s) * 1e6 / done
    return Run(done, time.monotonic() - began_s, 0, {"app": cpu_us})


async def _orders(pool: asyncpg.Pool) -> list[str]:
    """Paid orders of two seats each."""
    now = datetime.now(UTC)
    event_id, (type_id,) = await factories.event(
        pool, factories.chart(factories.general("Floor", 2 * ORDERS)), [{"categories": ["Floor"], "name": "Adult"}],
        title="Night of Songs", starts_at=now + timedelta(days=9), ends_at=now + timedelta(days=9, hours=3),
    )  # fmt: skip
    ids = [new_id("ord") for _ in range(ORDERS)]
    await pool.executemany(
        """INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,
                               amount_cents, price, expires_at, reconcile_at, paid_at)
           VALUES ($1, $2, $3, $4, 'paid', 'Ada Lovelace', 'ada@example.test', 'CAD', 2000, $6, $5, $5, $5)""",
        [(order_id, order_id[-10:], event_id, new_id("hld"), now, PRICE) for order_id in ids],
    )
    units = [(order_id, line, 2 * number + line) for number, order_id in enumerate(ids) for line in (0, 1)]
    await pool.executemany(
        """INSERT INTO order_units (order_id, line, event_id, unit, ticket_type_id, section, face_cents, total_cents)
           VALUES ($1, $2, $3, $4, $5, 'Floor', 1000, 1000)""",
        [(order_id, line, event_id, unit, type_id) for order_id, line, unit in units],
    )
    await pool.executemany(
        """INSERT INTO tickets (id, event_id, order_id, line, unit, ticket_type_id, section, holder_name, holder_email)
           VALUES ($1, $2, $3, $4, $5, $6, 'Floor', 'Ada Lovelace', 'ada@example.test')""",
        [(new_id("tkt"), event_id, order_id, line, unit, type_id) for order_id, line, unit in units],
    )
    return ids
