"""The names under which the admin app keeps what its handlers ask."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from admin.figures import Figures
from admin.rooms import Rooms
from admin.sessions import Sessions
from admin.vitals import Vitals
from engine.foundation.crowd import Crowd
from engine.services.wiring import Services
from engine.settings import Settings

SETTINGS: Final = web.AppKey("settings", Settings)
FILES: Final = web.AppKey("files", Crowd)
SERVICES: Final = web.AppKey("services", Services)
SESSIONS: Final = web.AppKey("sessions", Sessions)
ROOMS: Final = web.AppKey("rooms", Rooms)
FIGURES: Final = web.AppKey("figures", Figures)
VITALS: Final = web.AppKey("vitals", Vitals)
