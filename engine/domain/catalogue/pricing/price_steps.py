"""Price steps of a ticket type: what it costs first, until a moment or a count of sold ones, and then.

The first step that still applies is the price. ``until_sold`` counts units of the type that are held, being paid for
or sold: steps end at rising counts, so ``until_sold`` 50 and then 120 are 50 tickets at one price and 70 at the next.
After the last step the type's own price holds. Each step has a number of its own in the inventory, as a type has: a
hold's units are counted under the step that they were held at, which is how the price of a hold is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from engine.domain.catalogue.errors import PriceStepsOverlap
from engine.domain.fields import Cents, Faults, Moment, Short, fault, is_moment
from engine.foundation.errors import Invalid

STEPS_MAX = 8
UNTIL_SOLD_MAX = 200_000

UntilSold = Annotated[int, Meta(ge=1, le=UNTIL_SOLD_MAX)]


class NewPriceStep(Struct, frozen=True, kw_only=True):
    """It ends at ``until``, or when ``until_sold`` are sold, whatever comes first; the last one may never end."""

    name: Short
    price_cents: Cents
    until: Moment | None = None
    until_sold: UntilSold | None = None


class PriceStep(NewPriceStep, frozen=True, kw_only=True):
    """``number`` is its byte in the inventory."""

    number: int


PriceSteps = Annotated[list[NewPriceStep], Meta(max_length=STEPS_MAX)]


def check_steps(steps: Sequence[NewPriceStep]) -> None:
    """PriceStepsOverlap if one ends no later than the one before it, or never and others follow.

    Invalid for names and dates.
    """
    faults: Faults = []
    for place, step in enumerate(steps):
        if step.until is not None and not is_moment(step.until):
            faults.append(fault(f"/price_steps/{place}/until", "out_of_range", "This date is out of range"))
        if step.name in {earlier.name for earlier in steps[:place]}:
            faults.append(fault(f"/price_steps/{place}/name", "duplicate", "Each step has its own name"))
    if faults:
        raise Invalid(errors=faults)
    overlaps = [found for place in range(len(steps)) for found in _overlap(steps, place)]
    if overlaps:
        raise PriceStepsOverlap(errors=overlaps)


def _overlap(steps: Sequence[NewPriceStep], place: int) -> Faults:
    step, at = steps[place], f"/price_steps/{place}"
    if step.until is None and step.until_sold is None and place < len(steps) - 1:
        return [fault(at, PriceStepsOverlap.code, "Only the last step may be without an end")]
    found: Faults = []
    before = [earlier.until for earlier in steps[:place] if earlier.until is not None]
    if step.until is not None and before and step.until <= before[-1]:
        found.append(fault(f"{at}/until", PriceStepsOverlap.code, "It ends no later than the step before it"))
    counts = [earlier.until_sold for earlier in steps[:place] if earlier.until_sold is not None]
    if step.until_sold is not None and counts and step.until_sold <= counts[-1]:
        found.append(fault(f"{at}/until_sold", PriceStepsOverlap.code, "It ends no later than the step before it"))
    return found


def numbered(steps: Sequence[NewPriceStep], known: Iterable[PriceStep], fresh: Iterable[int]) -> tuple[PriceStep, ...]:
    """The steps with numbers: those of the same name keep theirs, the others take from ``fresh`` in order."""
    numbers, more = {step.name: step.number for step in known}, iter(fresh)
    return tuple(
        PriceStep(
            name=step.name,
            price_cents=step.price_cents,
            until=step.until,
            until_sold=step.until_sold,
            number=numbers[step.name] if step.name in numbers else next(more),
        )
        for step in steps
    )


def last_price_cents(steps: Sequence[NewPriceStep], price_cents: int) -> int:
    """What is asked when all steps that end have ended."""
    endless = bool(steps) and steps[-1].until is None and steps[-1].until_sold is None
    return steps[-1].price_cents if endless else price_cents


def given(step: PriceStep, until: datetime | None) -> NewPriceStep:
    """The step as somebody would type it, ending then."""
    return NewPriceStep(name=step.name, price_cents=step.price_cents, until=until, until_sold=step.until_sold)
