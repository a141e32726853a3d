"""What stands before every handler: the session, the person behind it as the ledger knows them now, the form's token.

FormForged 403 form_forged
OnlyThemselves 403 only_themselves
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict

from admin import frame
from admin.appkeys import FILES, SERVICES, SESSIONS, SETTINGS
from admin.sessions import Session
from admin.visit import Visit, is_factor_due
from engine.domain.accounts.organizations import Permission
from engine.domain.accounts.people import User
from engine.foundation import bodies, http, uploads
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.cookies import CookieRules
from engine.foundation.errors import Forbidden, Malformed, Unauthenticated, UnsupportedMedia
from engine.foundation.limits_table import RouteClass

SESSION_COOKIE: Final = "onsale_admin"
FACTOR_PATH: Final = "/account/factor"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "X-CSRF-Token"
FORM_BYTES_MAX: Final = 1024 * 1024  # a list of 20,000 seats still fits

# What nobody does while they view as somebody else: who and what comes in there, and money.
OWN_RIGHTS: Final[frozenset[str]] = frozenset(
    {
        "members.write",
        "orders.write",
        "refunds.write",
        "payouts.write",
        "organization.write",
        "box_office.write",
        "comps.write",
        "devices.write",
        "keys.write",
    }
)

Needs = Permission | Literal["person", "admin"]
VisitHandler = Callable[[Visit], Awaitable[web.StreamResponse]]


class FormForged(Forbidden):
    code, title = "form_forged", "This form is too old or came from elsewhere: reload the page and send it again"


class OnlyThemselves(Forbidden):
    code, title = "only_themselves", "Only they themselves may do this: you view the platform as somebody else"


@dataclass(frozen=True, slots=True)
class Route:
    """One page. ``touches`` False: it refreshes itself and does not keep an absent person signed in.

    ``needs``: what the visitor's role in the organization that the address speaks of must allow; "person": anybody
    signed in; "admin": the platform's own people. ``limit`` is its class in ``limits_table``. ``file_bytes_max``: its
    form may come with a file, which is handed on as it is and not read as text. ``own``: it changes what is
    their own, or moves money, so a platform admin who views as them may not. ``before_factor``: open to who must set
    up a second factor first.
    """

    method: str
    path: str
    handler: VisitHandler
    needs: Needs
    limit: RouteClass
    touches: bool = True
    body_bytes_max: int = FORM_BYTES_MAX
    file_bytes_max: int = 0
    own: bool = False
    before_factor: bool = False

    @property
    def is_own(self) -> bool:
        """Whether nobody but the person themself does this, for what it is or for the right that it needs."""
        return self.own or self.needs in OWN_RIGHTS


def guarded(route: Route) -> http.Handler:
    """The handler behind its guard."""

    async def run(request: web.Request) -> web.StreamResponse:
        sessions, services = request.app[SESSIONS], request.app[SERVICES]
        session = await sessions.find(cookie_rules(request).own(request, SESSION_COOKIE), touch=route.touches)
        if session is None:
            return to_sign_in(request)
        try:
            user = await services.accounts.people.me(Person(session.user_id, is_admin=False))
        except Unauthenticated:
            await sessions.end(session)
            return to_sign_in(request)
        if not route.before_factor and is_factor_due(services, user):
            return to_factor(request)
        person, viewer = Person(user.id, is_admin=user.is_admin), None
        if session.views_as:
            viewer, user, person = await _seen_as(request, session, user)
        if viewer is not None and route.method != "GET" and route.is_own:
            raise OnlyThemselves
        if route.file_bytes_max and request.content_type == uploads.TAKEN:
            async with request.app[FILES]:
                upload = await uploads.read(request, route.file_bytes_max)
                fields = MultiDict(upload.fields)
                check_token(request, fields, session.csrf)
                return await route.handler(Visit(request, services, session, person, user, fields, upload.file, viewer))
        form: MultiDict[str] = MultiDict()
        if request.method == "POST":
            form = await read_form(request, route.body_bytes_max)
            check_token(request, form, session.csrf)
        return await route.handler(Visit(request, services, session, person, user, form, viewer=viewer))

    return run


async def _seen_as(request: web.Request, session: Session, admin: User) -> tuple[User | None, User, Person]:
    """(the admin or None, whose pages these are, who acts). What ended, by itself or with the right, ends here."""
    sessions, people = request.app[SESSIONS], request.app[SERVICES].accounts.people
    seen = None
    if admin.is_admin and now_ms() < session.views_until_ms:
        with contextlib.suppress(Unauthenticated):
            seen = await people.me(Person(session.views_as, is_admin=False))
    if seen is None or seen.is_admin:
        await sessions.view_as(session, "")
        await sessions.note(session, "You view the platform as yourself again.", "warn")
        return None, admin, Person(admin.id, is_admin=admin.is_admin)
    request[frame.VIEW] = frame.View(admin.name, seen.name, session.views_until_ms, session.csrf)
    return admin, seen, Person(seen.id, is_admin=False, through=admin.id)


def cookie_rules(request: web.Request) -> CookieRules:
    """How this app names and marks its cookies."""
    settings = request.app[SETTINGS]
    return CookieRules.of(settings, settings.admin_url)


def to_sign_in(request: web.Request) -> web.Response:
    """The sign-in page, and back here afterwards if that repeats nothing."""
    back = request.path_qs if request.method == "GET" and "HX-Request" not in request.headers else ""
    path = "/sign-in" + (f"?{urlencode({'next': back})}" if back not in {"", "/"} else "")
    if "HX-Request" in request.headers:
        return web.Response(status=204, headers={"HX-Redirect": path, "Cache-Control": "no-store"})
    return frame.redirect(path)


def to_factor(request: web.Request) -> web.Response:
    """The page that sets a second factor up."""
    if "HX-Request" in request.headers:
        return web.Response(status=204, headers={"HX-Redirect": FACTOR_PATH, "Cache-Control": "no-store"})
    return frame.redirect(FACTOR_PATH)


async def read_form(request: web.Request, bytes_max: int) -> MultiDict[str]:
    """The posted fields as text, files too. TooLarge, Malformed, UnsupportedMedia."""
    if request.content_type == "multipart/form-data":
        pairs = await _parts(request, bytes_max)
    elif request.content_type in bodies.FORM_TYPES:
        pairs = await bodies.form_pairs(request, bytes_max)
    else:
        raise UnsupportedMedia
    return MultiDict((name, value.replace("\0", "").replace("\r\n", "\n")) for name, value in pairs)


def check_token(request: web.Request, form: MultiDict[str], expected: str) -> None:
    """FormForged unless the form, or htmx's header, carries the session's token and no other site sent it."""
    given = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD) or ""
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
        raise FormForged
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise FormForged


async def _parts(request: web.Request, bytes_max: int) -> list[tuple[str, str]]:
    """A form in parts, as one with a file is sent. aiohttp's reading knows many ways to break."""
    try:
        async with asyncio.timeout(bodies.BODY_WAIT_S_MAX):
            given = await request.clone(client_max_size=bytes_max).post()
    except TimeoutError as error:
        raise Malformed("The form did not arrive in time") from error
    except (ValueError, LookupError, RuntimeError, AssertionError, zlib.error, HttpProcessingError) as error:
        raise Malformed("The form's parts cannot be read") from error
    return [(name, await _text(value)) for name, value in given.items()]


async def _text(value: str | bytes | bytearray | web.FileField) -> str:
    if isinstance(value, web.FileField):
        value = value.file.read()
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
