"""Organizations and their members over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import (
    FoundingReserved,
    LastOwner,
    MemberUnknown,
    NameLooksTaken,
    OrganizationInUse,
    OrganizationSuspended,
    OrganizationUnknown,
    SlugTaken,
    TooManyOfThem,
)
from engine.domain.accounts.organizations import (
    Member,
    NewOrganization,
    Organization,
    OrganizationChange,
    RoleChange,
)
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.services.appkeys import ORGANIZATIONS
from engine.web.auth import person
from engine.web.forms import created, form, versioned
from engine.web.route import VERSIONED, Route


async def create_organization(request: web.Request) -> web.Response:
    """Make an organization; anybody who makes it owns it."""
    actor = person(request)
    made = await request.config_dict[ORGANIZATIONS].create(actor, await form(request, NewOrganization))
    return created(made, made.version, f"/v1/organizations/{made.id}")


async def list_organizations(request: web.Request) -> web.Response:
    """The organizations one works for; all of them for a platform admin."""
    actor, query = person(request), bodies.query(request, PageQuery)
    after = id_cursor(query.cursor, "org") or ""
    rows = await request.config_dict[ORGANIZATIONS].of_person(actor, after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.id))


async def read_organization(request: web.Request) -> web.Response:
    """One organization, to those who work for it."""
    found = await request.config_dict[ORGANIZATIONS].get(person(request), request.match_info["organization_id"])
    return versioned(request, found, found.version)


async def change_organization(request: web.Request) -> web.Response:
    """Change its name, short name, legal name, colour, or the sites that may show its events."""
    actor, expected = person(request), http.version_expected(request)
    given = await form(request, OrganizationChange)
    organizations = request.config_dict[ORGANIZATIONS]
    changed = await organizations.change(actor, request.match_info["organization_id"], expected, given)
    return versioned(request, changed, changed.version)


async def delete_organization(request: web.Request) -> web.Response:
    """Remove an organization that has nothing: no venue, no event, nobody's tickets."""
    actor, expected = person(request), http.version_expected(request)
    await request.config_dict[ORGANIZATIONS].delete(actor, request.match_info["organization_id"], expected)
    return web.Response(status=204)


async def list_members(request: web.Request) -> web.Response:
    """Who works for an organization."""
    actor, query = person(request), bodies.query(request, PageQuery)
    after = id_cursor(query.cursor, "usr") or ""
    organizations = request.config_dict[ORGANIZATIONS]
    rows = await organizations.members(actor, request.match_info["organization_id"], after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.user_id))


async def set_role(request: web.Request) -> web.Response:
    """Give a member another role."""
    actor = person(request)
    given = await form(request, RoleChange)
    organization_id, user_id = request.match_info["organization_id"], request.match_info["user_id"]
    return http.json(await request.config_dict[ORGANIZATIONS].set_role(actor, organization_id, user_id, given))


async def remove_member(request: web.Request) -> web.Response:
    """Let a member out, or leave."""
    organization_id, user_id = request.match_info["organization_id"], request.match_info["user_id"]
    await request.config_dict[ORGANIZATIONS].remove_member(person(request), organization_id, user_id)
    return web.Response(status=204)


_ALL = "/v1/organizations"
_ONE = "/v1/organizations/{organization_id}"
_MEMBERS = "/v1/organizations/{organization_id}/members"
_MEMBER = "/v1/organizations/{organization_id}/members/{user_id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "POST", _ALL, create_organization, "person", "operate", takes=NewOrganization, gives=Organization, status=201
    ).refuses(SlugTaken, NameLooksTaken, FoundingReserved, TooManyOfThem, OrganizationSuspended),
    Route("GET", _ALL, list_organizations, "person", "own", gives=Page[Organization], query=PageQuery).also(
        "/v1/organizers/me"
    ),
    Route(
        "GET", _ONE, read_organization, "organizer", "operate", needs="organization.read", gives=Organization
    ).refuses(OrganizationUnknown),
    Route(
        "PATCH",
        _ONE,
        change_organization,
        "organizer",
        "operate",
        needs="organization.write",
        takes=OrganizationChange,
        gives=Organization,
    )
    .refuses(Forbidden, OrganizationUnknown, SlugTaken, NameLooksTaken, *VERSIONED)
    .also(f"{_ONE}/settings"),
    Route("DELETE", _ONE, delete_organization, "organizer", "operate", needs="members.write", status=204).refuses(
        Forbidden, OrganizationUnknown, OrganizationInUse, *VERSIONED
    ),
    Route(
        "GET", _MEMBERS, list_members, "organizer", "operate", needs="members.read", gives=Page[Member], query=PageQuery
    ).refuses(Forbidden, OrganizationUnknown),
    Route(
        "PUT", _MEMBER, set_role, "organizer", "operate", needs="members.write", takes=RoleChange, gives=Member
    ).refuses(Forbidden, OrganizationUnknown, MemberUnknown, LastOwner),
    Route("DELETE", _MEMBER, remove_member, "organizer", "operate", needs="members.write", status=204).refuses(
        Forbidden, OrganizationUnknown, MemberUnknown, LastOwner
    ),
)
