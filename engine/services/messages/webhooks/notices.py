"""The mail to an organization's owners about an endpoint that was switched off by itself."""

from __future__ import annotations

from engine.domain.errands import MailWebhookOff
from engine.domain.messages.webhooks import FAILING_DAYS_MAX, MESSAGES_KEPT_DAYS
from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import say, speaking
from engine.foundation.world.languages import DEFAULT, known
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.outbox import Outbox
from engine.stores.database import Pool
from engine.stores.messages.webhooks import endpoints
from engine.stores.messages.webhooks.endpoints import Disabled


class WebhookNotices:
    """Composes and hands over."""

    def __init__(self, *, courier: Courier, pool: Pool, sender: str, admin_url: str) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._pool = pool
        self._admin_url = admin_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(MailWebhookOff, self.switched_off)

    async def switched_off(self, told: MailWebhookOff, _repeated: bool) -> None:
        """Nothing is sent if it was deleted or switched on again meanwhile."""
        found = await endpoints.told_of(self._pool, told.endpoint_id)
        if found is None or found.enabled or found.reason is None:
            return
        link = f"{self._admin_url}/o/{found.organization_id}/webhooks/{told.endpoint_id}"
        with speaking(known(told.language) or DEFAULT):
            await self._mails.send("webhook_off", _words(found), link, told.email, f"{new_id('whe')}.webhook_off")


def _words(found: Disabled) -> LinkWords:
    organization = " ".join(found.organization.split())
    why = (
        say("It answered that it is gone for good (410).")
        if found.reason == "gone"
        else say("Nothing arrived there for %(days)s days.", days=FAILING_DAYS_MAX)
    )
    return LinkWords(
        say("A webhook of %(organization)s was switched off", organization=organization),
        [
            say("We stopped sending messages of %(organization)s to this address:", organization=organization),
            found.url,
            why,
            say("Its page shows the last tries. Once it works, switch it on there:"),
        ],
        say("See the webhook"),
        [say("Messages of the last %(days)s days can be sent again from there.", days=MESSAGES_KEPT_DAYS)],
    )
