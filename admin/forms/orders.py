"""Searching orders, and giving money back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from admin.forms.fields import Amount, cents
from admin.forms.filled import Form
from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.fields import NAME_CHARS_MAX
from engine.domain.money.corrections import OrderChange
from engine.domain.money.orders import Order
from engine.domain.money.refund_requests import RefundRequest
from engine.foundation.errors import Invalid

REASON_CHARS_MAX = 500
MESSAGE_CHARS_MAX = 1_000


class RefundForm(Form):
    """``key`` is the form's own: sent twice, it refunds once."""

    LISTS: ClassVar[frozenset[str]] = frozenset({"lines"})
    LABELS: ClassVar[Mapping[str, str]] = {
        "what": "What to refund",
        "lines": "These tickets",
        "amount_cents": "Amount",
        "reason": "Why",
        "message": "Message to the buyer",
    }

    key: str = Field(min_length=16, max_length=64)
    what: Literal["everything", "lines", "amount"]
    lines: tuple[str, ...] = ()
    amount_cents: Amount | None = None
    reason: str = Field(min_length=1, max_length=REASON_CHARS_MAX)
    message: str | None = Field(default=None, max_length=MESSAGE_CHARS_MAX)

    def given(self, currency: str) -> RefundRequest:
        """Invalid if the chosen kind lacks its part."""
        if self.what == "lines":
            if not self.lines:
                raise Invalid.at("/lines", "missing", "Choose at least one ticket")
            return RefundRequest(reason=self.reason, lines=self.lines, message=self.message)
        if self.what == "amount":
            if not self.amount_cents:
                raise Invalid.at("/amount_cents", "missing", "Say how much")
            asked_cents = cents(self.amount_cents, currency, "/amount_cents")
            return RefundRequest(reason=self.reason, amount_cents=asked_cents, message=self.message)
        return RefundRequest(reason=self.reason, message=self.message)


class ApproveForm(Form):
    """What the buyer reads with the refund."""

    LABELS: ClassVar[Mapping[str, str]] = {"message": "Message to the buyer"}

    message: str | None = Field(default=None, max_length=MESSAGE_CHARS_MAX)


class DeclineForm(Form):
    """Why not, for the buyer."""

    LABELS: ClassVar[Mapping[str, str]] = {"message": "Message to the buyer"}

    message: str = Field(min_length=1, max_length=MESSAGE_CHARS_MAX)


class CorrectionForm(Form):
    """Another name or address of an order's buyer; what is as it was is left out of ``given``."""

    POINTERS: ClassVar[Mapping[str, str]] = {"reason": "why"}
    LABELS: ClassVar[Mapping[str, str]] = {"name": "Name", "email": "E-mail address", "why": "Why they are corrected"}

    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    email: str = Field(min_length=3, max_length=EMAIL_CHARS_MAX)
    why: str = Field(min_length=1, max_length=REASON_CHARS_MAX)

    def given(self, order: Order) -> OrderChange:
        return OrderChange(
            name=self.name if self.name != order.buyer_name else None,
            email=self.email if self.email != order.buyer_email else None,
            reason=self.why,
        )
