"""The states of an order are listed once: in ``engine/domain/order_states.py``; SQL that spells them out agrees."""

from __future__ import annotations

import ast
import re
from typing import get_args

import pytest

from engine.domain import order_states
from tests.house import tree

STATES = frozenset(get_args(order_states.Status))
NAMED = {value for value in vars(order_states).values() if isinstance(value, frozenset)}
OWNER = tree.ROOT / "engine" / "domain" / "order_states.py"
ENGINE = [path for path in tree.files(".py", under=("engine", "admin")) if path != OWNER]
# Words that are states of orders and of nothing else, so that a list with one of them speaks of orders.
ORDERS_OWN = {"paid", "partially_refunded", "expired", "processing"}
_LIST = re.compile(r"\bIN\s*\(((?:\s*'\w+'\s*,?)+)\)")


def _spelled(text: str) -> list[frozenset[str]]:
    lists = [frozenset(re.findall(r"'(\w+)'", found)) for found in _LIST.findall(text)]
    return [states for states in lists if states <= STATES and states & ORDERS_OWN]


def test_the_schema_knows_the_states_of_the_domain():
    schema = "".join(tree.text(path) for path in tree.files(".sql"))
    assert STATES in _spelled(schema)


@pytest.mark.parametrize("path", [path for path in ENGINE if _spelled(tree.text(path))], ids=tree.name)
def test_a_statement_spells_out_a_list_that_has_a_name(path):
    strange = [sorted(states) for states in _spelled(tree.text(path)) if states not in NAMED]
    assert not strange, f"name it in order_states.py, or use one of its lists: {strange}"


def test_nobody_else_keeps_a_list_of_order_states():
    kept = [
        f"{tree.name(path)}:{node.lineno}"
        for path in ENGINE
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Set | ast.Tuple | ast.List)
        and len(node.elts) > 1
        and all(isinstance(part, ast.Constant) and part.value in STATES for part in node.elts)
        and any(isinstance(part, ast.Constant) and part.value in ORDERS_OWN for part in node.elts)
    ]
    assert not kept


def test_no_two_lists_of_states_share_a_state_by_accident():
    assert not order_states.OPEN & order_states.CLOSED
    assert not (order_states.OPEN | order_states.CLOSED) & order_states.EVER_PAID
    assert order_states.OPEN | order_states.CLOSED | order_states.EVER_PAID == STATES
