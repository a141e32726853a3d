"""One request of a signed-in person, with everything a handler may want of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web
from multidict import MultiDict, MultiMapping

from admin import frame
from admin.appkeys import FIGURES, ROOMS, SESSIONS, VITALS
from admin.figures import Figures
from admin.rooms import Rooms
from admin.sessions import Session
from admin.vitals import Vitals
from engine.domain.accounts.organizations import Permission
from engine.domain.accounts.people import User
from engine.foundation.bearer import Person
from engine.services.wiring import Services


@dataclass(frozen=True, slots=True)
class Visit:
    """``form`` is empty unless something was posted; then its CSRF token has been checked. ``file`` came with it.

    ``viewer`` is the platform admin who views the platform as ``user``.
    """

    request: web.Request
    services: Services
    session: Session
    person: Person
    user: User
    form: MultiMapping[str]
    file: bytes | None = None
    viewer: User | None = None

    @property
    def query(self) -> MultiMapping[str]:
        """The query string without NUL, which Postgres cannot keep."""
        return MultiDict((name, value.replace("\0", "")) for name, value in self.request.query.items())

    @property
    def figures(self) -> Figures:
        return self.request.app[FIGURES]

    @property
    def rooms(self) -> Rooms:
        return self.request.app[ROOMS]

    @property
    def vitals(self) -> Vitals:
        return self.request.app[VITALS]

    @property
    def is_partial(self) -> bool:
        """Whether htmx asks for a piece of a page it already shows."""
        return "HX-Request" in self.request.headers

    @property
    def is_script(self) -> bool:
        """Whether a script of ours asks, which shows the answer itself."""
        return self.request.headers.get("Accept", "").startswith("application/json")

    @property
    def is_factor_due(self) -> bool:
        """Whether this person goes no further without a second factor."""
        return is_factor_due(self.services, self.viewer or self.user)

    def at(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    async def may(self, organization_id: str, permission: Permission) -> bool:
        return await self.services.accounts.access.may(self.person, organization_id, permission)

    async def page(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """A whole page; what was noted for it is said once."""
        notes = await self.request.app[SESSIONS].take_notes(self.session)
        return frame.render(self.request, template, self._context(context, notes), status=status)

    def piece(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """A part of a page, to be swapped in."""
        return frame.render(self.request, template, self._context(context, []), status=status)

    async def go(self, path: str, note: str | None = None, *, tone: str = "good") -> web.Response:
        """On to another page, which begins with the note."""
        if note is not None:
            await self.request.app[SESSIONS].note(self.session, note, tone)
        return frame.redirect(path)

    def _context(self, context: dict[str, Any], notes: list[tuple[str, str]]) -> dict[str, Any]:
        return {"visitor": self.user, "csrf": self.session.csrf, "notes": notes, "here": self.request.path, **context}


def is_factor_due(services: Services, user: User) -> bool:
    """Whether an organization of theirs, or the platform of its admins, asks for the second factor that they lack."""
    asked = user.second_factor_asked or (user.is_admin and services.accounts.sign_ins.admins_need_factor)
    return asked and not user.second_factor


def address(*parts: str) -> str:
    """A path of our own from ids and words."""
    return "/" + "/".join(quote(part, safe="") for part in parts)
