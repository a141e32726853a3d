"""The states of an order, said once: every list of them that rules or SQL need has its name here.

A statement that spells states out is compared with these by ``tests/house/test_order_states.py``.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

TERMINAL_WITHIN_S: Final = 120  # after its deadline every order is ended or paid for

Status: TypeAlias = Literal[
    "pending",
    "processing",
    "paid",
    "expired",
    "cancelled",
    "partially_refunded",
    "refunded",
    "disputed",
    "charged_back",
]

OPEN: Final[frozenset[str]] = frozenset({"pending", "processing"})  # being paid for: it owns its units
CLOSED: Final[frozenset[str]] = frozenset({"expired", "cancelled"})  # ended unpaid
SOLD: Final[frozenset[str]] = frozenset({"paid", "partially_refunded", "disputed"})  # its tickets may admit
REFUNDABLE: Final[frozenset[str]] = SOLD  # some of its money may still go back
TAKEN: Final[frozenset[str]] = SOLD | {"charged_back"}  # its units are nobody else's until somebody sells them again
EVER_PAID: Final[frozenset[str]] = TAKEN | {"refunded"}  # its money was taken once
