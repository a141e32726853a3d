"""SQL is constants and parameters: only constants and columns of our own Structs are put into a statement's text."""

from __future__ import annotations

import ast

from tests.house import tree

ASKS = {"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor"}
# Functions that make text from the names of our own Structs' fields, and counters.
MAKERS = {
    "assignments",
    "columns_of",
    "range",
    "enumerate",
    "len",
    "marks",
    "dict",
    "list",
    "tuple",
    "sorted",
}
DEPTH_MAX = 12


class Text:
    """Says of one function whether an expression in it can only be text that we wrote."""

    def __init__(self, function: ast.AST, module: ast.Module) -> None:
        self.parameters: set[str] = set()
        self.known: dict[str, list[ast.expr]] = {}
        for scope in (module, function):
            for node in ast.walk(scope) if scope is function else module.body:
                self._learn(node)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            spec = function.args
            self.parameters = {arg.arg for arg in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]}

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(part, ast.Name):
                        self.known.setdefault(part.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name) and node.value:
            self.known.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, ast.comprehension):
            for part in ast.walk(node.target):
                if isinstance(part, ast.Name):
                    self.known.setdefault(part.id, []).append(node.iter)

    def ours(self, node: ast.AST, depth: int = 0) -> bool:  # noqa: PLR0911 - one line a kind of expression
        if depth > DEPTH_MAX:
            return False
        deeper = depth + 1
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name) if name.isupper():
                return True
            case ast.Name(id=name):
                values = self.known.get(name, [])
                return (
                    name not in self.parameters and bool(values) and all(self.ours(value, deeper) for value in values)
                )
            case ast.Attribute(attr=name):
                return name.isupper()
            case ast.IfExp(body=body, orelse=orelse):
                return self.ours(body, deeper) and self.ours(orelse, deeper)
            case ast.JoinedStr(values=values) | ast.List(elts=values) | ast.Tuple(elts=values):
                return all(self.ours(value, deeper) for value in values)
            case ast.FormattedValue(value=value):
                return self.ours(value, deeper)
            case ast.BinOp(left=left, right=right):
                return self.ours(left, deeper) and self.ours(right, deeper)
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
                return self.ours(elt, deeper)
            case ast.Call(func=ast.Name(id=name)):
                return name in MAKERS
            case ast.Call(func=ast.Attribute(attr="join", value=glue), args=[what]):
                return self.ours(glue, deeper) and self.ours(what, deeper)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=holder))):
                return self.ours(ast.Name(holder, ast.Load()), deeper)
        return False


def _statements(path):
    module = tree.parsed(path)
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ASKS
                and node.args
            ):
                yield function, module, node


def _redis_command(node):
    """``client.execute("SET", ..)`` and pipelines' ``execute()`` are Redis's, not SQL."""
    first = node.args[0]
    return (
        isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and first.value.isupper()
        and " " not in first.value
    )


def test_sql_text_is_never_built_from_values():
    built = [
        f"{tree.name(path)}:{node.lineno} {ast.unparse(node.args[0])[:80]}"
        for path in tree.files(".py", under=("engine/stores", "engine/services", "engine/foundation", "waitingroom"))
        for function, module, node in _statements(path)
        if not _redis_command(node) and not Text(function, module).ours(node.args[0])
    ]
    assert not built


def test_the_rule_sees_a_value_that_is_put_into_sql():
    module = ast.parse("async def f(db, name):\n    sql = f'SELECT {name}'\n    await db.fetch(sql)\n")
    function = module.body[0]
    call = next(node for node in ast.walk(function) if isinstance(node, ast.Call))
    assert not Text(function, module).ours(call.args[0])


def test_services_and_handlers_hold_no_sql():
    words = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ")
    found = [
        f"{tree.name(path)}:{node.lineno}"
        for path in tree.files(".py", under=("engine/services", "engine/web", "engine/pages", "engine/jobs", "admin"))
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().startswith(words)
        and node.value != "SELECT 1"  # the question whether Postgres is there
    ]
    assert not found
