"""The wiring of gates. What is sold and given back is told to them by the money wing's errands."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.common import Common
from engine.services.gates.attendance import Attendance
from engine.services.gates.devices import Devices
from engine.services.gates.gate_bundles import GateBundles
from engine.services.gates.gate_events import GateEvents
from engine.services.gates.scan_packs import ScanPacks
from engine.services.gates.scans import Scans
from engine.services.money.stock_errands import StockErrands
from engine.services.money.wiring import Money
from engine.services.sale.wiring import Sale


@dataclass(frozen=True, slots=True)
class Gates:
    """Scanners, scans, and who is inside."""

    gate_events: GateEvents
    devices: Devices
    scans: Scans
    packs: ScanPacks
    attendance: Attendance
    gate_bundles: GateBundles


def open_gates(stack: contextlib.AsyncExitStack, common: Common, accounts: Accounts, sale: Sale, money: Money) -> Gates:
    """Make them; what must be closed goes on the stack."""
    settings, pool, access = common.settings, common.pool, accounts.access
    gate_events = GateEvents(pool=pool, hot=common.hot, access=access)
    packs = ScanPacks(pool=pool)
    scans = Scans(
        pool=pool,
        packs=packs,
        hot=common.hot,
        keyring=settings.keyring,
        gate_events=gate_events,
        tell_orders=money.order_news.changed_here,
        switches=accounts.flags.switches,
    )
    stack.push_async_callback(scans.close)
    stock = StockErrands(inventory=sale.inventory, orders=money.order_store, hot=common.hot, gates=scans)
    stock.register(common.outbox)
    stack.push_async_callback(stock.close)
    return Gates(
        gate_events=gate_events,
        devices=Devices(pool=pool, access=access, gate_events=gate_events),
        scans=scans,
        packs=packs,
        attendance=Attendance(pool=pool, access=access, gate_events=gate_events, packs=packs),
        gate_bundles=GateBundles(
            pool=pool,
            packs=packs,
            keyring=settings.keyring,
            keyrings=settings.keyrings,
            master_key=settings.newest_master_key,
        ),
    )
