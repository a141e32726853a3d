"""Tasks that run until nobody needs them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from engine.foundation import logs

CANCELLED_AGAIN_S: Final = 0.2
CANCELLED_TIMES_MAX: Final = 50  # ten seconds: who has not ended by then never does

_log = logs.get("followers")


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel them until they have ended; what they raised is nobody's.

    Once is not enough: a client that is just connecting, or whose answer comes that moment, forgets a cancellation.
    """
    left = set(tasks)
    for _ in range(CANCELLED_TIMES_MAX):
        if not left:
            break
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCELLED_AGAIN_S)
    else:
        if left:
            _log.error("followers_do_not_end", tasks=len(left))
    for task in set(tasks) - left:
        if not task.cancelled():
            task.exception()
