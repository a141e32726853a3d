"""Mails that carry one link and belong to no order: written from one pair of templates, and sent once.

An address that the server will never take is not tried again: who wants the link asks for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiosmtplib import SMTPException

from engine.domain.messages.notifications import Note
from engine.foundation import logs
from engine.foundation.speech.tongue import spoken
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.heads import Head, Sender
from engine.services.messages.letters import Paper, written
from engine.services.messages.mail_templates import words
from engine.services.messages.recipients import to
from engine.stores.messages.undelivered import refusal_of

_log = logs.get("link_mails")


@dataclass(frozen=True, slots=True)
class LinkWords:
    """What stands in such a mail: lines before the link, the link's own words, lines after it."""

    subject: str
    before: list[str]
    button: str
    after: list[str]


class LinkMails:
    """Writes and hands over."""

    def __init__(self, *, courier: Courier, sender: str) -> None:
        self._courier = courier
        self._sender = Sender(sender)

    async def send(
        self,
        kind: str,
        said: LinkWords,
        link: str,
        email: str,
        mark: str,
        *,
        more: str = "",
        papers: Sequence[Paper] = (),
    ) -> None:
        """In the language that is spoken. ``mark``, of the Message-ID before the @, is its cause; ``more``: ``Head``.

        Raises SMTPException or OSError if the server may take it later.
        """
        head = Head(self._sender, to("", email), said.subject, mark, more)
        letter = written(head, *words("link", {"said": said, "link": link}), papers=papers)
        note = Note(
            cause=mark,
            kind=kind,
            recipient=email,
            locale=spoken().tag,
            subject=said.subject,
            attachments=tuple([paper.name for paper in papers]),
        )
        try:
            await self._courier.carry(letter, note, head.message_id)
        except SMTPException as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            _log.info("link_mail_refused", mark=mark, code=refusal.code)
