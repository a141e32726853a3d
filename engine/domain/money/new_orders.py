"""What a hold becomes when somebody begins to pay for it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from engine.domain.accounts import consents as wordings
from engine.domain.errors import AccountRequired, PriceChanged
from engine.domain.money.answers import NOTHING_KEPT, NOTHING_TOLD, Kept, Told, checked
from engine.domain.money.orders import USER_AGENT_CHARS_MAX, NewOrder, OrderLine, new_number
from engine.domain.prices import check_chargeable
from engine.domain.sale.holds import Hold
from engine.domain.sale.selling import SellingEvent
from engine.foundation.callers import UNKNOWN, Caller
from engine.foundation.clock import from_ms
from engine.foundation.ids import new_id
from engine.foundation.world import languages


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders, as told by the request; name and address were checked (``domain/money/buyers.py``).

    ``wording``: which sentence the box for the organizer's mails stood next to (``domain/accounts/consents.py``).
    """

    name: str
    email: str
    consents: dict[str, bool]
    user_id: str | None = None
    caller: Caller = UNKNOWN
    told: Told = NOTHING_TOLD
    locale: str = languages.DEFAULT
    wording: str = wordings.API


def check_known(event: SellingEvent, buyer: Buyer) -> None:
    """AccountRequired if the event sells to who is signed in alone, and nobody is."""
    if event.account_required and buyer.user_id is None:
        raise AccountRequired


def check_as_shown(event: SellingEvent, hold: Hold) -> None:
    """Refuse a hold whose event or prices are not what they were, or that comes to what cannot be charged.

    SalesClosed, PriceChanged; ``check_chargeable`` says what it refuses.
    """
    check_chargeable(hold.price.total_cents, hold.price.currency)
    event.check_selling()
    if hold.price.total_cents != hold.held_cents:
        raise PriceChanged(held_cents=hold.held_cents, total_cents=hold.price.total_cents)


def check_told(event: SellingEvent, hold: Hold, told: Told) -> Kept:
    """What is kept of what the buyer told; nothing if nothing is asked. Invalid."""
    if event.asking is None and told is NOTHING_TOLD:
        return NOTHING_KEPT
    return checked(event.asking, told, len(hold.lines))


def new_order(
    hold: Hold,
    buyer: Buyer,
    deadline_ms: int,
    payment_method_id: str | None,
    most: int | None,
    told: Kept = NOTHING_KEPT,
    promo_slip: int | None = None,
) -> NewOrder:
    """The order that this hold becomes, with an id and a number of its own. ``most``: units its buyer may own."""
    price, attendees = hold.price, told.attendees
    lines = tuple(
        OrderLine(
            line=index,
            unit=held.unit,
            ticket_type_id=held.ticket_type_id,
            section=held.section,
            seat=held.seat,
            face_cents=priced.face_cents,
            discount_cents=priced.discount_cents,
            fee_cents=priced.fee_cents,
            taxes=priced.taxes,
            total_cents=priced.total_cents,
            attendee=attendees[index] if index < len(attendees) else None,
        )
        for index, (held, priced) in enumerate(zip(hold.lines, price.lines, strict=True))
    )
    return NewOrder(
        id=new_id("ord"),
        number=new_number(),
        event_id=hold.event_id,
        hold_id=hold.id,
        user_id=buyer.user_id,
        buyer_name=buyer.name,
        buyer_email=buyer.email,
        consents=buyer.consents,
        currency=price.currency,
        amount_cents=price.total_cents,
        price=msgspec.to_builtins(price),
        lines=lines,
        expires_at=from_ms(deadline_ms),
        promo_code=hold.promo_code,
        payment_method_id=payment_method_id,
        lease_id=hold.lease_id,
        correlation_id=buyer.caller.request_id,
        ip_address=buyer.caller.address,
        user_agent=buyer.caller.user_agent[:USER_AGENT_CHARS_MAX].encode("ascii", "replace").decode() or None,
        buyer_units_max=most,
        counted_for=hold.counted_for,
        answers=told.answers,
        locale=buyer.locale,
        wording=wordings.wording(buyer.wording, buyer.locale) if buyer.consents.get("marketing") else None,
        promo_slip=promo_slip,
    )
