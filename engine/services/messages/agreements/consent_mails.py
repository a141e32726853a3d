"""The mail that says what an address agreed to be written about: its first marketing mail, with the way to stop it."""

from __future__ import annotations

from typing import Final

from engine.domain.accounts.consents import PURPOSES, AskedFor, Purpose
from engine.domain.errands import MailConsent
from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import later, say, speaking
from engine.foundation.world.languages import DEFAULT, known
from engine.services.accounts.agreements.consents import Consents
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.outbox import Outbox
from engine.stores.accounts import consents as store
from engine.stores.database import Pool

_AGREED: Final[dict[Purpose, str]] = {
    "organizer_marketing": later("You asked to hear from %(name)s about their events."),
    "platform_marketing": later("You asked to hear from onsale about events that may please you."),
    "sms_reminders": later("You asked for reminders of your events by SMS."),
}


class ConsentMails:
    """Composes and hands over, if the consent still stands when the mail leaves."""

    def __init__(self, *, courier: Courier, pool: Pool, consents: Consents, sender: str) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._pool = pool
        self._consents = consents

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(MailConsent, self.agreed)

    async def agreed(self, told: MailConsent, _repeated: bool) -> None:
        """With List-Unsubscribe, as every mail that nobody needs."""
        purpose = next(each for each in PURPOSES if each == told.purpose)
        asked = AskedFor(told.email, purpose, told.organization_id or None)
        if not await self._consents.may(asked.address, purpose, asked.organization_id):
            return
        name = await store.organization_name(self._pool, asked.organization_id) if asked.organization_id else None
        fields = self._consents.list_fields(asked)
        with speaking(known(told.language) or DEFAULT):
            words = LinkWords(
                say("What you hear from us about"),
                [
                    say(_AGREED[purpose], name=" ".join((name or "").split())),
                    say("You can change that at any time, here or with the button of your mail program:"),
                ],
                say("Change what I hear about"),
                [say("If it was not you, open this page and take the tick away.")],
            )
            page = self._consents.choices_url(asked.address)
            await self._mails.send("consent", words, page, asked.address, f"{new_id('lnk')}.consent", more=fields)
