"""The tree as the house rules see it: which files there are and what each Python file imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILDINGS = ("engine", "waitingroom", "admin", "loadtest")
TOP = (*BUILDINGS, "tests", "hotpath_rs", "docs", "deploy", ".ci")
BUILT = {"target", "__pycache__", "node_modules"}
BINARY = {".png", ".ico", ".so", ".pyc", ".woff2", ".webp", ".jpg", ".pdf"}


@cache
def files(*suffixes: str, under: tuple[str, ...] = TOP) -> tuple[Path, ...]:
    """Files below these folders whose names end so (all, if no suffix is named), and those next to the folders."""
    found = [path for top in under for path in sorted((ROOT / top).rglob("*")) if path.is_file()]
    if under == TOP:
        found += [path for path in sorted(ROOT.iterdir()) if path.is_file() and path.name != ".git"]
    wanted = [path for path in found if not BUILT & set(path.relative_to(ROOT).parts) and path.suffix not in BINARY]
    return tuple(path for path in wanted if not suffixes or path.suffix in suffixes)


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def name(path: Path) -> str:
    """As it is written in a report: relative to the root."""
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    """``engine/web/sale/holds.py`` is ``engine.web.sale.holds``; a package is named without ``__init__``."""
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def modules(*, under: tuple[str, ...] = BUILDINGS) -> dict[str, Path]:
    """Every Python module of ours by its dotted name."""
    return {module(path): path for path in files(".py", under=under)}


def imports(path: Path) -> Iterator[str]:
    """Every dotted name an import statement of this file could mean; a name taken out of a package may be a module."""
    package = module(path) if path.name == "__init__.py" else module(path).rpartition(".")[0]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def vendored(path: Path) -> bool:
    return "vendor" in path.parts
