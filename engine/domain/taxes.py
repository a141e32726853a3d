"""Taxes: each one is rounded half-up once on the order's taxable base, then spread over the lines to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

BASIS_POINTS = 10_000  # 10,000 bp are the whole
PPM_OF_BP = 100
MILLION = 1_000_000
TAXES_MAX = 8


@dataclass(frozen=True, slots=True)
class Tax:
    """``Tax("GST", 500)`` is five percent, ``Tax("QST", 997.5)`` Quebec's: a rate has at most two decimals."""

    name: str
    rate_bp: float

    @property
    def rate_ppm(self) -> int:
        """The rate in parts of a million, exactly."""
        return int(Decimal(str(self.rate_bp)) * PPM_OF_BP)


def half_up(numerator: int, denominator: int, step: int = 1) -> int:
    """Give numerator / denominator to the nearest multiple of step, halves away from zero.

    numerator >= 0, denominator > 0. A step other than 1 is that of a currency whose last digit is always 0.

    Half-even would make 30.10 at five percent 1.50 instead of 1.51.
    """
    return (2 * numerator + denominator * step) // (2 * denominator * step) * step


def spread(amount: int, weights: Sequence[int], step: int = 1) -> list[int]:
    """``amount`` over lines in proportion to their weights by largest remainder, ties to the earlier line.

    Amount, weights and shares are multiples of ``step``.

    The shares sum to ``amount`` exactly, and no share exceeds its weight if ``amount`` does not exceed their sum.
    Weights of zero get nothing; with no weight at all the amount must be zero.
    """
    whole = sum(weights)
    if whole == 0:
        assert amount == 0, "an amount without a line to stand on"
        return [0] * len(weights)
    shares = [amount * weight // (whole * step) * step for weight in weights]
    remainders = [amount * weight % (whole * step) for weight in weights]
    first = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in first[: (amount - sum(shares)) // step]:
        shares[index] += step
    return shares


def tax_shares(tax: Tax, bases: Sequence[int], step: int = 1) -> list[int]:
    """One tax on lines with these taxable bases in cents (zero if a line is not taxable): cents per line."""
    return spread(half_up(sum(bases) * tax.rate_ppm, MILLION, step), bases, step)


def included_shares(taxes: Sequence[Tax], bases: Sequence[int], step: int = 1) -> dict[str, list[int]]:
    """What is tax in amounts that include it: of each tax, rounded half-up once apart, cents per line.

    Ten percent and ten percent in 120 are 10 and 10: each is its rate's part of 100 and all the rates.
    """
    whole, with_taxes = sum(bases), MILLION + sum(tax.rate_ppm for tax in taxes)
    return {tax.name: spread(half_up(whole * tax.rate_ppm, with_taxes, step), bases, step) for tax in taxes}
