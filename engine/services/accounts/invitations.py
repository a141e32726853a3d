"""Letting people into an organization: invited by address, let in by who reads its mail."""

from __future__ import annotations

from engine.domain.accounts.errors import (
    AlreadyMember,
    EmailUnverified,
    InvitationOfAnother,
    InvitationUnknown,
    MailThrottled,
    OrganizationUnknown,
    TokenInvalid,
    TooManyOfThem,
)
from engine.domain.accounts.invitations import INVITATIONS_MAX, MAILED_AGAIN_S, Invitation, InvitationShown
from engine.domain.accounts.mailed_links import Link
from engine.domain.accounts.organizations import MEMBERS_MAX, Member, NewMember
from engine.domain.accounts.people import email_normal
from engine.domain.errands import MailInvitation
from engine.foundation.bearer import Person
from engine.foundation.errors import Unauthenticated
from engine.foundation.ids import new_id
from engine.foundation.world import languages
from engine.services.accounts import mailed_links
from engine.services.accounts.access import Access
from engine.services.accounts.mailed_links import Issued
from engine.services.accounts.throttle import Throttle
from engine.stores import activity, outbox
from engine.stores.accounts import invitations as store
from engine.stores.accounts import mailed_links as links_store
from engine.stores.accounts import organizations as organizations_store
from engine.stores.accounts import people as people_store
from engine.stores.database import Connection, Pool

_JUST_MAILED = "This address was mailed an invitation a moment ago"


