"""Mails that carry a link to an account: proving an address, a forgotten password, an invitation.

A link is made here, when its mail goes out: no token lies in a table, and none is old before it is sent. What stands in
them is ours, but for an organization's name and the address itself.
"""

from __future__ import annotations

from typing import Final

from engine.domain.accounts.mailed_links import GOOD_FOR_S, Purpose
from engine.domain.errands import MailAccountLink, MailInvitation
from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import later, say, speaking
from engine.foundation.world.languages import DEFAULT, known
from engine.services.accounts.invitations import Invitations
from engine.services.accounts.mailed_links import Issued, MailedLinks
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.outbox import Outbox

_PATHS: Final[dict[Purpose, str]] = {
    "verify_email": "/account/verify",
    "reset_password": "/account/reset",
    "magic_link": "/account/magic",
}
_ROLES: Final = {
    "owner": later("owner"),
    "manager": later("manager"),
    "finance": later("finance"),
    "box_office": later("box office"),
}


class AccountLinks:
    """Composes and hands over. Nothing is sent to an address that needs no link any more."""

    def __init__(
        self,
        *,
        courier: Courier,
        links: MailedLinks,
        invitations: Invitations,
        sender: str,
        engine_url: str,
        admin_url: str,
    ) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._links = links
        self._invitations = invitations
        self._engine_url = engine_url.rstrip("/")
        self._admin_url = admin_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(MailAccountLink, self.account_link)
        outbox.on(MailInvitation, self.invitation)

    async def account_link(self, asked: MailAccountLink, _repeated: bool) -> None:
        """To the address that was typed, if somebody registered with it."""
        purpose = next(each for each in _PATHS if each == asked.purpose)
        issued = await self._links.issue(purpose, asked.email)
        if issued is not None:
            await self._send(purpose, issued, asked.language, self._engine_url + _PATHS[purpose], {})

    async def invitation(self, asked: MailInvitation, _repeated: bool) -> None:
        """To the address that was invited, while it is."""
        found = await self._invitations.issue(asked.invitation_id)
        if found is None:
            return
        issued, shown, language = found
        facts = {"organization": " ".join(shown.organization.split()), "email": shown.email, "role": shown.role}
        await self._send("invitation", issued, language, self._admin_url + "/invitations/accept", facts)

    async def _send(self, purpose: Purpose, issued: Issued, language: str, page: str, facts: dict[str, str]) -> None:
        mark = f"{new_id('lnk')}.{purpose}"
        with speaking(known(language) or DEFAULT):
            await self._mails.send(purpose, _said(purpose, facts), f"{page}?token={issued.token}", issued.email, mark)


def _said(purpose: Purpose, facts: dict[str, str]) -> LinkWords:
    minutes = GOOD_FOR_S[purpose] // 60
    if purpose == "verify_email":
        return LinkWords(
            say("Confirm your e-mail address"),
            [
                say("Somebody, probably you, made an account with this address."),
                say("If it was you, confirm that the address is yours:"),
            ],
            say("Confirm my address"),
            [
                say("The link is good for %(minutes)s minutes, and once.", minutes=minutes),
                say(
                    "If it was not you, do not open it: the account gets nothing of yours. You can make it your own "
                    "with “Forgot your password?”."
                ),
            ],
        )
    if purpose == "reset_password":
        return LinkWords(
            say("Set a new password"),
            [
                say("Somebody, probably you, asked for a new password for the account of this address."),
                say("To choose one, open this link:"),
            ],
            say("Choose a new password"),
            [
                say("The link is good for %(minutes)s minutes, and once.", minutes=minutes)
                + " "
                + say("Everybody who is signed in to the account is signed out then."),
                say("If it was not you, do nothing: your password stays as it is."),
            ],
        )
    if purpose == "magic_link":
        return LinkWords(
            say("Your link to sign in"),
            [say("Somebody, probably you, asked to sign in with this address."), say("To sign in, open this link:")],
            say("Sign in"),
            [
                say("The link is good for %(minutes)s minutes, and once.", minutes=minutes),
                say("If it was not you, do nothing. Do not pass this mail on to anybody."),
            ],
        )
    role = _ROLES[facts["role"]]
    told = {**facts, "role": say(role)}
    return LinkWords(
        say("%(organization)s invites you to work with them", **told),
        [
            say("%(organization)s invites %(email)s to work with them on onsale, as %(role)s.", **told),
            say("To accept, open this link. You sign in there, or make an account with this address:"),
        ],
        say("See the invitation"),
        [
            say("The link is good for %(days)s days, and once.", days=GOOD_FOR_S[purpose] // 86_400),
            say("If you do not know %(organization)s, do nothing. Do not pass this mail on to anybody.", **told),
        ],
    )
