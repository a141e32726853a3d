"""The names under which handlers find what they ask. Hot handlers ask ``endpoint.ENDPOINT`` alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from engine.foundation.bearer import Bearers
from engine.foundation.connections import HotRedis
from engine.foundation.health import Health
from waitingroom.ledger import Ledger
from waitingroom.settings import Settings
from waitingroom.streams import Streams

SETTINGS: Final = web.AppKey("settings", Settings)
LEDGER: Final = web.AppKey("ledger", Ledger)
BEARERS: Final = web.AppKey("bearers", Bearers)
HEALTH: Final = web.AppKey("health", Health)
REDIS: Final = web.AppKey("redis", HotRedis)
STREAMS: Final = web.AppKey("streams", Streams)
# The OpenAPI document of the route table: the application hands it in, made when it is first asked for.
CONTRACT: Final[web.AppKey[Callable[[], dict[str, Any]]]] = web.AppKey("contract")
