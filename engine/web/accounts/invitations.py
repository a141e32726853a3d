"""Invitations to work for an organization over HTTP. Inviting is the POST to its members, as the contract has it."""

from __future__ import annotations

from aiohttp import web

from engine.domain.accounts.errors import (
    AlreadyMember,
    EmailUnverified,
    InvitationOfAnother,
    InvitationUnknown,
    MailThrottled,
    OrganizationSuspended,
    OrganizationUnknown,
    TokenExpired,
    TokenInvalid,
    TooManyOfThem,
)
from engine.domain.accounts.invitations import Invitation
from engine.domain.accounts.mailed_links import Accepted, TokenShown
from engine.domain.accounts.organizations import Member, NewMember
from engine.foundation import bodies, http, lists
from engine.foundation.errors import Forbidden
from engine.foundation.lists import Page, PageQuery, id_cursor
from engine.services.appkeys import INVITATIONS
from engine.web.auth import client_address, person, reader_language
from engine.web.forms import form
from engine.web.route import Route


async def invite_member(request: web.Request) -> web.Response:
    """Invite an address to work here, by mail. Who reads it accepts; until then nobody has got anything."""
    actor = person(request)
    given = await form(request, NewMember)
    invitations, organization_id = request.config_dict[INVITATIONS], request.match_info["organization_id"]
    invitation = await invitations.invite(
        actor, organization_id, given, client_address(request), reader_language(request)
    )
    return http.json(invitation, status=201)


async def list_invitations(request: web.Request) -> web.Response:
    """Who was invited and has not accepted yet."""
    actor, query = person(request), bodies.query(request, PageQuery)
    after = id_cursor(query.cursor, "inv") or ""
    invitations, organization_id = request.config_dict[INVITATIONS], request.match_info["organization_id"]
    rows = await invitations.of_organization(actor, organization_id, after, query.limit + 1)
    return http.json(lists.page(rows, query.limit, lambda row: row.invitation_id))


async def resend_invitation(request: web.Request) -> web.Response:
    """Mail an invitation again; it is good for a week from now."""
    organization_id, invitation_id = request.match_info["organization_id"], request.match_info["invitation_id"]
    actor, address = person(request), client_address(request)
    await request.config_dict[INVITATIONS].resend(actor, organization_id, invitation_id, address)
    return http.json(Accepted(), status=202)


async def revoke_invitation(request: web.Request) -> web.Response:
    """Call an invitation back: its links are no longer good."""
    organization_id, invitation_id = request.match_info["organization_id"], request.match_info["invitation_id"]
    await request.config_dict[INVITATIONS].revoke(person(request), organization_id, invitation_id)
    return web.Response(status=204)


async def accept_invitation(request: web.Request) -> web.Response:
    """Begin to work for an organization, as the person whose proven address the invitation was mailed to."""
    actor = person(request)
    given = await form(request, TokenShown)
    return http.json(await request.config_dict[INVITATIONS].accept(actor, given.token))


_MEMBERS = "/v1/organizations/{organization_id}/members"
_ALL = "/v1/organizations/{organization_id}/invitations"
_ONE = "/v1/organizations/{organization_id}/invitations/{invitation_id}"
_NO = (Forbidden, OrganizationUnknown)
ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        _MEMBERS,
        invite_member,
        "organizer",
        "operate",
        needs="members.write",
        takes=NewMember,
        gives=Invitation,
        status=201,
    ).refuses(*_NO, AlreadyMember, TooManyOfThem, OrganizationSuspended, MailThrottled),
    Route(
        "GET",
        _ALL,
        list_invitations,
        "organizer",
        "operate",
        needs="members.read",
        gives=Page[Invitation],
        query=PageQuery,
    ).refuses(*_NO),
    Route(
        "POST",
        f"{_ONE}/resend",
        resend_invitation,
        "organizer",
        "operate",
        needs="members.write",
        gives=Accepted,
        status=202,
    ).refuses(*_NO, InvitationUnknown, OrganizationSuspended, MailThrottled),
    Route("DELETE", _ONE, revoke_invitation, "organizer", "operate", needs="members.write", status=204).refuses(
        *_NO, InvitationUnknown
    ),
    Route(
        "POST", "/v1/invitations/accept", accept_invitation, "person", "sign_in", takes=TokenShown, gives=Member
    ).refuses(TokenInvalid, TokenExpired, InvitationOfAnother, EmailUnverified, TooManyOfThem),
)
