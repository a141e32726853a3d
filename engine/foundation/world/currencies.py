"""The one table of currencies, and what an amount is in each: ours, the provider's, and as people read it.

Our amounts are integers in the minor units of ISO 4217. The provider counts some currencies otherwise, so an amount is
changed at the gateway, by ``to_provider`` and ``from_provider``, and nowhere else.

``currencies.csv`` has a row for each currency in use. Its sources:

- ``code, digits``: ISO 4217 list one (SIX, the maintenance agency) as of January 2026: without funds, metals, units of
  account and test codes, and without what was withdrawn (HRK, BGN, ANG, STD...).
- the ``provider_`` columns, in the provider's own units: https://docs.stripe.com/currencies (July 2026): the list of
  zero-decimal currencies; the special cases of ISK and UGX (two decimals that are always 00); the last digit of BHD,
  JOD, KWD, OMR, TND, which is always 0; the least amounts. Where the page names no least amount it is the half unit it
  names for most (50 in zero-decimal currencies). HUF and TWD are special for payouts only. A currency without these
  columns cannot be charged.
- ``provider_greatest``: eight digits by the API's reference; 12 digits in IDR, 10 in COP, 9 in INR; and the 12 digits
  of card payments in other currencies whose eight digits are worth less than some 12,000 US dollars.

Symbols and separators are CLDR's; the number of digits never is: CLDR writes no decimals in RSD, and they are charged.
"""

from __future__ import annotations

import copy
import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import gcd
from pathlib import Path
from typing import Final

from babel import Locale
from babel.numbers import NumberPattern, get_currency_name, parse_pattern

HELD_AMOUNT_MAX: Final = 0xFFFF_FFFF  # a hold keeps its total in 32 bits (stores/lua/hold_place.lua)
AMOUNT_MAX: Final = 999_999_999_999  # no currency takes more: twelve digits
_DIGITS_OF_THE_UNKNOWN: Final = 2
_LOCALE: Final = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """``digits`` are the decimals of our amounts. ``step``, ``least`` and ``greatest`` bound what can be charged.

    An amount is charged if it is a multiple of ``step`` between the two. Where ``chargeable`` is false none is.
    """

    code: str
    digits: int
    provider_digits: int
    step: int
    least: int
    greatest: int
    chargeable: bool

    @property
    def unit(self) -> int:
        """Minor units of one whole: 100 cents of a dollar."""
        return int(10**self.digits)

    def to_provider(self, cents: int) -> int:
        """Our amount in the provider's units: 5000 UGX are 500000 there. ValueError between two steps."""
        if cents % self.step:
            raise ValueError(f"{cents} {self.code} is not a multiple of {self.step}")
        amount, rest = divmod(cents * 10**self.provider_digits, self.unit)
        assert rest == 0, "a step is made so that it divides"
        return int(amount)

    def from_provider(self, amount: int) -> int:
        """The provider's amount in our units, rounded up if it is finer (it takes no such amount)."""
        return int(-(-amount * self.unit // 10**self.provider_digits))


def _read() -> dict[str, Currency]:
    with (Path(__file__).parent / "currencies.csv").open(encoding="utf-8", newline="") as rows:
        return {row["code"]: _of_row(row) for row in csv.DictReader(rows)}


def _of_row(row: dict[str, str]) -> Currency:
    code, digits = row["code"], int(row["digits"])
    if not row["provider_digits"]:
        return _uncharged(code, digits)
    there, step = int(row["provider_digits"]), int(row["provider_step"])
    ours, theirs = 10 ** max(0, digits - there), 10 ** max(0, there - digits)
    step = step * ours // gcd(step * ours, theirs)
    least = -(-int(row["provider_least"]) * ours // theirs)
    greatest = min(int(row["provider_greatest"]) * ours // theirs, HELD_AMOUNT_MAX)
    return Currency(
        code=code,
        digits=digits,
        provider_digits=there,
        step=step,
        least=least,
        greatest=greatest - greatest % step,
        chargeable=True,
    )


def _uncharged(code: str, digits: int) -> Currency:
    return Currency(code=code, digits=digits, provider_digits=digits, step=1, least=1, greatest=0, chargeable=False)


CURRENCIES: Final = _read()
CHARGEABLE: Final = tuple(code for code, currency in CURRENCIES.items() if currency.chargeable)


def find(code: str) -> Currency:
    """The currency. One that the table does not know (any more) has two digits and cannot be charged."""
    return CURRENCIES.get(code) or _uncharged(code, _DIGITS_OF_THE_UNKNOWN)


def is_chargeable(code: str) -> bool:
    """Whether tickets can be sold in it."""
    return find(code).chargeable


def name(code: str) -> str:
    """``Canadian Dollar``."""
    return str(get_currency_name(code, locale=_LOCALE))


def major(cents: int, code: str) -> Decimal:
    """Minor units as the whole and its decimals: 4500 JPY are 4500, 4500 CAD are 45.00."""
    return Decimal(cents).scaleb(-find(code).digits)


def money(cents: int, code: str, locale: str = _LOCALE) -> str:
    """Minor units as people read them: 4500 CAD is ``CA$45.00``, 4500 JPY is ``¥4,500``."""
    pattern = _pattern(locale, find(code).digits)
    return str(pattern.apply(major(cents, code), Locale.parse(locale), currency=code, currency_digits=False))


@lru_cache
def _pattern(locale: str, digits: int) -> NumberPattern:
    """CLDR's way to write money in this language, with this many decimals."""
    pattern = copy.copy(parse_pattern(Locale.parse(locale).currency_formats["standard"]))
    pattern.frac_prec = (digits, digits)
    return pattern
