"""No float comes near an amount: where money is computed there is no division, rounding or float."""

from __future__ import annotations

import ast

import pytest

from tests.house import tree

NOUNS = ("prices", "taxes", "refunds", "promos", "payments", "receipts", "orders")
MODULES = [
    path
    for path in tree.files(".py", under=("engine/domain", "engine/services", "engine/stores"))
    if path.stem in NOUNS or path.stem == "hold_prices"
]


@pytest.mark.parametrize("path", MODULES, ids=tree.name)
def test_money_is_whole_cents(path):
    found = []
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div) and not _is_path(node):
            found.append((node.lineno, "a division"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round"}:
            found.append((node.lineno, node.func.id))
    assert not found


def _is_path(node: ast.AST) -> bool:
    """``folder / "lua"``: the other meaning of a slash."""
    return isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)


def test_amounts_are_whole_numbers_in_the_schema():
    schema = "".join(tree.text(path) for path in tree.files(".sql"))
    amounts = [
        line.strip() for line in schema.splitlines() if "_cents " in line.split("--")[0] and "CHECK" not in line[:6]
    ]
    assert amounts
    wrong = [
        line
        for line in amounts
        if line.split()[0].endswith("_cents") and line.split()[1].rstrip(",") not in {"bigint", "integer"}
    ]
    assert not wrong
