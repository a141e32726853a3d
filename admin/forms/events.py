"""Events: what an organizer types, in the event's own time."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any, ClassVar, Literal

import msgspec
from pydantic import Field

from admin import formats
from admin.forms.fields import (
    Amount,
    Line,
    LocalMoment,
    Name,
    Rate,
    Short,
    Text,
    Whole,
    at_place,
    basis_points,
    cents,
    words,
)
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.event_copy import EventCopy
from engine.domain.catalogue.event_news import EventCancel, EventPatch, moves
from engine.domain.catalogue.events import HOLD_TTL_S_DEFAULT, Event, FeeRule, NewEvent, TaxRule
from engine.domain.catalogue.pricing.refund_policies import Mode, RefundPolicy
from engine.domain.catalogue.programme.series import Apply, only_changed
from engine.domain.fields import fault, is_currency, is_timezone
from engine.foundation import shapes
from engine.foundation.errors import Invalid
from engine.foundation.world import tax_presets

MINUTE_S = 60
MOMENTS = ("starts_at", "ends_at", "allow_refunds_until")


class EventForm(Form):
    """``timezone`` left out is the venue's. Percentages are typed as such, money in the event's currency."""

    LISTS: ClassVar[frozenset[str]] = frozenset({"tax_name", "tax_rate", "tax_registration"})
    POINTERS: ClassVar[Mapping[str, str]] = {
        "taxes": "tax_name",
        "taxes/name": "tax_name",
        "taxes/rate_bp": "tax_rate",
        "taxes/registration": "tax_registration",
        "fee/rate_bp": "fee_rate",
        "fee/fixed_cents": "fee_fixed",
        "fee/paid_by": "fee_paid_by",
        "hold_ttl_s": "hold_minutes",
        "refund_policy/mode": "refund_mode",
        "refund_policy/keep_bp": "refund_keep_rate",
        "refund_policy/keep_fixed_cents": "refund_keep_fixed",
        "refund_policy/fees_returned": "refund_fees",
    }
    LABELS: ClassVar[Mapping[str, str]] = {
        "summary": "In one line",
        "video_url": "Film",
        "starts_at": "Starts",
        "ends_at": "Ends",
        "timezone": "Time zone",
        "fee_rate": "Service fee",
        "fee_fixed": "and per ticket",
        "fee_paid_by": "The fee is paid by",
        "tax_name": "Tax {}: name",
        "tax_rate": "Tax {}: percent",
        "tax_registration": "Tax {}: registration number",
        "tax_mode": "Taxes are",
        "hold_minutes": "Seats are held for",
        "max_tickets_per_buyer": "Tickets per buyer at most",
        "capacity": "Standing places",
        "allow_transfers": "Handing tickets on",
        "max_transfers": "Times a ticket may be handed on",
        "orphan_policy": "Single seats left alone",
        "allow_refunds_until": "Refunds until",
        "refund_mode": "Buyers give tickets back",
        "refund_keep_rate": "You keep",
        "refund_keep_fixed": "and per ticket",
        "refund_fees": "Return the service fee too",
        "reminders": "Reminders",
        "message": "Message to ticket holders",
        "apply": "Save it for",
    }

    title: Name
    summary: Line = ""
    description: Text = ""
    category: Short = "other"
    tags: str = ""
    terms: Text = ""
    video_url: str | None = None
    venue_id: str | None = None
    starts_at: LocalMoment
    ends_at: LocalMoment
    timezone: Short | None = None
    currency: str | None = None
    hold_minutes: Amount = Decimal(HOLD_TTL_S_DEFAULT // MINUTE_S)
    orphan_policy: Literal["auto", "strict", "lenient", "off"] = "auto"
    tax_name: tuple[str, ...] = ()
    tax_rate: tuple[str, ...] = ()
    tax_registration: tuple[str, ...] = ()
    tax_mode: Literal["configured", "inclusive"] = "configured"
    tax_preset: str = ""
    fee_rate: Rate = Decimal(0)
    fee_fixed: Amount = Decimal(0)
    fee_paid_by: Literal["buyer", "organizer"] = "buyer"
    max_tickets_per_buyer: Whole | None = None
    capacity: Whole | None = None
    allow_transfers: Literal["yes", "no"] = "yes"
    max_transfers: Whole | None = None
    allow_refunds_until: LocalMoment | None = None
    refund_mode: Mode = "none"
    refund_keep_rate: Rate = Decimal(0)
    refund_keep_fixed: Amount = Decimal(0)
    refund_fees: bool = False
    reminders: Literal["on", "off"] = "on"
    message: Text = ""
    apply: Apply = "this"
    version: str = ""

    def new(self, organization_id: str, venue_timezone: str) -> NewEvent:
        """Invalid with every broken field."""
        document = self._document(self.timezone or venue_timezone, self.currency or "")
        given = {name: value for name, value in document.items() if value is not msgspec.UNSET}
        return shapes.build({**given, "organization_id": organization_id}, NewEvent)

    def change(self, before: Event) -> EventPatch:
        """Everything in the form; the currency only if the form still has it, a moment only if it shows another.

        A field knows minutes: a moment to the second that nobody touched must not move. Invalid if the event would
        take place at another time or place and ticket holders are not told why.
        """
        timezone = self.timezone or before.timezone
        document = self._document(timezone, self.currency or before.currency)
        if before.published_at is not None:
            del document["capacity"]  # fixed by publication: the form shows it and sends nothing
        for name in MOMENTS if is_timezone(timezone) else ():
            if formats.local(getattr(before, name), timezone) == formats.local(document[name], timezone):
                document[name] = msgspec.UNSET
        if document["refund_policy"] == _policy_of(before.refund_policy):
            del document["refund_policy"]
        given = {name: value for name, value in document.items() if value is not msgspec.UNSET}
        patch = shapes.build({**given, "message": self.message}, EventPatch)
        if moves(before, patch) and not patch.message:
            raise Invalid.at("/message", "missing", "Tell them why: this goes to everybody who has a ticket")
        return patch if self.apply == "this" else only_changed(patch, before)

    def _document(self, timezone: str, currency: str) -> dict[str, Any]:
        faults: list[dict[str, str]] = []
        document: dict[str, Any] = {
            "title": self.title,
            "summary": self.summary,
            "description": self.description,
            "category": self.category,
            "tags": words(self.tags),
            "terms": self.terms,
            "video_url": self.video_url,
            "venue_id": self.venue_id or msgspec.UNSET,
            "timezone": timezone,
            "currency": currency or msgspec.UNSET,
            "hold_ttl_s": round(self.hold_minutes * MINUTE_S),
            "orphan_policy": self.orphan_policy,
            "max_tickets_per_buyer": self.max_tickets_per_buyer,
            "capacity": self.capacity,
            "allow_transfers": self.allow_transfers == "yes",
            "max_transfers": msgspec.UNSET if self.max_transfers is None else self.max_transfers,
            "tax_mode": self.tax_mode,
            "reminders": self.reminders == "on",
        }
        for name in MOMENTS:
            document[name] = _or_fault(faults, lambda name=name: at_place(getattr(self, name), timezone, f"/{name}"))
        document["taxes"] = _or_fault(faults, self._taxes)
        if not currency or not is_currency(currency):
            faults.append(fault("/currency", "unknown_currency", "Choose a currency"))
        else:
            fixed_cents = _or_fault(faults, lambda: cents(self.fee_fixed, currency, "/fee/fixed_cents"))
            document["fee"] = {
                "rate_bp": basis_points(self.fee_rate),
                "fixed_cents": fixed_cents or 0,
                "paid_by": self.fee_paid_by,
            }
            kept_cents = _or_fault(
                faults, lambda: cents(self.refund_keep_fixed, currency, "/refund_policy/keep_fixed_cents")
            )
            document["refund_policy"] = {
                "mode": self.refund_mode,
                "keep_bp": basis_points(self.refund_keep_rate),
                "keep_fixed_cents": kept_cents or 0,
                "fees_returned": self.refund_fees,
            }
        if faults:
            raise Invalid(errors=faults)
        return document

    def _taxes(self) -> list[dict[str, Any]]:
        """Those of the rows, else those of the preset that was chosen."""
        found, faults = [], []
        rows = zip_longest(self.tax_name, self.tax_rate, self.tax_registration, fillvalue="")
        for index, (name, text, registration) in enumerate(rows):
            if not name.strip() and not text.strip():
                continue
            rate_bp = _rate_bp(text)
            if not name.strip():
                faults.append(fault(f"/taxes/{index}/name", "missing", f"Name the tax in row {index + 1}"))
            if rate_bp is None:
                faults.append(fault(f"/taxes/{index}/rate_bp", "invalid_value", "Write a percentage like 5 or 9.75"))
            found.append({"name": name.strip(), "rate_bp": rate_bp or 0, "registration": registration.strip()})
        if faults:
            raise Invalid(errors=faults)
        return found or [{"name": tax.name, "rate_bp": tax.rate_bp} for tax in tax_presets.find(self.tax_preset)]


class CopyForm(Form):
    """When the copy starts, in the event's own time."""

    starts_at: LocalMoment
    title: str | None = None

    def given(self, event: Event) -> EventCopy:
        document = {
            "starts_at": at_place(self.starts_at, event.timezone, "/starts_at"),
            "title": self.title or msgspec.UNSET,
        }
        return shapes.build({name: value for name, value in document.items() if value is not msgspec.UNSET}, EventCopy)


