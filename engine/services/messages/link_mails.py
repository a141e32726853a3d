"""Mails that carry one link and belong to no order: written from a pair of templates, and sent once.

An address that the server will never take is not tried again: who wants the link asks for another.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from aiosmtplib import SMTPException

from engine.foundation import logs
from engine.foundation.clock import now
from engine.services.messages.mail_templates import domain_of, open_templates
from engine.services.messages.recipients import to
from engine.stores.messages.mail import MailGateway
from engine.stores.messages.undelivered import refusal_of

_log = logs.get("link_mails")


class LinkMails:
    """Writes and hands over."""

    def __init__(self, *, mailer: MailGateway, sender: str) -> None:
        self._mailer = mailer
        self._sender = sender
        self._domain = domain_of(sender)
        self._templates = open_templates()

    async def send(self, template: str, subject: str, email: str, mark: str, context: dict[str, Any]) -> None:
        """``template`` without its endings; ``mark`` is what of the Message-ID stands before the @.

        Raises SMTPException or OSError if the server may take it later.
        """
        message = EmailMessage()
        message["Subject"] = subject
        message["From"] = self._sender
        message["To"] = to("", email)
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{mark}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._templates.get_template(f"{template}.txt.jinja").render(context))
        message.add_alternative(self._templates.get_template(f"{template}.html.jinja").render(context), subtype="html")
        try:
            await self._mailer.send(message)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            _log.info("link_mail_refused", template=template, mark=mark, code=refusal.code)
