"""An event's refund policy: until when its buyers may give tickets back by themselves, and what the organizer keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from engine.domain.fields import BasisPoints, Faults, Moment, fault
from engine.foundation.errors import Invalid
from engine.foundation.world.currencies import AMOUNT_MAX, find, money

Mode = Literal["automatic", "approval", "none"]


class RefundPolicy(Struct, frozen=True, kw_only=True):
    """``until`` is the event's ``allow_refunds_until`` under another name; without one, buyers may ask until it starts.

    ``mode`` left out: approval for an event with such a time, else none. Of a ticket that is given back the organizer
    keeps ``keep_bp`` of what is returned, then ``keep_fixed_cents``; the buyer's fee stays unless ``fees_returned``.
    """

    mode: Mode | None = None
    until: Moment | UnsetType | None = UNSET
    keep_bp: BasisPoints = 0
    keep_fixed_cents: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    fees_returned: bool = False


def folded(
    policy: RefundPolicy | UnsetType, until: datetime | UnsetType | None
) -> tuple[RefundPolicy | UnsetType, datetime | UnsetType | None]:
    """(the policy as it is kept, ``allow_refunds_until``): the time is kept once. Invalid if both say another one."""
    if not isinstance(policy, RefundPolicy) or policy.until is UNSET:
        return policy, until
    if isinstance(until, datetime) and policy.until != until:
        said = "This is allow_refunds_until under another name: send one of them, or both alike"
        raise Invalid.at("/refund_policy/until", "contradiction", said)
    return replace(policy, until=UNSET), policy.until


def faults_of(policy: RefundPolicy, currency: str) -> Faults:
    """What is wrong with it in the event's currency ("" if that is wrong itself)."""
    known = find(currency)
    if not known.chargeable or policy.keep_fixed_cents % known.step == 0:
        return []
    said = f"Amounts in {currency} are multiples of {money(known.step, currency)}"
    return [fault("/refund_policy/keep_fixed_cents", "amount_between_steps", said)]


def read(kept: object, allow_until: datetime | None) -> RefundPolicy:
    """The policy as it is kept, with its time and the mode that follows from it."""
    assert isinstance(kept, dict)
    mode = kept.get("mode") or ("approval" if allow_until is not None else "none")
    return RefundPolicy(**{**kept, "mode": mode, "until": allow_until})
