"""The refusals of ticketing, below the general ones of engine/foundation/errors.py.

Conflict 409
├── SoldOut                   sold_out                  facts: free
├── SeatTaken                 seat_taken                facts: seats
├── BestAvailableNotFound     best_available_not_found
├── OrphanSeat                orphan_seat               facts: suggestion
├── SalesNotOpen              sales_not_open            facts: opens_at
├── SalesClosed               sales_closed
├── HoldLifetimeExceeded      hold_lifetime_exceeded
├── HoldOrdered               hold_ordered
├── PromoExhausted            promo_exhausted
├── PromoPerBuyer             promo_per_buyer           facts: per_buyer_max
├── BuyerLimit                buyer_limit               facts: max_tickets_per_buyer
├── LinksEndedTooOften        links_ended_too_often
├── OrderOpen                 order_open                facts: order_id, order_number
├── PriceChanged              price_changed             facts: held_cents, total_cents
├── OrderNotPayable           order_not_payable         facts: order_status
├── OrderUnpaid               order_unpaid              facts: order_status
├── OrderNotRefundable        order_not_refundable      facts: order_status
├── RefundExceedsPaid         refund_exceeds_paid       facts: refundable_cents
├── RefundWindowClosed        refund_window_closed      facts: until
├── RefundRequestOpen         refund_request_open       facts: ticket_id
├── RefundRequestDecided      refund_request_decided    facts: request_status
├── TicketNotReturnable       ticket_not_returnable     facts: ticket_id
├── NotConnected              connect_required
├── DisputeNotLost            dispute_not_lost          facts: dispute_status
├── DrawerOpen                drawer_open               facts: drawer_id
├── DrawerClosed              drawer_closed             nobody opened one, or it is closed again
├── UnitsNotBlocked           units_not_blocked         facts: seats, units
├── TicketsUsed               tickets_used              their places may not be sold again
├── PaymentMismatch           payment_mismatch          the provider's payment is not this order's
└── PaymentRefused            payment_refused           the provider said no to what we asked
NotFound 404
├── RefundRequestUnknown      refund_request_unknown
└── DisputeUnknown            dispute_unknown
TooMany 429
├── AddressFull               address_full              facts: held
└── LinksJustMailed           links_just_mailed
Gone 410
├── HoldExpired               hold_expired
└── OrderExpired              order_expired
Forbidden 403
├── AdmissionRequired         admission_required        facts: room_url
├── AdmissionExpired          admission_expired
├── AccountRequired           account_required          the event sells to who is signed in
└── CapabilityWrong           capability_wrong
Invalid 422
├── MaxPerOrder               max_per_order             facts: max_per_order
├── UnknownSeat               unknown_seat
├── AmountTooSmall            amount_too_small          facts: min_cents, amount_min_cents, currency
├── AmountTooLarge            amount_too_large          facts: max_cents, amount_max_cents, currency
├── AmountBetweenSteps        amount_between_steps      facts: step_cents, currency
├── CurrencyUnknown           currency_unknown          facts: currency
├── AddressNotCarried         address_not_carried       the mail server has no SMTPUTF8
├── PromoNotMet               promo_not_met             facts: min_quantity, min_amount_cents, ticket_type_ids
└── PromoInvalid              promo_invalid
Unavailable 503
├── InventoryRebuilding       inventory_rebuilding
├── InventoryUnavailable      inventory_unavailable     facts: reason
├── ProviderUnavailable       payment_provider_unavailable
└── SwitchedOff               switched_off
"""

from __future__ import annotations

from engine.foundation.errors import Conflict, Forbidden, Gone, Invalid, NotFound, TooMany, Unavailable
from engine.foundation.speech.tongue import later


class SoldOut(Conflict):
    code, title = "sold_out", later("Not enough tickets left")


class SeatTaken(Conflict):
    code, title = "seat_taken", later("Somebody else has that seat")


class BestAvailableNotFound(Conflict):
    code, title = "best_available_not_found", later("No seats left that fit this request")


class OrphanSeat(Conflict):
    code, title = "orphan_seat", later("That choice would leave a single seat alone")


class SalesNotOpen(Conflict):
    code, title = "sales_not_open", later("Sales have not opened yet")


class SalesClosed(Conflict):
    code, title = "sales_closed", later("Sales are closed")


class HoldLifetimeExceeded(Conflict):
    code, title = "hold_lifetime_exceeded", later("This hold has reached its longest life")


class HoldOrdered(Conflict):
    code, title = "hold_ordered", later("This hold has become an order")


class PromoExhausted(Conflict):
    code, title = "promo_exhausted", later("This promo code has been used up")


class PromoPerBuyer(Conflict):
    code, title = "promo_per_buyer", later("You have used this promo code as often as one buyer may")


class BuyerLimit(Conflict):
    code, title = "buyer_limit", later("That is more than one buyer may have")


class LinksEndedTooOften(Conflict):
    code, title = "links_ended_too_often", "The links of this order were ended too often"


class OrderOpen(Conflict):
    code, title = "order_open", later("You have an order that is not paid yet: pay for it, or give it up first")