class Invitations:
    """Who is asked to work for an organization, until they accept."""

    def __init__(self, *, pool: Pool, access: Access, throttle: Throttle) -> None:
        self._pool = pool
        self._access = access
        self._throttle = throttle

    async def invite(
        self, person: Person, organization_id: str, given: NewMember, address: str, language: str = languages.DEFAULT
    ) -> Invitation:
        """Invite an address by mail, whether or not anybody registered with it. AlreadyMember; TooManyOfThem.

        An address that is invited already gets this role and all the time again. OrganizationSuspended; MailThrottled
        beyond what the throttle lets the inviter, ``address`` (the caller's) and the invited have, and within
        MAILED_AGAIN_S of the last mail to it, called back or not.
        """
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        await self._access.check_active(organization_id)
        email = email_normal(given.email)
        async with self._pool.acquire() as db, db.transaction():
            await organizations_store.lock(db, organization_id)
            if await organizations_store.has_member_at(db, organization_id, email):
                raise AlreadyMember
            if await organizations_store.member_count(db, organization_id) >= MEMBERS_MAX:
                raise TooManyOfThem(limit=MEMBERS_MAX)
            new = new_id("inv")
            invitation = await store.put(db, new, organization_id, email, given.role, language, person.user_id)
            if await store.pending_count(db, organization_id) > INVITATIONS_MAX:
                raise TooManyOfThem(limit=INVITATIONS_MAX)
            await self._mail(db, person, address, invitation, first=invitation.invitation_id == new)
            await activity.record(
                db, person, "member.invited", organization_id, email=email, role=given.role,
                invitation_id=invitation.invitation_id,
            )  # fmt: skip
        return invitation

    async def of_organization(self, person: Person, organization_id: str, after: str, limit: int) -> list[Invitation]:
        """What is pending, by id."""
        await self._access.require(person, organization_id, "members.read", hidden=OrganizationUnknown)
        return await store.pending(self._pool, organization_id, after, limit)

    async def resend(self, person: Person, organization_id: str, invitation_id: str, address: str) -> None:
        """Mail it again, good for all its time. InvitationUnknown, OrganizationSuspended; MailThrottled as for one."""
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        await self._access.check_active(organization_id)
        async with self._pool.acquire() as db, db.transaction():
            found = await self._found(db, organization_id, invitation_id)
            if not await self._mail(db, person, address, found, first=False):
                raise MailThrottled(_JUST_MAILED, retry_after_s=MAILED_AGAIN_S)
            await activity.record(db, person, "invitation.resent", organization_id, email=found.email)

    async def revoke(self, person: Person, organization_id: str, invitation_id: str) -> None:
        """Call it back: its links are no longer good. InvitationUnknown."""
        await self._access.require(person, organization_id, "members.write", hidden=OrganizationUnknown)
        async with self._pool.acquire() as db, db.transaction():
            found = await self._found(db, organization_id, invitation_id)
            await store.end(db, invitation_id, "revoked")
            await activity.record(db, person, "invitation.revoked", organization_id, email=found.email)

    async def shown(self, token: str) -> InvitationShown:
        """What the token invites to; nothing is used up. TokenInvalid, TokenExpired."""
        link = await mailed_links.opened(self._pool, token, "invitation")
        found = await store.shown(self._pool, link.invitation_id or "")
        if found is None:
            raise TokenInvalid
        return found

    async def accept(self, person: Person, token: str) -> Member:
        """Begin to work there; then the token is used up.

        TokenInvalid, TokenExpired, InvitationOfAnother, EmailUnverified, TooManyOfThem.
        """
        link = await mailed_links.opened(self._pool, token, "invitation")
        row = await people_store.secrets_by_id(self._pool, person.user_id)
        if row is None or row["disabled_at"] is not None:
            raise Unauthenticated("This account is gone")
        if row["email"] != link.email:
            raise InvitationOfAnother
        if row["email_verified_at"] is None:
            raise EmailUnverified
        async with self._pool.acquire() as db, db.transaction():
            organization_id = await store.organization_of(db, link.invitation_id or "")
            await organizations_store.lock(db, organization_id)  # before the link: of two opened at once one waits
            await mailed_links.opened(db, token, "invitation")
            role = await store.end(db, link.invitation_id or "", "accepted")
            if role is None:
                raise TokenInvalid
            if await organizations_store.member_count(db, organization_id) >= MEMBERS_MAX:
                raise TooManyOfThem(limit=MEMBERS_MAX)
            await organizations_store.add_member(db, organization_id, person.user_id, role)
            await links_store.use(db, link)
            await activity.record(
                db, person, "member.added", organization_id, user_id=person.user_id, email=link.email,
                role=role,
            )  # fmt: skip
            member = await organizations_store.member(db, organization_id, person.user_id)
        await self._throttle.invitation_accepted(link.email)
        assert member is not None
        return member

    async def issue(self, invitation_id: str) -> tuple[Issued, InvitationShown, str] | None:
        """A fresh link for the mail that is just being sent, and its language.

        None if it is no longer pending, or its organization was suspended.
        """
        row = await store.to_mail(self._pool, invitation_id)
        if row is None or row["status"] != "active":
            return None
        link = Link(purpose="invitation", email=row["email"], user_id=None, invitation_id=invitation_id)
        token = await mailed_links.issue(self._pool, link)
        shown = InvitationShown(email=row["email"], organization=row["organization"], role=row["role"])
        return Issued(token, row["email"]), shown, row["language"]

    async def _found(self, db: Connection, organization_id: str, invitation_id: str) -> Invitation:
        found = await store.get(db, organization_id, invitation_id)
        if found is None:
            raise InvitationUnknown
        return found

    async def _mail(self, db: Connection, person: Person, address: str, invitation: Invitation, *, first: bool) -> bool:
        """False if this invitation was mailed a moment ago; MailThrottled if another of the same address was."""
        if not await store.may_mail(db, invitation.invitation_id, MAILED_AGAIN_S, first=first):
            return False
        wait_s = await store.mailed_again_in_s(db, invitation, MAILED_AGAIN_S)
        if wait_s:
            raise MailThrottled(_JUST_MAILED, retry_after_s=wait_s)
        row = None if person.is_admin else await people_store.secrets_by_id(db, person.user_id)
        proven = person.is_admin or (row is not None and row["email_verified_at"] is not None)
        await self._throttle.invitation(address, person.user_id, invitation.email, proven=proven)
        await outbox.add(db, invitation.invitation_id, MailInvitation(invitation.invitation_id))
        return True
