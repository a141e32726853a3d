"""Amounts and moments as a mail tells them; the same few again and again, so they are kept as they were written."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import babel.dates

from engine.foundation.world import currencies

LOCALE: Final = "en_CA"
KEPT_MAX: Final = 4_096


@lru_cache(KEPT_MAX)
def money(cents: int, currency: str) -> str:
    """``$33.94`` as the buyer reads it; never used to calculate."""
    return currencies.money(cents, currency, LOCALE)


@lru_cache(KEPT_MAX)
def moment(at: datetime, timezone: str) -> str:
    """``Friday, November 20, 2026 at 8:00 p.m. PST`` at the place of the event."""
    local = at.astimezone(ZoneInfo(timezone))
    day = babel.dates.format_date(local, "full", locale=LOCALE)
    hour = babel.dates.format_time(local, "short", tzinfo=ZoneInfo(timezone), locale=LOCALE)
    return f"{day}, {hour} {local.tzname()}"
