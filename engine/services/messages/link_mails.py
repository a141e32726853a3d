"""Mails that carry one link and belong to no order: written from a pair of templates, and sent once.

An address that the server will never take is not tried again: who wants the link asks for another.
"""

from __future__ import annotations

from typing import Any

from aiosmtplib import SMTPException

from engine.foundation import logs
from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import written
from engine.services.messages.mail_templates import open_templates, words
from engine.services.messages.recipients import to
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.undelivered import refusal_of

_log = logs.get("link_mails")


class LinkMails:
    """Writes and hands over."""

    def __init__(self, *, mailer: MailGateway, sender: str) -> None:
        self._mailer = mailer
        self._sender = Sender(sender)
        self._templates = open_templates()

    async def send(self, template: str, subject: str, email: str, mark: str, context: dict[str, Any]) -> None:
        """``template`` without its endings; ``mark`` is what of the Message-ID stands before the @.

        Raises SMTPException or OSError if the server may take it later.
        """
        head = Head(self._sender, to("", email), subject, mark)
        letter = written(head, *words(self._templates, template, context))
        try:
            await self._mailer.send(letter)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            _log.info("link_mail_refused", template=template, mark=mark, code=refusal.code)
