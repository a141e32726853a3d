"""Group discounts of an event: from a number of tickets on something comes off, without a code.

The best single rule is given. A code takes its part off what is left, unless the rule is not ``stackable``: then the
larger of the two is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from engine.domain.fields import Faults, Id, fault
from engine.domain.prices import Discount
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import AMOUNT_MAX, find, money

RULES_MAX = 10
QUANTITY_MIN, QUANTITY_MAX = 2, 50
TYPES_MAX = 100
PERCENT_MAX_BP = 10_000


class DiscountRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From ``quantity_min`` tickets of ``ticket_type_ids`` on (of any type without these), off these together.

    Either ``percent_bp``, in basis points of their prices, or ``fixed_cents``.
    """

    quantity_min: Annotated[int, Meta(ge=QUANTITY_MIN, le=QUANTITY_MAX)]
    percent_bp: Annotated[int, Meta(ge=1, le=PERCENT_MAX_BP)] | None = None
    fixed_cents: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)] | None = None
    ticket_type_ids: Annotated[list[Id], Meta(max_length=TYPES_MAX)] = []
    stackable: bool = True

    def discount(self) -> Discount:
        """The rule as prices reckon with it."""
        percent = self.percent_bp is not None
        value = self.percent_bp if percent else self.fixed_cents
        assert value is not None, "a rule that was not checked"
        return Discount(
            "percent" if percent else "fixed",
            value,
            ticket_type_ids=frozenset(self.ticket_type_ids),
            quantity_min=self.quantity_min,
            stackable=self.stackable,
        )


DiscountRules = Annotated[list[DiscountRule], Meta(max_length=RULES_MAX)]


def rule_faults(rules: Sequence[DiscountRule], code: str) -> Faults:
    """What is wrong with these, in this currency."""
    found: Faults = []
    currency = find(code)
    for place, rule in enumerate(rules):
        at = f"/discount_rules/{place}"
        if (rule.percent_bp is None) == (rule.fixed_cents is None):
            found.append(fault(at, "one_of", "Either percent_bp or fixed_cents"))
        elif rule.fixed_cents is not None and rule.fixed_cents % currency.step:
            said = f"Amounts in {code} are multiples of {money(currency.step, code)}"
            found.append(fault(f"{at}/fixed_cents", "amount_between_steps", said))
    return found


def check_types(rules: Sequence[DiscountRule], known: Iterable[str]) -> None:
    """Invalid with a pointer to each ticket type that is not one of these."""
    ids, faults = set(known), list[dict[str, str]]()
    for place, rule in enumerate(rules):
        faults += [
            fault(
                f"/discount_rules/{place}/ticket_type_ids/{number}",
                "unknown_ticket_type",
                "The event has no such ticket type",
            )
            for number, kind in enumerate(rule.ticket_type_ids)
            if kind not in ids
        ]
    if faults:
        raise Invalid(errors=faults)
