"""Mails that carry a link to an account: proving an address, a forgotten password, an invitation.

A link is made here, when its mail goes out: no token lies in a table, and none is old before it is sent. What stands in
them is ours, but for an organization's name and the address itself.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from babel.dates import format_datetime

from engine.domain.accounts.mailed_links import GOOD_FOR_S, Purpose
from engine.domain.errands import MailAccountLink, MailAccountNotice, MailInvitation
from engine.foundation.ids import new_id
from engine.foundation.world.languages import DEFAULT, LANGUAGES
from engine.services.accounts.invitations import Invitations
from engine.services.accounts.mailed_links import Issued, MailedLinks
from engine.services.messages.link_mails import LinkMails
from engine.services.outbox import Outbox
from engine.stores.messages.mail import MailGateway

WORDS: Final[dict[str, dict[str, Any]]] = {
    language: json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
_PATHS: Final[dict[Purpose, str]] = {
    "verify_email": "/account/verify",
    "reset_password": "/account/reset",
    "magic_link": "/account/magic",
}
_FORGOT: Final = "/account/forgot"
NOTICES: Final = frozenset({"new_device", "registered_again", "second_factor_on", "second_factor_off"})


class AccountLinks:
    """Composes and hands over. Nothing is sent to an address that needs no link any more."""

    def __init__(
        self,
        *,
        mailer: MailGateway,
        links: MailedLinks,
        invitations: Invitations,
        sender: str,
        engine_url: str,
        admin_url: str,
    ) -> None:
        self._mails = LinkMails(mailer=mailer, sender=sender)
        self._links = links
        self._invitations = invitations
        self._engine_url = engine_url.rstrip("/")
        self._admin_url = admin_url.rstrip("/")

    def register(self, outbox: Outbox) -> None:
        """Take the errands."""
        outbox.on(MailAccountLink, self.account_link)
        outbox.on(MailAccountNotice, self.notice)
        outbox.on(MailInvitation, self.invitation)

    async def account_link(self, asked: MailAccountLink, _repeated: bool) -> None:
        """To the address that was typed, if somebody registered with it."""
        purpose = next(each for each in _PATHS if each == asked.purpose)
        issued = await self._links.issue(purpose, asked.email)
        if issued is not None:
            await self._send(purpose, issued, asked.language, self._engine_url + _PATHS[purpose], {})

    async def notice(self, told: MailAccountNotice, _repeated: bool) -> None:
        """To the address of an account: what happened to it, and where a password is set if that was somebody else."""
        assert told.kind in NOTICES, told.kind
        language = told.language if told.language in LANGUAGES else DEFAULT
        when = datetime.fromtimestamp(told.at_ms / 1000, UTC)
        facts = {
            "when": format_datetime(when, "long", locale=language),
            "device": told.device or "?",
            "place": told.place,
        }
        await self._write(told.kind, told.email, language, self._engine_url + _FORGOT, facts)

    async def invitation(self, asked: MailInvitation, _repeated: bool) -> None:
        """To the address that was invited, while it is."""
        found = await self._invitations.issue(asked.invitation_id)
        if found is None:
            return
        issued, shown, language = found
        facts = {"organization": " ".join(shown.organization.split()), "email": shown.email, "role": shown.role}
        await self._send("invitation", issued, language, self._admin_url + "/invitations/accept", facts)

    async def _send(self, purpose: Purpose, issued: Issued, language: str, page: str, facts: dict[str, str]) -> None:
        language = language if language in LANGUAGES else DEFAULT
        words, good_for_s = WORDS[language], GOOD_FOR_S[purpose]
        told: dict[str, Any] = {**facts, "minutes": good_for_s // 60, "days": good_for_s // 86_400}
        if "role" in told:
            told["role"] = words["roles"][told["role"]]
        await self._write(purpose, issued.email, language, f"{page}?token={issued.token}", told)

    async def _write(self, kind: str, email: str, language: str, link: str, told: dict[str, Any]) -> None:
        """``kind`` names what is said; ``told`` fills its gaps."""
        said = WORDS[language][kind]
        context = {
            "language": language,
            "subject": said["subject"].format(**told),
            "before": [line.format(**told) for line in said["before"]],
            "after": [line.format(**told) for line in said["after"]],
            "button": said["button"],
            "link": link,
        }
        mark = f"{new_id('lnk')}.{kind}"
        await self._mails.send("account_link", context["subject"], email, mark, context)
