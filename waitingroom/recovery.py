"""A place whose ticket is lost, or that a stranger took: its address is mailed a link; who opens it has the place.

Nothing that the asker wrote is mailed, and an address is mailed seldom: once in ten minutes for one event.
"""

from __future__ import annotations

import hotpath_rs
from engine.foundation import queue_links
from engine.foundation.connections import HotRedis
from engine.foundation.leases import tell_changed
from waitingroom.errors import LinkEnded, LinkInvalid, LinkUsed
from waitingroom.identities import address_of
from waitingroom.ledger import Ledger
from waitingroom.room import Place, Room

_EVERYWHERE = "queue-links"  # under whose keys an address has one digest for all events


class Recovery:
    """Asks for links, and opens them."""

    def __init__(self, *, ledger: Ledger, redis: HotRedis, keyring: hotpath_rs.Keyring) -> None:
        self._ledger = ledger
        self._redis = redis
        self._keys = keyring.platform()
        self._everywhere = keyring.event(_EVERYWHERE)

    async def ask(self, room: Room, identity: str, digest: bytes, number: int, language: str) -> bool:
        """Have a link mailed to the place's address; False if one was lately. Of many at once one is told True."""
        if not await room.store.ask_link(digest):
            return False
        address = address_of(identity)
        asked = queue_links.LinkAsked(
            event_id=room.event_id,
            email=address,
            title=str(room.rules.card.get("title") or "onsale"),
            language=language,
            identity=digest.hex(),
            number=number,
            generation=0,
        )
        try:
            return await self._ledger.ask_link(digest, self._everywhere.identity_digest(address.encode()), asked)
        except BaseException:
            await room.store.ask_link_again(digest)
            raise

    def read(self, room: Room, token: str) -> queue_links.QueueLink:
        """What the link says. LinkInvalid, LinkEnded."""
        try:
            link = queue_links.read(self._keys, token, room.board.now_ms())
        except hotpath_rs.TokenError as error:
            if error.code == "expired":
                raise LinkEnded from error
            raise LinkInvalid from error
        if link.event_id != room.event_id:
            raise LinkInvalid
        return link

    async def asks_first(self, room: Room, token: str) -> bool:
        """Whether the place of this link is looked at elsewhere: fetching the link must not move it.

        LinkUsed, LinkEnded, LinkInvalid.
        """
        link = self.read(room, token)
        if room.has_moved(link.identity, link.generation):
            raise LinkUsed
        return await room.is_looked_at(link.number)

    async def open(self, room: Room, token: str, *, again: bool = False) -> Place:
        """The place, moved to who opens its link; its older tickets have ended. LinkUsed, LinkEnded, LinkInvalid.

        ``again``: the opener was told that the link was used before, and takes the place all the same.
        """
        link = self.read(room, token)
        place = await room.open_link(link.identity, link.number, link.generation, again=again)
        if place is None:
            raise LinkUsed
        await tell_changed(self._redis, room.event_id)
        return place
