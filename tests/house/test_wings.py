"""The wings inside the floors: one order everywhere, a few shared files at the foot of each floor, folders of a size.

The order stands once, in pyproject.toml, as import-linter's layers; here it is asked of every import across floors too.
"""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest

from tests.house import tree

CONTRACT = "A wing leans on its own floor's earlier wings alone"
FOOT_FILES_MAX = {"domain": 8, "stores": 8, "services": 8, "web": 10, "pages": 8}
FOLDER_FILES_MAX = 16
# Shared files whose work is to know every wing: what is built, by which key it is found, which routes there are, and
# which rights (the accounts') a route asks for.
REGISTRIES = {
    "engine/services/wiring.py",
    "engine/services/appkeys.py",
    "engine/web/arrivals.py",
    "engine/web/routes.py",
    "engine/web/route.py",
    "engine/pages/__init__.py",
    "engine/pages/styleguide.py",  # shows the components of all of them
}


def _wings() -> list[str]:
    """From the first, which leans on none, to the last."""
    contracts = tomllib.loads(tree.text(tree.ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["name"] == CONTRACT]
    return [layer.strip("()") for layer in reversed(layers)]


WINGS = _wings()
FILES = [path for floor in FOOT_FILES_MAX for path in tree.files(".py", under=(f"engine/{floor}",))]


def _wing(module: str) -> str | None:
    """The wing that a module of a floor stands in; None at the foot of a floor, and outside of them."""
    parts = module.split(".")
    inside = len(parts) > 2 and parts[0] == "engine" and parts[1] in FOOT_FILES_MAX and parts[2] in WINGS
    return parts[2] if inside else None


def test_a_wing_imports_no_wing_after_it_on_any_floor():
    forward = {
        f"{tree.name(path)}: {found}"
        for path in FILES
        for found in tree.imports(path)
        if (own := _wing(tree.module(path))) and (other := _wing(found)) and WINGS.index(other) > WINGS.index(own)
    }
    assert not forward, "\n".join(sorted(forward))


def test_only_a_registry_at_the_foot_of_a_floor_knows_the_wings():
    knowing = {
        f"{tree.name(path)}: {found}"
        for path in FILES
        for found in tree.imports(path)
        if _wing(tree.module(path)) is None and _wing(found) and tree.name(path) not in REGISTRIES
    }
    assert not knowing, "\n".join(sorted(knowing))


def test_every_registry_that_is_declared_is_there():
    assert {tree.name(path) for path in FILES} >= REGISTRIES


@pytest.mark.parametrize("floor", FOOT_FILES_MAX)
def test_few_files_of_a_floor_are_shared_by_all_wings(floor):
    foot = tree.ROOT / "engine" / floor
    shared = [path.name for path in FILES if path.parent == foot and path.name != "__init__.py"]
    assert len(shared) <= FOOT_FILES_MAX[floor], shared


def test_no_folder_of_a_floor_outgrows_its_reader():
    sizes = Counter(tree.name(path.parent) for path in FILES)
    assert not {folder: size for folder, size in sizes.items() if size > FOLDER_FILES_MAX}


def test_the_folders_of_a_floor_are_wings():
    folders = {tree.name(path).split("/")[2] for path in FILES if tree.name(path).count("/") > 2}
    assert folders <= set(WINGS)


def test_the_tests_mirror_the_wings_of_each_floor():
    mirrored = {
        tree.name(path.parent).removeprefix("tests/")
        for floor in FOOT_FILES_MAX
        for path in tree.files(".py", under=(f"tests/{floor}",))
        if tree.name(path).count("/") > 2
    }
    assert mirrored
    assert not [folder for folder in mirrored if not (tree.ROOT / "engine" / folder / "__init__.py").exists()]
