"""Selling over the counter, the cash drawer, guest lists, and places kept from sale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from admin.forms.fields import Amount, Line, OptionalName, Short, Whole, cents, words
from admin.forms.filled import Form
from engine.domain.accounts.people import EMAIL_CHARS_MAX
from engine.domain.money.box_office.drawers import DrawerClosing, DrawerOpening
from engine.domain.money.box_office.guests import LIST_BYTES_MAX
from engine.domain.money.box_office.sales import NOTE_CHARS_MAX, WALK_UP, CounterSale, GivenPayment, PaidBy
from engine.domain.money.buyers import checked_address, checked_name
from engine.domain.sale.blocks import UnitsBlock, UnitsUnblock
from engine.domain.sale.holds import QUANTITY_MAX, HoldItem
from engine.foundation import shapes
from engine.foundation.errors import Invalid

KEY_CHARS_MIN, KEY_CHARS_MAX = 16, 64


class SaleForm(Form):
    """``kinds`` and ``quantities`` belong together, one pair a ticket type. ``key`` is the form's own."""

    LISTS: ClassVar[frozenset[str]] = frozenset({"kinds", "quantities"})
    POINTERS: ClassVar[Mapping[str, str]] = {
        "items/quantity": "quantities",
        "items/seats": "seats",
        "items/section": "section",
        "items/ticket_type_id": "quantities",
        "user_info/name": "name",
        "user_info/email": "email",
        "payment/received_cents": "received",
    }
    LABELS: ClassVar[Mapping[str, str]] = {
        "quantities": "How many",
        "received": "Cash handed over",
        "paid_by": "Paid by",
        "email": "E-mail",
        "note": "Why",
    }

    key: str = Field(min_length=KEY_CHARS_MIN, max_length=KEY_CHARS_MAX)
    kinds: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    section: Short | None = None
    seats: str = ""
    paid_by: PaidBy = "cash"
    received: Amount | None = None
    reference: Short | None = None
    name: OptionalName = None
    email: Annotated[str | None, Field(max_length=EMAIL_CHARS_MAX)] = None
    note: Annotated[str, Field(max_length=NOTE_CHARS_MAX)] = ""

    def items(self) -> tuple[HoldItem, ...]:
        """What is wanted. Invalid at the numbers and at the seats."""
        counts = [_quantity(text) for text in self.quantities]
        if any(count is None for count in counts):
            raise Invalid.at("/items/quantity", "invalid_value", f"Write a number from 0 to {QUANTITY_MAX}")
        chosen = [(kind, count) for kind, count in zip(self.kinds, counts, strict=False) if count]
        seats = words(self.seats)
        if seats:
            named = [kind for kind, _ in chosen] or list(self.kinds[:1] if len(self.kinds) == 1 else ())
            if len(named) != 1:
                raise Invalid.at("/items/seats", "ambiguous", "Seats by name are sold as one ticket type at a time")
            return (HoldItem(named[0], len(seats), seats=tuple(seats)),)
        if not chosen:
            raise Invalid.at("/items/quantity", "missing", "Say how many tickets")
        return tuple(HoldItem(kind, count, section=self.section) for kind, count in chosen if count is not None)

    def given(self, currency: str) -> CounterSale:
        """The sale. Invalid with the place of each fault."""
        received_cents = None
        if self.paid_by == "cash" and self.received is not None:
            received_cents = cents(self.received, currency, "/payment/received_cents")
        reference = self.reference if self.paid_by in {"terminal", "invoice"} else None
        return CounterSale(
            items=self.items(),
            payment=GivenPayment(kind=self.paid_by, reference=reference, received_cents=received_cents),
            name=checked_name(self.name, "/user_info/name") if self.name else WALK_UP,
            email=checked_address(self.email, "/user_info/email") if self.email else "",
            note=self.note,
        )


class OpenDrawerForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"float_cents": "In the drawer now"}

    float_cents: Amount | None = None

    def given(self, currency: str) -> DrawerOpening:
        given_cents = cents(self.float_cents, currency, "/float_cents") if self.float_cents is not None else 0
        return DrawerOpening(float_cents=given_cents)


class CloseDrawerForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"counted_cents": "Counted"}

    counted_cents: Amount

    def given(self, currency: str) -> DrawerClosing:
        return DrawerClosing(counted_cents=cents(self.counted_cents, currency, "/counted_cents"))


class GuestsForm(Form):
    """``what`` is try or give: a list is tried before it gives anything away. ``key`` is the form's own."""

    POINTERS: ClassVar[Mapping[str, str]] = {"guests": "guests"}
    LABELS: ClassVar[Mapping[str, str]] = {"guests": "List", "note": "Why"}

    key: str = Field(min_length=KEY_CHARS_MIN, max_length=KEY_CHARS_MAX)
    guests: Annotated[str, Field(min_length=1, max_length=LIST_BYTES_MAX)]
    note: Annotated[str, Field(max_length=NOTE_CHARS_MAX)] = ""
    what: Literal["try", "give"] = "try"


class BlockForm(Form):
    """Places by name, or a number of them in a section."""

    LABELS: ClassVar[Mapping[str, str]] = {"quantity": "How many", "seats": "Or these seats", "reason": "Why"}

    section: Short | None = None
    quantity: Whole | None = None
    seats: str = ""
    reason: Line = ""

    def block(self) -> UnitsBlock:
        return shapes.build({**self._places(), "reason": self.reason}, UnitsBlock)

    def unblock(self) -> UnitsUnblock:
        return shapes.build({**self._places(), "reason": self.reason}, UnitsUnblock)

    def _places(self) -> dict[str, object]:
        """Invalid if nothing is named."""
        seats = words(self.seats)
        if seats:
            return {"seats": seats}
        if self.section is None or self.quantity is None:
            raise Invalid.at("/seats", "missing", "Name seats, like Stalls/A/5, or a section and how many")
        return {"section": self.section, "quantity": self.quantity}


def _quantity(text: str) -> int | None:
    """None for what is no number of tickets."""
    text = text.strip() or "0"
    count = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(QUANTITY_MAX)) else -1
    return count if 0 <= count <= QUANTITY_MAX else None
