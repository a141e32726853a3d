"""Mails about transfers: a code to each side, what became of it to both, and the ticket to its holder.

A code is made here, when its mail goes out; it stands in the mail alone. Links carry ``?token=``. A name that was typed
into a transfer holds no link (``mailed_name``); no other words of the sender travel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, get_args

import hotpath_rs
from engine.domain.errands import MailHeldTicket, MailOneTimeCode, MailTransferNews
from engine.domain.sale.places import place
from engine.domain.tickets.one_time_codes import GOOD_FOR_S
from engine.domain.tickets.ticket_links import Side, mint_side
from engine.domain.tickets.tickets import TicketPage
from engine.domain.tickets.transfers import Transfer
from engine.foundation.ids import new_id
from engine.foundation.speech.tongue import say, speaking
from engine.services.messages.delivery.courier import Courier
from engine.services.messages.letters import Paper
from engine.services.messages.link_mails import LinkMails, LinkWords
from engine.services.messages.tellings import moment
from engine.services.outbox import Outbox
from engine.services.tickets.one_time_codes import OneTimeCodes
from engine.services.tickets.tickets import Tickets
from engine.services.tickets.transfers import Transfers

MINUTE_S: Final = 60


class TransferMails:
    """Composes and hands over."""

    def __init__(
        self,
        *,
        courier: Courier,
        tickets: Tickets,
        transfers: Transfers,
        codes: OneTimeCodes,
        keyring: hotpath_rs.Keyring,
        sender: str,
        engine_url: str,
    ) -> None:
        self._mails = LinkMails(courier=courier, sender=sender)
        self._tickets = tickets
        self._transfers = transfers
        self._codes = codes
        self._platform = keyring.platform()
        self._engine_url = engine_url.rstrip("/")

    def register(self, outbox: Outbox, *, to_buyer: Callable[[MailOneTimeCode], Awaitable[None]]) -> None:
        """Take the errands; codes to an order's buyer are another's to mail."""

        async def code(errand: MailOneTimeCode, _repeated: bool) -> None:
            await (to_buyer if errand.part == "buyer" else self.code)(errand)

        outbox.on(MailOneTimeCode, code)
        outbox.on(MailTransferNews, self.news)
        outbox.on(MailHeldTicket, self.held_ticket)

    async def code(self, errand: MailOneTimeCode) -> None:
        """To the side whose code was asked for; nothing once the transfer is over."""
        side = next(each for each in get_args(Side) if each == errand.part)
        transfer = await self._transfers.get(errand.subject)
        ticket = await self._tickets.of_holder(transfer.ticket_id) if transfer is not None else None
        if transfer is None or ticket is None or transfer.status != "pending":
            return
        code = await self._codes.issue(transfer.id, side)
        link = f"{self._engine_url}/transfer/{transfer.id}?token={mint_side(self._platform, transfer.id, side)}"
        with speaking(transfer.from_locale if side == "sender" else transfer.to_locale):
            said = _to_sender(transfer, ticket, code) if side == "sender" else _to_recipient(transfer, ticket, code)
            email = transfer.from_email if side == "sender" else transfer.to_email
            await self._mails.send(
                "transfer_code", said, link, email, f"{transfer.id}.{side}.{self._mark(code, transfer)}"
            )

    async def news(self, errand: MailTransferNews, _repeated: bool) -> None:
        """To both sides. To the new holder goes the ticket itself."""
        transfer = await self._transfers.get(errand.transfer_id)
        ticket = await self._tickets.of_holder(transfer.ticket_id) if transfer is not None else None
        if transfer is None or ticket is None:
            return
        event_url = f"{self._engine_url}/e/{ticket.event_slug}"
        with speaking(transfer.from_locale):
            said = _told_sender(errand.what, transfer, ticket)
            await self._mails.send(
                "transfer_news", said, event_url, transfer.from_email, f"{transfer.id}.{errand.what}.sender"
            )
        if errand.what == "completed":
            await self._send_ticket(transfer, ticket, f"{transfer.id}.holder")
            return
        with speaking(transfer.to_locale):
            said = _told_recipient(errand.what, transfer, ticket)
            await self._mails.send(
                "transfer_news", said, event_url, transfer.to_email, f"{transfer.id}.{errand.what}.recipient"
            )

    async def held_ticket(self, errand: MailHeldTicket, _repeated: bool) -> None:
        """Its newest code to its holder; nothing if it admits nobody, or is its buyer's."""
        transfer = await self._transfers.last_of(errand.ticket_id)
        ticket = await self._tickets.of_holder(errand.ticket_id)
        if transfer is not None and ticket is not None:
            await self._send_ticket(transfer, ticket, f"{new_id('msg')}.{ticket.id}.holder")  # each was asked for

    async def _send_ticket(self, transfer: Transfer, ticket: TicketPage, mark: str) -> None:
        """To whom this transfer gave it, while it is theirs."""
        if ticket.handed_on != transfer.made_holder or self._tickets.code(ticket) is None:
            return
        sheet = await self._tickets.printed(self._tickets.document([ticket]))
        token = ticket.holder_link.mint(self._platform)
        link = f"{self._engine_url}/ticket/{ticket.id}?token={token}"
        with speaking(transfer.to_locale):
            said = _with_ticket(transfer, ticket)
            papers = [Paper(f"ticket-{ticket.order_number}-{ticket.unit}.pdf", sheet)]
            await self._mails.send("held_ticket", said, link, ticket.holder_email, mark, papers=papers)

    def _mark(self, code: str, transfer: Transfer) -> str:
        """Another for each code, so that mailboxes show every one; it tells nothing of it."""
        return self._platform.mint_order_token(f"mark.{transfer.id}.{code}")[-16:]


