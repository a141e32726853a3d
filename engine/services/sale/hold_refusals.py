"""What a script's "no" is to the buyer."""

from __future__ import annotations

from engine.domain.errors import (
    AddressFull,
    AdmissionExpired,
    BestAvailableNotFound,
    BuyerLimit,
    HoldExpired,
    HoldLifetimeExceeded,
    HoldOrdered,
    PromoExhausted,
    SeatTaken,
    SoldOut,
)
from engine.domain.sale.selling import SellingEvent
from engine.foundation.errors import IdempotencyKeyReused, Refusal
from engine.services.sale.inventory import HOLD_LIFE_MS_MAX
from engine.stores.sale import hold_answers as answers

ADDRESS_FULL_RETRY_S = 60


def refusal_of(event: SellingEvent, answer: answers.No) -> Refusal:  # noqa: C901, PLR0911 - one refusal an answer
    """The refusal that the buyer of this event reads."""
    match answer:
        case answers.SoldOut(free):
            return SoldOut(free=free)
        case answers.NotFound(free):
            return BestAvailableNotFound(free=free)
        case answers.Taken(units):
            return SeatTaken(seats=[event.seats[unit] for unit in units])
        case answers.KeyReused():
            return IdempotencyKeyReused()
        case answers.PromoUsedUp():
            return PromoExhausted()
        case answers.LeaseEnded():
            return AdmissionExpired("This admission has ended: join the queue again for another one")
        case answers.BuyerLimit(held):
            return BuyerLimit(max_tickets_per_buyer=event.buyer_units_max, held=held)
        case answers.BlockLimit(held):
            return AddressFull(held=held, retry_after_s=ADDRESS_FULL_RETRY_S)
        case answers.Unknown() | answers.Expired():
            return HoldExpired()
        case answers.Ordered():
            return HoldOrdered()
        case answers.Exceeded():
            return HoldLifetimeExceeded(life_max_s=HOLD_LIFE_MS_MAX // 1000)
