"""What is held about people without an account: asked for by address, handed over and erased by a mailed link.

Asking is the same work whether or not anything is held; the worker looks. The link is sealed and kept nowhere. Orders
of an account are the account's: its own page has them, and asks for more than the mail.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Final

from engine.domain.accounts.errors import TokenExpired
from engine.domain.accounts.mailed_links import AddressGiven
from engine.domain.accounts.people import email_normal
from engine.domain.errands import EraseGuest, MailMyData
from engine.domain.insight.personal_data import ERASED_WITHIN_S, LINK_GOOD_FOR_S, ROWS_MAX, ErasureTaken, LinkToData
from engine.foundation.clock import now_ms
from engine.foundation.ids import new_id
from engine.foundation.news import News
from engine.services.accounts.agreements.sealed_links import SealedLinks
from engine.services.accounts.throttle import Throttle
from engine.services.insight.personal_data import packed
from engine.services.messages.agreements.data_links import DataLinks
from engine.services.outbox import Outbox
from engine.stores import outbox as outbox_store
from engine.stores.database import Pool
from engine.stores.insight import personal_data as store

NOBODY: Final = ""  # the person of a guest's orders


class GuestData:
    """Mails links, exports, erases."""

    def __init__(
        self, *, pool: Pool, sealed: SealedLinks, throttle: Throttle, links: DataLinks, order_news: News
    ) -> None:
        self._pool = pool
        self._sealed = sealed
        self._throttle = throttle
        self._links = links
        self._order_news = order_news

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(MailMyData, self.mail)
        outbox.on(EraseGuest, self.carry_out)

    async def ask(self, given: AddressGiven, address: str, language: str) -> None:
        """Have the link mailed, if anything is held about the address. MailThrottled by block."""
        email = email_normal(given.email)
        if await self._throttle.mail(address, email, "my_data"):
            await outbox_store.add(self._pool, "", MailMyData(email, language))

    async def mail(self, asked: MailMyData, _repeated: bool) -> None:
        """A link that is good from now on; nothing if nothing is held."""
        if await store.is_held(self._pool, asked.email):
            link = LinkToData(asked.email, now_ms() // 1000 + LINK_GOOD_FOR_S)
            await self._links.send(asked.email, self._sealed.token(link), LINK_GOOD_FOR_S // 60, asked.language)

    def address(self, token: str) -> str:
        """Whose data a link opens. TokenInvalid, TokenExpired."""
        link = self._sealed.opened(token, LinkToData)
        if link.until_s <= now_ms() // 1000:
            raise TokenExpired
        return link.address

    async def export(self, token: str) -> bytes:
        """A ZIP of everything that is held about the address, with its manifest. TokenInvalid, TokenExpired."""
        email = self.address(token)
        found = {name: await store.read(self._pool, name, NOBODY, email) for name in store.FILES}
        return await asyncio.to_thread(packed, NOBODY, email, found)

    async def erase(self, token: str) -> ErasureTaken:
        """Have all of it taken away within a day. Asked twice is done twice. TokenInvalid, TokenExpired."""
        email, erasure_id = self.address(token), new_id("era")
        digest = hashlib.sha256(email.encode()).digest()
        async with self._pool.acquire() as db, db.transaction():
            due_at: datetime = await store.ask_as_guest(db, erasure_id, digest, ERASED_WITHIN_S)
            await outbox_store.add(db, erasure_id, EraseGuest(erasure_id, email))
        return ErasureTaken(erased_by=due_at)

    async def carry_out(self, errand: EraseGuest, _repeated: bool) -> None:
        """Doing it again finds nothing."""
        async with self._pool.acquire() as db, db.transaction():
            order_ids = await store.erase_guest(db, errand.erasure_id, errand.email)
        for begin in range(0, len(order_ids), ROWS_MAX):
            await self._order_news.changed(*order_ids[begin : begin + ROWS_MAX])
