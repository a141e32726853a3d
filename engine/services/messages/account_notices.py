"""Mails that tell the reader of an account's address what happened to it. None carries a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from engine.domain.errands import MailAccountNotice
from engine.foundation.ids import new_id
from engine.foundation.speech.figures import at_its_clocks
from engine.foundation.speech.tongue import later, say, speaking
from engine.foundation.world.languages import DEFAULT, known
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.outbox import Outbox

NEW_PASSWORD: Final = later("Choose a new password")
IF_NOT_YOU: Final = later("If it was not you, choose a new password:")


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands before and after the button that leads to a new password."""

    subject: str
    before: tuple[str, ...]
    after: str


NOTICES: Final = MappingProxyType(
    {
        "new_device": Notice(
            later("Somebody signed in to your account"),
            (
                later(
                    "Your account was signed in to on %(when)s from a device or a place that we have not seen before."
                ),
                later("Device: %(device)s. Part of the network: %(place)s."),
                later(
                    "If it was you, there is nothing to do. If not, choose a new password. That signs everybody out:"
                ),
            ),
            later("You find all your sessions on the page of your account."),
        ),
        "way_added": Notice(
            later("Your account has another way to sign in"),
            (
                later("Your account was connected with %(device)s on %(when)s: who signs in there signs in here."),
                IF_NOT_YOU,
            ),
            later("You can take it away on the page of your account."),
        ),
        "passkey_added": Notice(
            later("A passkey was added to your account"),
            (
                later("A passkey was added to your account on %(when)s: who holds its device signs in with it."),
                IF_NOT_YOU,
            ),
            later("You can take it away on the page of your account."),
        ),
        "registered_again": Notice(
            later("You have an account already"),
            (
                later("Somebody, probably you, tried to make an account with this address. You have one already."),
                later("If you forgot its password, choose a new one:"),
            ),
            later("If it was not you, do nothing: nobody got anything of yours."),
        ),
        "second_factor_on": Notice(
            later("Your account asks for a code now"),
            (
                later(
                    "A second factor was set up for your account on %(when)s. You are asked for a code whenever you "
                    "sign in."
                ),
                IF_NOT_YOU,
            ),
            later("Keep your recovery codes in a safe place."),
        ),
        "second_factor_off": Notice(
            later("Your account asks for no code any more"),
            (later("The second factor of your account was taken away on %(when)s."), IF_NOT_YOU),
            later("You can set it up again on the page of your account."),
        ),
    }
)


class AccountNotices:
    """Composes and hands over."""

    def __init__(self, *, courier: Courier, sender: str, engine_url: str) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._page = engine_url.rstrip("/") + "/account/forgot"

    def register(self, outbox: Outbox) -> None:
        """Take the errand."""
        outbox.on(MailAccountNotice, self.notice)

    async def notice(self, told: MailAccountNotice, _repeated: bool) -> None:
        """With the way to a new password, if what happened was another's doing."""
        notice = NOTICES[told.kind]
        with speaking(known(told.language) or DEFAULT):
            when = at_its_clocks(datetime.fromtimestamp(told.at_ms / 1000, UTC), "UTC")
            facts = {"when": f"{when} UTC", "device": told.device or "?", "place": told.place}
            words = LinkWords(
                say(notice.subject),
                [say(line, **facts) for line in notice.before],
                say(NEW_PASSWORD),
                [say(notice.after)],
            )
            await self._mails.send(told.kind, words, self._page, told.email, f"{new_id('lnk')}.{told.kind}")
