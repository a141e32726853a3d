"""The rule of ``engine/stores/__init__.py``: when a store is a class and what it is called; and who may ask a store."""

from __future__ import annotations

import ast

from tests.house import tree

STORES = tree.files(".py", under=("engine/stores",))
ABOVE = tree.files(".py", under=("engine/web", "engine/pages", "engine/jobs"))
OVER = {"db", "hot"}


def _keepers(source: ast.Module):
    """Public classes that are more than a value or an exception: they have a constructor of their own."""
    for node in source.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            raised = any("Error" in ast.unparse(base) or "Exception" in ast.unparse(base) for base in node.bases)
            made = any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)
            if made and not raised:
                yield node.name


def test_what_keeps_a_connection_is_called_a_store_or_a_gateway():
    names = {name: tree.name(path) for path in STORES for name in _keepers(tree.parsed(path))}
    assert len(names) > 10, "the rule sees no stores"
    assert {name: path for name, path in names.items() if not name.endswith(("Store", "Gateway"))} == {}


def test_the_functions_of_a_store_are_over_what_they_are_handed():
    strange = [
        f"{tree.name(path)}: {node.name}"
        for path in STORES
        for node in tree.parsed(path).body
        if isinstance(node, ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and (not node.args.args or node.args.args[0].arg not in OVER)
    ]
    assert not strange


def test_nobody_above_the_services_asks_a_store():
    asked = [
        f"{tree.name(path)} imports {name}"
        for path in ABOVE
        for name in tree.imports(path)
        if name.startswith("engine.stores")
    ]
    assert not asked


def test_the_rule_sees_a_keeper_with_another_name():
    source = ast.parse("class Book:\n    def __init__(self, pool): ...\nclass Row:\n    id: str\n")
    assert list(_keepers(source)) == ["Book"]
