"""Promo codes: percentages as such, amounts in the event's currency, windows in its time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from admin import formats
from admin.forms.fields import Amount, LocalMoment, Whole, at_place, basis_points, cents
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.promos import NewPromo, PromoChange, PromoCode
from engine.foundation import shapes
from engine.foundation.errors import Invalid


class PromoForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {
        "kind": "Takes off",
        "value": "How much",
        "max_uses": "Uses at most",
        "valid_from": "From",
        "valid_until": "Until",
        "min_amount_cents": "From an amount of",
        "min_quantity": "From so many tickets on",
        "ticket_type_ids": "Only for",
        "unlocks": "Shows hidden tickets",
        "per_buyer_max": "Uses of one buyer at most",
        "count": "Many at once",
    }
    LISTS: ClassVar[frozenset[str]] = frozenset({"ticket_type_ids", "unlocks"})
    POINTERS: ClassVar[Mapping[str, str]] = {"min_amount_cents": "min_amount"}

    version: str = ""

    code: str
    kind: Literal["percent", "fixed"] = "percent"
    value: Amount
    max_uses: Whole | None = None
    valid_from: LocalMoment | None = None
    valid_until: LocalMoment | None = None
    min_amount: Amount | None = None
    min_quantity: Whole | None = None
    ticket_type_ids: tuple[str, ...] = ()
    unlocks: tuple[str, ...] = ()
    per_buyer_max: Whole | None = None
    count: Whole | None = None

    def given(self, event: Event) -> NewPromo:
        return shapes.build({**self._document(event), "code": self.code, "count": self.count}, NewPromo)

    def change(self, event: Event) -> PromoChange:
        """All terms of a code that is there; the code itself stays."""
        return shapes.build(self._document(event), PromoChange)

    def _document(self, event: Event) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "value": self._value(event.currency),
            "max_uses": self.max_uses,
            "valid_from": at_place(self.valid_from, event.timezone, "/valid_from"),
            "valid_until": at_place(self.valid_until, event.timezone, "/valid_until"),
            "min_amount_cents": cents(self.min_amount, event.currency, "/min_amount_cents")
            if self.min_amount
            else None,
            "min_quantity": self.min_quantity,
            "ticket_type_ids": list(self.ticket_type_ids),
            "unlocks": list(self.unlocks),
            "per_buyer_max": self.per_buyer_max,
        }

    def _value(self, currency: str) -> int:
        if self.kind == "fixed":
            return cents(self.value, currency, "/value")
        if self.value > 100 or self.value != round(self.value, 2):  # noqa: PLR2004 - percent
            raise Invalid.at("/value", "out_of_range", "A percentage is at most 100, with two decimals")
        return basis_points(self.value)


def of(promo: PromoCode, event: Event) -> Filled[PromoForm]:
    """The form as a code would fill it in."""
    fixed = promo.kind == "fixed"
    least = promo.min_amount_cents
    return fresh(
        PromoForm,
        version=promo.version,
        code=promo.code,
        kind=promo.kind,
        value=formats.amount(promo.value, event.currency) if fixed else formats.rate(promo.value),
        max_uses=promo.max_uses,
        valid_from=formats.local(promo.valid_from, event.timezone) or None,
        valid_until=formats.local(promo.valid_until, event.timezone) or None,
        min_amount=formats.amount(least, event.currency) if least is not None else None,
        min_quantity=promo.min_quantity,
        ticket_type_ids=promo.ticket_type_ids,
        unlocks=promo.unlocks,
        per_buyer_max=promo.per_buyer_max,
    )


class PromoSwitchForm(Form):
    """Turning a code off and on again."""

    version: str
    status: Literal["active", "disabled"]

    def given(self) -> PromoChange:
        return PromoChange(status=self.status)
