"""Errands: what must still happen after a commit, one Struct each.

A row of the outbox holds an errand's topic and its fields as JSON. Rows may outlive the version that wrote them, so a
topic and a field keep their names for ever; a field that is added has a default. ``tests/house/test_errands.py``
compares the statements that write errands with these, and sees that each has its handler.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from engine.foundation.queue_links import TOPIC, LinkAsked


class Errand(Struct, frozen=True, omit_defaults=True):
    """``at_once``: the process that wrote it does it right after its commit; otherwise it waits for the relay.

    ``in_company``: it goes with its like of other orders, and may wait for them: those of one order are begun together.
    ``lane``: those of 0 never wait for those of 1, what thousands are told at the same time.
    """

    topic: ClassVar[str]
    at_once: ClassVar[bool] = True
    in_company: ClassVar[bool] = False
    lane: ClassVar[int] = 0


class UnitsOrdered(Errand, frozen=True):
    """The units of a hold became an order's."""

    topic = "inventory.ordered"
    in_company = True
    event_id: str
    order_id: str
    hold_id: str
    units: tuple[int, ...]


class UnitsSold(Errand, frozen=True):
    """The order that was made of this hold is paid: its units are sold.

    ``counted_for`` (hexadecimal) are those for whom they no longer count as unpaid, "" if for nobody: an address block
    has what costs nothing for good. ``lease_id`` (hexadecimal): its buyer's seat inside the shop goes to the next in
    line, "" if it has none.
    """

    topic = "inventory.sold"
    in_company = True
    event_id: str
    order_id: str
    hold_id: str
    units: tuple[int, ...]
    counted_for: str = ""
    lease_id: str = ""


class UnitsFreed(Errand, frozen=True):
    """The ledger let go of units. ``types`` are their ticket type ids, in order; ``promo_id``: its use comes back too.

    ``op_id`` is the order or refund that freed them: one op frees once. ``counted_for`` (hexadecimal) are those for
    whom they no longer count: "" if they were bought.
    """

    topic = "inventory.free"
    event_id: str
    units: tuple[int, ...]
    types: tuple[str, ...]
    op_id: str
    promo_id: str | None = None
    counted_for: str = ""


class LeaseEnded(Errand, frozen=True):
    """Nothing was bought, and the seat inside the shop goes to the next in line. ``lease_id`` is hexadecimal."""

    topic = "lease.release"
    in_company = True
    event_id: str
    lease_id: str


class TicketsChanged(Errand, frozen=True):
    """The gates must learn that these units' tickets were blocked, ended or given back."""

    topic = "tickets.changed"
    event_id: str
    units: tuple[int, ...]


class SalesSwitched(Errand, frozen=True):
    """An organization was suspended, or one of its events taken down, or may sell again: the ledger says which."""

    topic = "organization.sales"
    organization_id: str


class EventCancelled(Errand, frozen=True):
    """Everybody gets their money back."""

    topic = "event.cancelled"
    event_id: str


class TellHolders(Errand, frozen=True):
    """Order the mails about a piece of news to ticket holders, page by page: those whose address follows ``after``."""

    topic = "event.news"
    at_once = False
    news_id: int
    after: str = ""


class MailEventNews(Errand, frozen=True):
    """Tell one address all that it has not heard yet of an event's changes."""

    topic = "mail.event_news"
    at_once = False
    lane = 1
    event_id: str
    email: str


class MailTickets(Errand, frozen=True):
    """Send a paid order's tickets to its buyer. No buyer waits for a mail server.

    ``asked``: somebody had it sent, so it goes whatever was mailed to this address before. ``again`` names that wish:
    each goes once.
    """

    topic = "mail.tickets"
    at_once = False
    order_id: str
    asked: bool = False
    again: str = ""


class MailRefund(Errand, frozen=True):
    """Tell the buyer that money went back."""

    topic = "mail.refund"
    at_once = False
    refund_id: str


class MailRefundDeclined(Errand, frozen=True):
    """Tell the buyer what the organizer answered to a refund request."""

    topic = "mail.refund_declined"
    at_once = False
    request_id: str


class MailOrderExpired(Errand, frozen=True):
    """Tell the buyer that the order ran out unpaid."""

    topic = "mail.order_expired"
    at_once = False
    order_id: str


class MailOneTimeCode(Errand, frozen=True):
    """Make a code and mail it. ``subject`` is a transfer or an order, ``part`` sender, recipient or buyer."""

    topic = "mail.one_time_code"
    at_once = False
    subject: str
    part: str


class MailTransferNews(Errand, frozen=True):
    """Tell both sides of a transfer what became of it: completed, cancelled, expired or ended with its ticket."""

    topic = "mail.transfer_news"
    at_once = False
    transfer_id: str
    what: str


