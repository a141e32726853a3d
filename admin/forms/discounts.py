"""Group discounts: a row for each rule, and an empty one below them for another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any, ClassVar

from admin import formats
from admin.forms.fields import basis_points, cents
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.events import Event, EventChange
from engine.domain.catalogue.pricing.discount_rules import DiscountRule
from engine.domain.fields import fault
from engine.foundation import shapes
from engine.foundation.errors import Invalid

COLUMNS = ("from_quantity", "off", "off_kind", "types", "codes")
PERCENT_MAX = 100


class DiscountsForm(Form):
    """``types`` are ids with blanks between, none for all; ``codes``: ``too`` or ``instead`` of a promo code."""

    LISTS: ClassVar[frozenset[str]] = frozenset(COLUMNS)
    POINTERS: ClassVar[Mapping[str, str]] = {
        "discount_rules": "off",
        "discount_rules/quantity_min": "from_quantity",
        "discount_rules/percent_bp": "off",
        "discount_rules/fixed_cents": "off",
        "discount_rules/ticket_type_ids": "types",
    }
    LABELS: ClassVar[Mapping[str, str]] = {
        "from_quantity": "Rule {}: tickets",
        "off": "Rule {}: how much",
        "types": "Rule {}: of which",
    }

    version: str = ""
    from_quantity: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    off_kind: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    def given(self, event: Event) -> EventChange:
        """Invalid with every broken field."""
        found, faults = list[dict[str, Any]](), list[dict[str, str]]()
        for row in zip_longest(*(getattr(self, name) for name in COLUMNS), fillvalue=""):
            quantity, off, kind, types, codes = (text.strip() for text in row)
            if not quantity and not off:
                continue
            at, rule = f"/discount_rules/{len(found)}", dict[str, Any](quantity_min=0, stackable=codes != "instead")
            if quantity.isascii() and quantity.isdecimal():
                rule["quantity_min"] = int(quantity)
            else:
                faults.append(fault(f"{at}/quantity_min", "invalid_value", "Write a whole number"))
            try:
                rule |= _taken_off(off, kind, event.currency, at)
            except Invalid as refusal:
                faults += refusal.errors
            found.append({**rule, "ticket_type_ids": types.split()})
        if faults:
            raise Invalid(errors=faults)
        return shapes.build({"discount_rules": found}, EventChange)


def _taken_off(text: str, kind: str, currency: str, at: str) -> dict[str, int]:
    try:
        value = Decimal(text.removesuffix("%").strip().replace(",", ""))
    except ArithmeticError:
        raise Invalid.at(at, "invalid_value", "Write a number like 10 or 12.50") from None
    if not value.is_finite() or value <= 0:
        raise Invalid.at(at, "out_of_range", "More than nothing")
    if kind == "fixed":
        return {"fixed_cents": cents(value, currency, f"{at}/fixed_cents")}
    if value > PERCENT_MAX or value != round(value, 2):
        raise Invalid.at(f"{at}/percent_bp", "out_of_range", "A percentage is at most 100, with two decimals")
    return {"percent_bp": basis_points(value)}


def of(event: Event) -> Filled[DiscountsForm]:
    """The form as an event would fill it in."""
    rules = event.discount_rules
    return fresh(
        DiscountsForm,
        version=event.version,
        from_quantity=[rule.quantity_min for rule in rules],
        off=[_off(rule, event.currency) for rule in rules],
        off_kind=["percent" if rule.percent_bp else "fixed" for rule in rules],
        types=[" ".join(rule.ticket_type_ids) for rule in rules],
        codes=["too" if rule.stackable else "instead" for rule in rules],
    )


def _off(rule: DiscountRule, currency: str) -> str:
    return formats.rate(rule.percent_bp) if rule.percent_bp else formats.amount(rule.fixed_cents or 0, currency)
