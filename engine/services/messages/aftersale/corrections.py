"""Mails about orders that are corrected: the code to the old address, and word to the old and the new one."""

from __future__ import annotations

from typing import Final

import hotpath_rs
from engine.domain.errands import MailOneTimeCode, MailOrderCorrected
from engine.domain.money.orders import Order
from engine.domain.tickets.one_time_codes import GOOD_FOR_S
from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import say, speaking
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.outbox import Outbox
from engine.services.tickets.one_time_codes import OneTimeCodes
from engine.stores.catalogue import events
from engine.stores.database import Pool
from engine.stores.money.orders import OrderStore

MINUTE_S: Final = 60


class CorrectionMails:
    """Composes and hands over, in the order's language."""

    def __init__(
        self,
        *,
        courier: Courier,
        pool: Pool,
        orders: OrderStore,
        codes: OneTimeCodes,
        keyring: hotpath_rs.Keyring,
        sender: str,
        engine_url: str,
    ) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._pool = pool
        self._orders = orders
        self._codes = codes
        self._platform = keyring.platform()
        self._engine_url = engine_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the errand; codes are mailed with those of transfers."""
        outbox.on(MailOrderCorrected, self.corrected)

    async def code(self, errand: MailOneTimeCode) -> None:
        """To the address that the order has still."""
        order = await self._orders.read(errand.subject)
        if order is None:
            return
        title = (await events.seller_of(self._pool, order.event_id)).title
        code = await self._codes.issue(order.id, "buyer")
        with speaking(order.locale):
            said = LinkWords(
                say("A code to correct your order for %(title)s", title=title),
                [
                    say("Somebody, probably you, wants to correct order %(number)s.", number=order.order_number),
                    say("If it was you, this is the code:"),
                    code,
                    say("The code is good for %(minutes)s minutes.", minutes=GOOD_FOR_S // MINUTE_S),
                ],
                say("See the order"),
                [say("If it was not you, do nothing, and tell this code to nobody.")],
            )
            await self._mails.send(
                "order_code", said, self._order_url(order), order.buyer_email, f"{new_id('otp')}.buyer"
            )

    async def corrected(self, errand: MailOrderCorrected, _repeated: bool) -> None:
        """To the old address without a way in, if there is another now; to the present one with it."""
        order = await self._orders.read(errand.order_id)
        if order is None:
            return
        seller = await events.seller_of(self._pool, order.event_id)
        with speaking(order.locale):
            subject = say("Your order for %(title)s was corrected", title=seller.title)
            number = say("It is order %(number)s.", number=order.order_number)
            moved = order.buyer_email != errand.email
            if moved:
                gone = [
                    say("Its mail goes to another address from now on."), number,
                    say("If you know nothing of this, write to %(name)s at once.", name=seller.organization),
                ]  # fmt: skip
                event_url = f"{self._engine_url}/e/{seller.slug}"
                said = LinkWords(subject, gone, say("See the event"), [])
                await self._mails.send("order_corrected", said, event_url, errand.email, f"{new_id('cor')}.old")
            here = [say("Its mail comes to this address from now on.")] if moved else []
            here += [say("Another name stands on it.")] if errand.name_changed else []
            said = LinkWords(subject, [*here, number], say("See the order"), [])
            await self._mails.send(
                "order_corrected", said, self._order_url(order), order.buyer_email, f"{new_id('cor')}.new"
            )

    def _order_url(self, order: Order) -> str:
        return f"{self._engine_url}/order/{order.id}#token={order.link.mint(self._platform)}"