def _facts(ticket: TicketPage) -> str:
    """``Fri 20 November 2026, 20:00, Vancouver time · The Hall · Floor``."""
    return " · ".join(
        [moment(ticket.starts_at, ticket.timezone), ticket.venue_name, place(ticket.section, ticket.seat)]
    )


def _to_sender(transfer: Transfer, ticket: TicketPage, code: str) -> LinkWords:
    return LinkWords(
        say("Confirm that you hand on your ticket for %(title)s", title=ticket.event_title),
        [
            say("You, or somebody who has your ticket, want to hand it on to %(email)s.", email=transfer.to_email),
            _facts(ticket),
            say("If you mean it, confirm it with this code:"),
            code,
            say("The code is good for %(minutes)s minutes.", minutes=GOOD_FOR_S // MINUTE_S),
        ],
        say("Confirm or call it back"),
        [
            say(
                "Until %(moment)s both of you can do your part. Meanwhile the ticket admits nobody; if it comes to "
                "nothing, your code is good again.",
                moment=moment(transfer.expires_at, ticket.timezone),
            ),
            say("If it was not you, call it back there. Tell this code to nobody."),
        ],
    )


def _to_recipient(transfer: Transfer, ticket: TicketPage, code: str) -> LinkWords:
    return LinkWords(
        say("%(name)s hands you a ticket for %(title)s", name=transfer.from_name, title=ticket.event_title),
        [
            say("%(name)s wants to hand you this ticket for %(title)s:", name=transfer.from_name,
                title=ticket.event_title),
            _facts(ticket),
            say("To take it, show this code on the page behind the link:"),
            code,
            say("The code is good for %(minutes)s minutes; the page mails you another.",
                minutes=GOOD_FOR_S // MINUTE_S),
        ],
        say("Take the ticket"),
        [
            say(
                "You have until %(moment)s. It costs you nothing.",
                moment=moment(transfer.expires_at, ticket.timezone),
            ),
            say("If you do not know what this is about, do nothing, or decline it there."),
        ],
    )  # fmt: skip


def _told_sender(what: str, transfer: Transfer, ticket: TicketPage) -> LinkWords:
    if what == "completed":
        return LinkWords(
            say("Your ticket for %(title)s was handed on", title=ticket.event_title),
            [
                say("It belongs to %(email)s now. Your code for it admits nobody any more.", email=transfer.to_email),
                _facts(ticket),
            ],
            say("See the event"),
            [say("The receipt stays yours: a refund goes to who paid.")],
        )
    return LinkWords(
        say("Your ticket for %(title)s was not handed on", title=ticket.event_title),
        [_why(what, transfer), _facts(ticket), *_good_again(what)],
        say("See the event"),
        [],
    )


def _told_recipient(what: str, transfer: Transfer, ticket: TicketPage) -> LinkWords:
    return LinkWords(
        say("The ticket for %(title)s does not come to you", title=ticket.event_title),
        [_why(what, transfer), _facts(ticket)],
        say("See the event"),
        [],
    )


def _why(what: str, transfer: Transfer) -> str:
    if what == "expired":
        return say("The time for handing it on is over.")
    if what == "ended":
        return say("The ticket itself has ended, or was used at the door.")
    return say("The transfer from %(name)s to %(email)s was called off.", name=transfer.from_name,
               email=transfer.to_email)  # fmt: skip


def _good_again(what: str) -> list[str]:
    return [] if what == "ended" else [say("The code that you have is good again.")]


def _with_ticket(transfer: Transfer, ticket: TicketPage) -> LinkWords:
    return LinkWords(
        say("Your ticket for %(title)s", title=ticket.event_title),
        [
            say("Hello %(name)s, this ticket is yours. It came from %(sender)s.", name=ticket.holder_name,
                sender=transfer.from_name),
            _facts(ticket),
            say("It is attached as a PDF. Show its code at the gate, on paper or on the screen."),
        ],
        say("Open my ticket"),
        [say("This link opens the ticket: keep it to yourself. Older codes of the ticket admit nobody.")],
    )  # fmt: skip
