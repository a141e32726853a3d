"""Promo codes: percentages as such, amounts in the event's currency, windows in its time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from admin.forms.fields import Amount, LocalMoment, Whole, at_place, basis_points, cents
from admin.forms.filled import Form
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.promos import NewPromo, PromoChange
from engine.foundation import shapes
from engine.foundation.errors import Invalid


class PromoForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {
        "kind": "Takes off",
        "value": "How much",
        "max_uses": "Uses at most",
        "valid_from": "From",
        "valid_until": "Until",
    }

    code: str
    kind: Literal["percent", "fixed"] = "percent"
    value: Amount
    max_uses: Whole | None = None
    valid_from: LocalMoment | None = None
    valid_until: LocalMoment | None = None

    def given(self, event: Event) -> NewPromo:
        document: dict[str, Any] = {
            "code": self.code,
            "kind": self.kind,
            "value": self._value(event.currency),
            "max_uses": self.max_uses,
            "valid_from": at_place(self.valid_from, event.timezone, "/valid_from"),
            "valid_until": at_place(self.valid_until, event.timezone, "/valid_until"),
        }
        return shapes.build(document, NewPromo)

    def _value(self, currency: str) -> int:
        if self.kind == "fixed":
            return cents(self.value, currency, "/value")
        if self.value > 100 or self.value != round(self.value, 2):  # noqa: PLR2004 - percent
            raise Invalid.at("/value", "out_of_range", "A percentage is at most 100, with two decimals")
        return basis_points(self.value)


class PromoSwitchForm(Form):
    """Turning a code off and on again."""

    version: str
    status: Literal["active", "disabled"]

    def given(self) -> PromoChange:
        return PromoChange(status=self.status)