class MailHeldTicket(Errand, frozen=True):
    """Send a ticket that was handed on to its holder, under its newest code."""

    topic = "mail.held_ticket"
    at_once = False
    ticket_id: str


class MailOrderCorrected(Errand, frozen=True):
    """Tell the old and the new address of an order's buyer that it was corrected."""

    topic = "mail.order_corrected"
    at_once = False
    order_id: str
    email: str
    name_changed: bool = False


class MailPaymentFailed(Errand, frozen=True):
    """Tell the buyer that the payment was refused and the tickets are still theirs for a while, unless they paid."""

    topic = "mail.payment_failed"
    at_once = False
    order_id: str


class RemindHolders(Errand, frozen=True):
    """Order the reminders of an event, page by page: of the orders paid before ``due_ms`` that follow ``after``.

    ``kind``: reminder_day_before or reminder_same_day; ``starts_at_ms`` is the start that is reminded of.
    """

    topic = "event.reminders"
    at_once = False
    event_id: str
    kind: str
    starts_at_ms: int
    due_ms: int
    after: str = ""


class MailReminder(Errand, frozen=True):
    """Remind an order's buyer by mail, if they still have tickets for this start."""

    topic = "mail.reminder"
    at_once = False
    lane = 1
    order_id: str
    kind: str
    starts_at_ms: int


class TextReminder(Errand, frozen=True):
    """As ``MailReminder``, to the telephone of the person who bought. ``channel``: sms or whatsapp."""

    topic = "text.reminder"
    at_once = False
    lane = 1
    order_id: str
    kind: str
    starts_at_ms: int
    channel: str


class MailQueueLink(LinkAsked, Errand, frozen=True):
    """Mail the link that brings a place in a waiting room to the reader of its address. The room writes this errand."""

    topic = TOPIC
    at_once = False


class MailAccountLink(Errand, frozen=True):
    """Mail a link that proves an address or sets a password, if somebody has that address. The worker looks.

    ``purpose``: verify_email, reset_password or magic_link.
    """

    topic = "mail.account_link"
    at_once = False
    purpose: str
    email: str
    language: str = "en"


class MailOwnOrders(Errand, frozen=True):
    """Mail the tickets of an address to it again, if any were bought with it. The worker looks."""

    topic = "mail.own_orders"
    at_once = False
    email: str


class MailAccountNotice(Errand, frozen=True):
    """Tell the reader of an account's address what happened to it.

    ``kind``: new_device, registered_again, way_added, passkey_added, second_factor_on or second_factor_off. ``at_ms``
    is when, ``device`` and ``place`` from what; "" if that is not known. way_added: ``device`` is the provider.
    """

    topic = "mail.account_notice"
    at_once = False
    kind: str
    email: str
    language: str = "en"
    device: str = ""
    place: str = ""
    at_ms: int = 0


class MailConsent(Errand, frozen=True):
    """Tell an address what it agreed to be written about, with the way to stop it. ``organization_id`` "": nobody's."""

    topic = "mail.consent"
    at_once = False
    email: str
    purpose: str
    organization_id: str = ""
    language: str = "en"


class MailMyData(Errand, frozen=True):
    """Mail the link to all that is held about an address, if anything is. The worker looks."""

    topic = "mail.my_data"
    at_once = False
    email: str
    language: str = "en"


class MailInvitation(Errand, frozen=True):
    """Mail an invitation to work for an organization."""

    topic = "mail.invitation"
    at_once = False
    invitation_id: str


class MailWebhookOff(Errand, frozen=True):
    """Tell an owner that a webhook of the organization was switched off by itself."""

    topic = "mail.webhook_off"
    at_once = False
    endpoint_id: str
    email: str
    language: str = "en"


class AddressVerified(Errand, frozen=True):
    """The person who has this account reads its address too: the guest orders of that address are theirs."""

    topic = "account.verified"
    user_id: str


class EraseAccount(Errand, frozen=True):
    """Somebody asked to be forgotten: what is held about them goes, and the ledger keeps what the law wants."""

    topic = "account.erase"
    at_once = False
    user_id: str


class EraseGuest(Errand, frozen=True):
    """The reader of an address that bought without an account asked to be forgotten."""

    topic = "guest.erase"
    at_once = False
    erasure_id: str
    email: str


class ViewOver(Errand, frozen=True):
    """The time is over for which a platform admin viewed the platform as somebody: the log says so if nobody did.

    ``begun`` is the number of the log's line that says that the view began.
    """

    topic = "account.view_over"
    at_once = False
    admin_id: str
    user_id: str
    begun: int


class PicturesDropped(Errand, frozen=True):
    """A picture is gone from the ledger: its files go too, unless a copy of its event still shows them."""

    topic = "pictures.dropped"
    digest: str
    widths: tuple[int, ...]
