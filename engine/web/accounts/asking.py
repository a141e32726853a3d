"""Who asks, as far as signing in is concerned: address, device, language."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.sessions import AGENT_CHARS_MAX, Caller
from engine.web.auth import client_address, reader_language


def caller(request: web.Request) -> Caller:
    """What a session is begun with."""
    agent = request.headers.get("User-Agent", "")[:AGENT_CHARS_MAX]
    return Caller(address=client_address(request), agent=agent, language=reader_language(request))
