"""What this process is busy with, told to the waiting rooms so that they let in fewer while it is too much."""

from __future__ import annotations

import asyncio
import secrets

from engine.foundation import leases, logs
from engine.foundation.connections import HotRedis
from engine.foundation.crowd import Crowd

ORDERS_AT_WORK_MAX = 256  # about two seconds of one core's work
ORDERS_IN_LINE_MAX = 768  # with those at work a herd of a thousand
ORDER_WAIT_MAX_S = 10.0
TELL_EVERY_S = 1.0

_log = logs.get("crowding")


class Crowding:
    """``orders``: openings of orders under way in this process."""

    def __init__(self, *, hot: HotRedis) -> None:
        self._hot = hot
        self._name = secrets.token_hex(8).encode()
        self.orders = Crowd(
            "orders", at_work_max=ORDERS_AT_WORK_MAX, line_max=ORDERS_IN_LINE_MAX, wait_max_s=ORDER_WAIT_MAX_S
        )

    async def tell(self) -> None:
        """Publish it every second; runs until cancelled."""
        while True:
            try:
                await leases.tell_strain(self._hot, self._name, self.orders.health)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next second tells again
                _log.info("strain_not_told", error=repr(error))
            await asyncio.sleep(TELL_EVERY_S)
