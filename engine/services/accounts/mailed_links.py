"""Links in mails: asked for, made when their mail is sent, and opened once.

Asking for a mail is the same work whether or not anybody has the address: it leaves an errand, and the worker looks. A
token is made by the worker and stands in the mail alone; the ledger keeps its digest. Of several mails of one kind the
first that is opened counts.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from engine.domain.accounts.errors import InvitationOfAnother, TokenExpired, TokenInvalid
from engine.domain.accounts.mailed_links import TOKEN_BYTES, AddressGiven, Link, PasswordReset, Purpose
from engine.domain.accounts.people import email_normal
from engine.domain.errands import AddressVerified, MailAccountLink, MailOwnOrders
from engine.foundation.ended_sessions import EndedSessions
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.throttle import Throttle
from engine.services.outbox import Outbox
from engine.stores import outbox as outbox_store
from engine.stores.accounts import identities as identities_store
from engine.stores.accounts import invitations as invitations_store
from engine.stores.accounts import mailed_links as store
from engine.stores.accounts import people as people_store
from engine.stores.accounts import second_factors as factors_store
from engine.stores.database import Connection, Database, Pool, Record
from engine.stores.outbox import AT_ONCE_DELAY_S, OutboxRow


@dataclass(frozen=True, slots=True)
class Issued:
    """A link that is good from now on."""

    token: str
    email: str


class MailedLinks:
    """Proving addresses, setting forgotten passwords, signing in without one."""

    def __init__(
        self, *, pool: Pool, outbox: Outbox, ended: EndedSessions, throttle: Throttle, passwords: Passwords
    ) -> None:
        self._pool = pool
        self._outbox = outbox
        self._ended = ended
        self._throttle = throttle
        self._passwords = passwords

    async def ask(self, purpose: Purpose, given: AddressGiven, address: str, language: str) -> None:
        """Have a link mailed, if somebody has that address and needs one. MailThrottled by block.

        What is asked for too often is passed over in silence, as an address that nobody has.
        """
        email = email_normal(given.email)
        if await self._throttle.mail(address, email, purpose):
            await outbox_store.add(self._pool, "", MailAccountLink(purpose, email, language))

    async def find_orders(self, given: AddressGiven, address: str) -> None:
        """Have the tickets of an address mailed to it again, if any were bought with it. MailThrottled by block."""
        email = email_normal(given.email)
        if await self._throttle.mail(address, email, "own_orders"):
            await outbox_store.add(self._pool, "", MailOwnOrders(email))

    async def issue(self, purpose: Purpose, email: str) -> Issued | None:
        """A fresh link for the mail that is just being sent. None if nobody has the address, or it needs no proof."""
        row = await people_store.secrets_of(self._pool, email)
        if row is None or row["disabled_at"] is not None:
            return None
        if purpose == "verify_email" and row["email_verified_at"] is not None:
            return None
        link = Link(purpose=purpose, email=email, user_id=row["id"], invitation_id=None)
        return Issued(await issue(self._pool, link), email)

    async def verify(self, token: str, signed_in: str | None) -> None:
        """The person reads their mail: their invitations count from now on. TokenInvalid, TokenExpired.

        Past guest orders come only if the account's own person is ``signed_in``: who registered may be another than
        who reads the mail and clicked. To that reader they come with a new password, see ``reset``.
        """
        link = await opened(self._pool, token, "verify_email")
        async with self._pool.acquire() as db, db.transaction():
            user_id = await self._person(db, link)  # before the link: of two links opened at once one waits
            await opened(db, token, "verify_email")
            await self._verified(db, user_id)
            errands = [await self._proven(db, user_id)] if signed_in == user_id else []
            await store.use(db, link)
        await self._outbox.at_once(errands)

    async def reset(self, given: PasswordReset, address: str) -> None:
        """A new password; every session ends, the address is proven, past guest orders come to the account.

        A second factor stays, unless it was set before anybody had proven the address. TokenInvalid, TokenExpired,
        Invalid.
        """
        link = await opened(self._pool, given.token, "reset_password")
        row = await people_store.secrets_by_id(self._pool, link.user_id or "")
        own = (row["name"], row["email"]) if row is not None else ()
        await self._passwords.check_new(given.password, "/password", *own, address=address)
        like = row["password_hash"] if row is not None else None
        password_hash = await self._passwords.hash(given.password, address, like)
        async with self._pool.acquire() as db, db.transaction():
            user_id = await self._person(db, link)
            await opened(db, given.token, "reset_password")
            if await self._verified(db, user_id):
                await factors_store.remove(db, user_id)
                await identities_store.void(db, user_id)
            errands = [await self._proven(db, user_id)]
            await people_store.set_password(db, user_id, password_hash)
            ended = await people_store.revoke_all(db, user_id)
            await store.use(db, link)
        await self._ended.tell(ended)
        await self._outbox.at_once(errands)

    async def redeemed(self, token: str) -> Record:
        """Who signs in by a mailed link, as ``secrets_of``; the link is used up. TokenInvalid, TokenExpired.

        If nobody had proven the address, what was set before is void: password, second factor, sessions. They may be
        another person's; the link's reader sets a password by mail.
        """
        link = await opened(self._pool, token, "magic_link")
        nobodys = await self._passwords.hash(secrets.token_urlsafe(TOKEN_BYTES))
        ended, errands = list[str](), list[OutboxRow]()
        async with self._pool.acquire() as db, db.transaction():
            user_id = await self._person(db, link)
            await opened(db, token, "magic_link")
            if await self._verified(db, user_id):
                await factors_store.remove(db, user_id)
                await identities_store.void(db, user_id)
                await people_store.set_password(db, user_id, nobodys)
                ended = await people_store.revoke_all(db, user_id)
                errands = [await self._proven(db, user_id)]
            await store.use(db, link)
            row = await people_store.secrets_by_id(db, user_id)
        await self._ended.tell(ended)
        await self._outbox.at_once(errands)
        if row is None:
            raise TokenInvalid
        return row

    async def invited(self, token: str, email: str) -> None:
        """Somebody registers with an invitation. TokenInvalid, TokenExpired, InvitationOfAnother address."""
        link = await opened(self._pool, token, "invitation")
        if await invitations_store.shown(self._pool, link.invitation_id or "") is None:
            raise TokenInvalid
        if link.email != email:
            raise InvitationOfAnother

    async def tell_verified(self, user_id: str) -> None:
        """The address of somebody who registered with an invitation is proven: what waits for that happens."""
        await self._outbox.at_once([await self._proven(self._pool, user_id)])

    async def sweep(self) -> int:
        """Forget links that ended long ago; how many."""
        return await store.sweep(self._pool)

    async def _person(self, db: Connection, link: Link) -> str:
        """The person whose link it is, locked. TokenInvalid if the account is shut or has another address by now."""
        row = await people_store.lock(db, link.user_id or "")
        if row is None or row["email"] != link.email or row["disabled_at"] is not None:
            raise TokenInvalid
        return str(row["id"])

    async def _verified(self, db: Connection, user_id: str) -> bool:
        """Whether nobody had proven the address before."""
        if not await people_store.verify(db, user_id):
            return False
        await store.void(db, user_id, "verify_email")
        return True

    async def _proven(self, db: Database, user_id: str) -> OutboxRow:
        await people_store.claim(db, user_id)
        return await outbox_store.add(db, user_id, AddressVerified(user_id), delay_s=AT_ONCE_DELAY_S)


async def issue(db: Database, link: Link) -> str:
    """Keep a new link; its token."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await store.add(db, _digest(token), link)
    return token


async def opened(db: Database, token: str, purpose: Purpose) -> Link:
    """The link behind a token, not used up yet. TokenInvalid, TokenExpired."""
    row = await store.find(db, _digest(token), purpose)
    if row is None:
        raise TokenInvalid
    if row["expired"]:
        raise TokenExpired
    return Link(purpose=purpose, email=row["email"], user_id=row["user_id"], invitation_id=row["invitation_id"])


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