class AddressFull(TooMany):
    code, title = "address_full", later("Too many tickets that nobody paid for are kept from your part of the network")


class LinksJustMailed(TooMany):
    code, title = "links_just_mailed", "The buyer was mailed a new link a moment ago"


class PriceChanged(Conflict):
    """The organizer changed prices while the hold stood; nobody pays another price than the one they were shown."""

    code, title = "price_changed", later("The price has changed since you chose: please choose again")


class OrderNotPayable(Conflict):
    code, title = "order_not_payable", later("This order can no longer be paid or cancelled")


class OrderUnpaid(Conflict):
    code, title = "order_unpaid", later("This order was not paid")


class OrderNotRefundable(Conflict):
    code, title = "order_not_refundable", "Nothing was paid that could be refunded"


class RefundExceedsPaid(Conflict):
    code, title = "refund_exceeds_paid", "That is more than is left of what was paid"


class RefundWindowClosed(Conflict):
    code, title = "refund_window_closed", later("Tickets of this event cannot be given back now")


class RefundRequestOpen(Conflict):
    code, title = "refund_request_open", later("You asked for this already: the organizer has not answered yet")


class RefundRequestDecided(Conflict):
    code, title = "refund_request_decided", "This refund request was answered already"


class TicketNotReturnable(Conflict):
    code, title = "ticket_not_returnable", later("This ticket cannot be given back as it stands")


class RefundRequestUnknown(NotFound):
    code, title = "refund_request_unknown", "There is no such refund request"


class NotConnected(Conflict):
    code, title = "connect_required", "This organization has no account of its own at the payment provider yet"


class DisputeUnknown(NotFound):
    code, title = "dispute_unknown", "There is no such dispute"


class DisputeNotLost(Conflict):
    code, title = "dispute_not_lost", "Only the places of a lost dispute can be sold again"


class DrawerOpen(Conflict):
    code, title = "drawer_open", "Your cash drawer for this event is open already: close it first"


class DrawerClosed(Conflict):
    code, title = "drawer_closed", "You have no open cash drawer for this event"


class UnitsNotBlocked(Conflict):
    code, title = "units_not_blocked", "Some of these places are not blocked"


class TicketsUsed(Conflict):
    code, title = "tickets_used", "These tickets were used: their places are not sold again"


class PaymentMismatch(Conflict):
    code, title = "payment_mismatch", "That payment does not belong to this order"


class PaymentRefused(Conflict):
    code, title = "payment_refused", later("The payment provider refused")


class OrderExpired(Gone):
    code, title = "order_expired", later("The time to pay is over and the tickets were given back")


class HoldExpired(Gone):
    code, title = "hold_expired", later("The hold has expired and its tickets were given back")


class AdmissionRequired(Forbidden):
    code, title = "admission_required", later("Please join the queue for this event first")


class AccountRequired(Forbidden):
    code, title = "account_required", later("Sign in to order tickets of this event")


class AdmissionExpired(Forbidden):
    code, title = "admission_expired", later("Your time in the shop is over: please join the queue again")


class CapabilityWrong(Forbidden):
    code, title = "capability_wrong", later("The token shown does not open this")


class MaxPerOrder(Invalid):
    code, title = "max_per_order", later("That is more than one order may have")


class UnknownSeat(Invalid):
    code, title = "unknown_seat", later("There is no such seat for this ticket type")


class AmountTooSmall(Invalid):
    code, title = "amount_too_small", later("The payment provider takes no amount this small")


class AmountTooLarge(Invalid):
    code, title = "amount_too_large", later("The payment provider takes no amount this large")


class AmountBetweenSteps(Invalid):
    code, title = "amount_between_steps", "The payment provider takes no amount this fine"


class CurrencyUnknown(Invalid):
    code, title = "currency_unknown", "The payment provider takes no money in this currency"


class AddressNotCarried(Invalid):
    code, title = (
        "address_not_carried",
        later("Our mail server cannot write to this address: before the @ use letters a to z"),
    )

    def __init__(self) -> None:
        fault = {"pointer": "/user_info/email", "code": self.code, "message": self.title}
        super().__init__(errors=[fault])


class PromoInvalid(Invalid):
    """A code that there is not, or no longer: a stranger must not learn which codes exist."""

    code, title = "promo_invalid", later("This promo code is not valid here")
    is_guess = True


class PromoNotMet(Invalid):
    """A code that there is, for other tickets or more of them."""

    code, title = "promo_not_met", later("This promo code is for more tickets, or for others")


class InventoryRebuilding(Unavailable):
    code, title = "inventory_rebuilding", later("The inventory is being rebuilt: try again in a few seconds")


class InventoryUnavailable(Unavailable):
    code, title = "inventory_unavailable", later("The inventory cannot be reached: try again in a moment")


class ProviderUnavailable(Unavailable):
    code, title = (
        "payment_provider_unavailable",
        later("The payment provider does not answer: your tickets are kept, try again"),
    )


class SwitchedOff(Unavailable):
    code, title = "switched_off", later("This is switched off right now")