class CancelForm(Form):
    """An event's title, typed to show that cancelling it is meant, and what ticket holders are told."""

    title: str = Field(min_length=1)
    message: Text = ""

    def given(self) -> EventCancel:
        return shapes.build({"message": self.message}, EventCancel)


def of(event: Event) -> Filled[EventForm]:
    """The form as an event would fill it in."""
    local = {name: formats.local(getattr(event, name), event.timezone) or None for name in MOMENTS}
    return fresh(
        EventForm,
        version=event.version,
        title=event.title,
        summary=event.summary,
        description=event.description,
        category=event.category,
        tags=", ".join(event.tags),
        terms=event.terms,
        video_url=event.video_url,
        venue_id=event.venue_id,
        timezone=event.timezone,
        currency=event.currency,
        hold_minutes=f"{event.hold_ttl_s / MINUTE_S:g}",
        orphan_policy=event.orphan_policy,
        max_tickets_per_buyer=event.max_tickets_per_buyer,
        capacity=event.capacity,
        allow_transfers="yes" if event.allow_transfers else "no",
        max_transfers=event.max_transfers,
        tax_mode=event.tax_mode,
        reminders="on" if event.reminders else "off",
        **local,
        **_taxes_of(event.taxes),
        **_fee_of(event.fee, event.currency),
        **_refunds_of(event.refund_policy, event.currency),
    )


