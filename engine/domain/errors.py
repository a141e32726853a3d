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
└── BuyerLimit                buyer_limit               facts: max_tickets_per_buyer
Gone 410
└── HoldExpired               hold_expired
Forbidden 403
├── AdmissionRequired         admission_required        facts: room_url
├── AdmissionExpired          admission_expired
└── CapabilityWrong           capability_wrong
Invalid 422
├── MaxPerOrder               max_per_order             facts: max_per_order
├── UnknownSeat               unknown_seat
└── PromoInvalid              promo_invalid
Unavailable 503
├── InventoryRebuilding       inventory_rebuilding
└── SwitchedOff               switched_off
"""

from __future__ import annotations

from engine.foundation.errors import Conflict, Forbidden, Gone, Invalid, Unavailable


class SoldOut(Conflict):
    code, title = "sold_out", "Not enough tickets left"


class SeatTaken(Conflict):
    code, title = "seat_taken", "Somebody else has that seat"


class BestAvailableNotFound(Conflict):
    code, title = "best_available_not_found", "No seats left that fit this request"


class OrphanSeat(Conflict):
    code, title = "orphan_seat", "That choice would leave a single seat alone"


class SalesNotOpen(Conflict):
    code, title = "sales_not_open", "Sales have not opened yet"


class SalesClosed(Conflict):
    code, title = "sales_closed", "Sales are closed"


class HoldLifetimeExceeded(Conflict):
    code, title = "hold_lifetime_exceeded", "This hold has reached its longest life"


class HoldOrdered(Conflict):
    code, title = "hold_ordered", "This hold has become an order"


class PromoExhausted(Conflict):
    code, title = "promo_exhausted", "This promo code has been used up"


class BuyerLimit(Conflict):
    code, title = "buyer_limit", "That is more than one buyer may have"


class HoldExpired(Gone):
    code, title = "hold_expired", "The hold has expired and its tickets were given back"


class AdmissionRequired(Forbidden):
    code, title = "admission_required", "Please join the queue for this event first"


class AdmissionExpired(Forbidden):
    code, title = "admission_expired", "Your time in the shop is over: please join the queue again"


class CapabilityWrong(Forbidden):
    code, title = "capability_wrong", "The token shown does not open this"


class MaxPerOrder(Invalid):
    code, title = "max_per_order", "That is more than one order may have"


class UnknownSeat(Invalid):
    code, title = "unknown_seat", "There is no such seat for this ticket type"


class PromoInvalid(Invalid):
    code, title = "promo_invalid", "This promo code is not valid here"


class InventoryRebuilding(Unavailable):
    code, title = "inventory_rebuilding", "The inventory is being rebuilt: try again in a few seconds"


class SwitchedOff(Unavailable):
    code, title = "switched_off", "This is switched off right now"
