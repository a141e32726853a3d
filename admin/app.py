"""The roof of the admin app: services, sessions, the waiting room's console, pages, in one application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from admin import frame, routes
from admin.appkeys import FIGURES, FILES, ROOMS, SERVICES, SESSIONS, SETTINGS, VITALS
from admin.figures import Figures
from admin.rooms import CALL_TIMEOUT_S, Rooms
from admin.sessions import Sessions
from admin.vitals import Vitals
from engine.domain.catalogue.venues import CHART_BYTES_MAX
from engine.foundation import http, manners
from engine.foundation.cookies import promise_tls
from engine.foundation.crowd import Crowd
from engine.services.wiring import open_services
from engine.settings import Settings

# Pictures that are held in memory at a time, and requests that wait before theirs is read.
FILES_AT_ONCE_MAX, FILES_WAITING_MAX, FILE_WAIT_S_MAX = 4, 8, 30.0
# A seating chart is the largest form anybody sends here; what stands around it needs a little more.
BODY_BYTES_CEILING = CHART_BYTES_MAX + 64 * 1024


def create_app(settings: Settings) -> web.Application:
    """The application; it connects when it starts and closes in reverse."""
    app = web.Application(client_max_size=BODY_BYTES_CEILING, middlewares=[http.boundary])
    app[SETTINGS] = settings
    app[FILES] = Crowd(
        "admin_files", at_work_max=FILES_AT_ONCE_MAX, line_max=FILES_WAITING_MAX, wait_max_s=FILE_WAIT_S_MAX
    )
    manners.setup(app, manners.Trust(settings.trust_forwarded, settings.origins))
    frame.setup(app)
    routes.add(app)
    app.cleanup_ctx.append(_services)
    promise_tls(app, settings.admin_url)
    return app


async def _services(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
    async with open_services(settings) as services, aiohttp.ClientSession(timeout=timeout) as client:
        app[SERVICES] = services
        app[manners.LIMITS] = services.common.limits
        app[SESSIONS] = Sessions(
            hot=services.common.hot,
            people=services.accounts.people,
            bearers=services.common.bearers,
            ended=services.common.ended,
            key=settings.jwt_key.get_secret_value().encode(),
        )
        app[ROOMS] = Rooms(client=client, url=settings.waitingroom_url, bearers=services.common.bearers)
        app[FIGURES] = Figures(services)
        app[VITALS] = Vitals(
            client=client,
            url=settings.engine_url,
            token=settings.metrics_token.get_secret_value(),
            hot=services.common.hot,
        )
        yield
