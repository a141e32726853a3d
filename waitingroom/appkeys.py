"""The names under which handlers find what they ask."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from engine.foundation.bearer import Bearers
from engine.foundation.connections import HotRedis
from engine.foundation.health import Health
from waitingroom.challenge import Challenges
from waitingroom.ledger import Ledger
from waitingroom.limits import AddressLimits
from waitingroom.registry import Rooms
from waitingroom.settings import Settings
from waitingroom.streams import Streams

SETTINGS: Final = web.AppKey("settings", Settings)
ROOMS: Final = web.AppKey("rooms", Rooms)
LEDGER: Final = web.AppKey("ledger", Ledger)
BEARERS: Final = web.AppKey("bearers", Bearers)
HEALTH: Final = web.AppKey("health", Health)
LIMITS: Final = web.AppKey("limits", AddressLimits)
CHALLENGES: Final = web.AppKey("challenges", Challenges)
REDIS: Final = web.AppKey("redis", HotRedis)
STREAMS: Final = web.AppKey("streams", Streams)
