"""The mail with the link to all that is held about an address that bought without an account."""

from __future__ import annotations

from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import say, speaking
from engine.foundation.world.languages import DEFAULT, known
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords


class DataLinks:
    """Composes and hands over what ``services/insight/guest_data.py`` decided to send."""

    def __init__(self, *, courier: Courier, sender: str, engine_url: str) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._page = engine_url.rstrip("/") + "/my-data/open"

    async def send(self, email: str, token: str, minutes: int, language: str) -> None:
        """Raises SMTPException or OSError if the server may take it later."""
        with speaking(known(language) or DEFAULT):
            words = LinkWords(
                say("What we hold about you"),
                [
                    say("Somebody, probably you, asked for all that is held about this address."),
                    say("To download it, or to have it deleted, open this link:"),
                ],
                say("See my data"),
                [
                    say("The link is good for %(minutes)s minutes.", minutes=minutes),
                    say("If it was not you, do nothing. Do not pass this mail on to anybody."),
                ],
            )
            await self._mails.send("my_data", words, f"{self._page}?token={token}", email, f"{new_id('lnk')}.my_data")
