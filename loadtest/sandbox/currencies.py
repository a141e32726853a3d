"""What Stripe charges in: a table of its own, as the provider has (docs.stripe.com/currencies, July 2026).

`currencies.csv`: `decimals` of an amount, the `step` it is a multiple of (100 in ISK and UGX, whose two decimals are
always 00; 10 in three-decimal currencies), and the least and greatest amount, all as the API takes them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from loadtest.sandbox.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Currency:
    code: str
    decimals: int
    step: int
    minimum: int
    maximum: int

    def check_charge(self, amount: int, param: str = "amount") -> None:
        """Refuse what cannot be charged."""
        if amount < self.minimum:
            raise InvalidRequest(
                f"Amount must be at least {self.words(self.minimum)}", code="amount_too_small", param=param
            )
        if amount > self.maximum:
            raise InvalidRequest(
                f"Amount must be no more than {self.words(self.maximum)}", code="amount_too_large", param=param
            )
        self.check_step(amount, param)

    def check_step(self, amount: int, param: str = "amount") -> None:
        """Refuse what is finer than the currency is paid in; refunds too."""
        if amount % self.step:
            raise InvalidRequest(
                f"Invalid amount: amounts in {self.code} must be divisible by {self.step}.",
                code="invalid_amount",
                param=param,
            )

    def words(self, amount: int) -> str:
        """`12.50 CAD`."""
        whole, rest = divmod(amount, 10**self.decimals)
        return (
            f"{whole}.{rest:0{self.decimals}d} {self.code.upper()}" if self.decimals else f"{whole} {self.code.upper()}"
        )


def _read() -> dict[str, Currency]:
    with (Path(__file__).parent / "currencies.csv").open(encoding="utf-8", newline="") as rows:
        return {
            row["currency"]: Currency(
                row["currency"], int(row["decimals"]), int(row["step"]), int(row["minimum"]), int(row["maximum"])
            )
            for row in csv.DictReader(rows)
        }


CURRENCIES = _read()