def _taxes_of(taxes: tuple[TaxRule, ...]) -> dict[str, list[str]]:
    return {
        "tax_name": [tax.name for tax in taxes],
        "tax_rate": [formats.rate(tax.rate_bp) for tax in taxes],
        "tax_registration": [tax.registration for tax in taxes],
    }


def _fee_of(fee: FeeRule, currency: str) -> dict[str, str]:
    return {
        "fee_rate": formats.rate(fee.rate_bp),
        "fee_fixed": formats.amount(fee.fixed_cents, currency),
        "fee_paid_by": fee.paid_by,
    }


def _policy_of(policy: RefundPolicy) -> dict[str, Any]:
    """As the form sends it: its time is a field of its own."""
    return {name: getattr(policy, name) for name in ("mode", "keep_bp", "keep_fixed_cents", "fees_returned")}


def _refunds_of(policy: RefundPolicy, currency: str) -> dict[str, str]:
    shown = {
        "refund_mode": policy.mode or "none",
        "refund_keep_rate": formats.rate(policy.keep_bp),
        "refund_keep_fixed": formats.amount(policy.keep_fixed_cents, currency),
    }
    return shown | ({"refund_fees": "true"} if policy.fees_returned else {})


def _rate_bp(text: str) -> float | None:
    """Basis points, with the decimals that a tax may have."""
    try:
        value = Decimal(text.strip().removesuffix("%").strip()) * 100
    except ArithmeticError:
        return None
    if not value.is_finite() or value != round(value, 2):
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _or_fault(faults: list[dict[str, str]], read: Any) -> Any:
    try:
        return read()
    except Invalid as refusal:
        faults.extend(refusal.errors)
        return None
