"""What one buyer wants, drawn once: how many, where, and whether they change their mind."""

from __future__ import annotations

import random
from dataclasses import dataclass

from loadtest.plan import Plan, TicketType
from loadtest.users.caller import Obj

# How many come together: measured parties of public festival sales are mostly pairs.
PARTY_SIZES, PARTY_WEIGHTS = (1, 2, 3, 4), (22, 52, 10, 16)
_GONE = frozenset({"seat_taken", "orphan_seat", "best_available_not_found"})


@dataclass(slots=True)
class Taste:
    """`seats` are named by the choosy; a refused wish falls back to best available, then to fewer together."""

    ticket_type: TicketType
    quantity: int
    seats: tuple[str, str] | None
    abandons: bool
    declined_first: bool

    @classmethod
    def of(cls, plan: Plan, dice: random.Random) -> Taste:
        seated = [kind for kind in plan.ticket_types if not kind.general]
        general = [kind for kind in plan.ticket_types if kind.general]
        wants_general = dice.random() < plan.general_share
        kind = dice.choice((general if wants_general else seated) or seated or general)
        quantity = min(dice.choices(PARTY_SIZES, PARTY_WEIGHTS)[0], kind.max_per_order)
        names = quantity == 2 and kind.seat_pairs and dice.random() < _share_of_pairs(plan)  # noqa: PLR2004 - a pair
        return cls(
            kind,
            quantity,
            dice.choice(kind.seat_pairs) if names else None,
            abandons=dice.random() < plan.abandon_share,
            declined_first=dice.random() < plan.decline_share,
        )

    def item(self) -> Obj:
        wish: Obj = {"ticket_type_id": self.ticket_type.id, "quantity": self.quantity}
        if self.seats:
            wish["seats"] = list(self.seats)
        return wish

    def settle_for_less(self, code: str) -> bool:
        """Change the wish after this refusal; False when there is nothing left to give up."""
        if code not in _GONE:
            return False
        if self.seats:
            self.seats = None
            return True
        if self.quantity > 1:
            self.quantity = 1
            return True
        return False

    def payment_methods(self) -> tuple[str, ...]:
        """Cards tried one after the other."""
        return ("pm_card_visa_chargeDeclined", "pm_card_visa") if self.declined_first else ("pm_card_visa",)


def _share_of_pairs(plan: Plan) -> float:
    """`named_share` is of all buyers, but only seated pairs name seats: scaled up to hit it."""
    pairs = (1 - plan.general_share) * PARTY_WEIGHTS[1] / sum(PARTY_WEIGHTS)
    return min(1.0, plan.named_share / pairs) if pairs else 0.0
