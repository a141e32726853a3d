"""Prices computed a second time, by exact fractions and by the words of the design alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Terms:
    """An event's terms: taxes by name in basis points, the fee, and one discount."""

    taxes: dict[str, int]
    fee_bp: int = 0
    fee_fixed_cents: int = 0
    buyer_pays: bool = True
    percent_bp: int = 0
    fixed_off_cents: int = 0


@dataclass(frozen=True)
class Ticket:
    """One line of the model's price."""

    face: int
    off: int
    fee: int
    taxes: dict[str, int]

    @property
    def total(self) -> int:
        return self.face - self.off + self.fee + sum(self.taxes.values())


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def by_largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of the amount in proportion to the weights; what is left goes to the largest remainders."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    exact = [Fraction(amount * weight, whole) for weight in weights]
    shares = [floor(part) for part in exact]
    order = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in order[: amount - sum(shares)]:
        shares[i] += 1
    return shares


def price(faces: Sequence[int], taxable: Sequence[bool], terms: Terms) -> list[Ticket]:
    """Face, discount, fee, each tax: in this order, each rounded once for the order and then spread."""
    total = sum(faces)
    off_all = min(total, terms.fixed_off_cents or half_up(Fraction(total * terms.percent_bp, 10_000)))
    offs = by_largest_remainder(off_all, faces)
    nets = [face - off for face, off in zip(faces, offs, strict=True)]
    fees = by_largest_remainder(half_up(Fraction(sum(nets) * terms.fee_bp, 10_000)), nets)
    fees = [fee + (terms.fee_fixed_cents if net else 0) for fee, net in zip(fees, nets, strict=True)]
    if not terms.buyer_pays:
        fees = [0] * len(fees)
    bases = [(net + fee) * counts for net, fee, counts in zip(nets, fees, taxable, strict=True)]
    taxes = {
        name: by_largest_remainder(half_up(Fraction(sum(bases) * bp, 10_000)), bases)
        for name, bp in terms.taxes.items()
    }
    return [
        Ticket(faces[i], offs[i], fees[i], {name: shares[i] for name, shares in taxes.items()})
        for i in range(len(faces))
    ]
