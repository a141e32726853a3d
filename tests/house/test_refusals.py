"""Every "no" is a class with a code of its own, said in the tree at the top of its module."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict

import pytest

from engine.foundation.errors import Refusal
from tests.house import tree

# Codes that two classes share, and why: to the caller it is one thing, to us two.
SHARED = {
    "store_unavailable": {"RedisAway", "RedisRefused"},  # one may have been applied, the other was not
}


def _refusals() -> list[type[Refusal]]:
    for module, path in tree.modules(under=("engine", "waitingroom", "admin")).items():
        if module != "engine.__main__" and re.search(r"^class \w+\(", tree.text(path), re.MULTILINE):
            importlib.import_module(module)
    found: list[type[Refusal]] = []
    ahead = [Refusal]
    while ahead:
        below = ahead.pop().__subclasses__()
        found += below
        ahead += below
    ours = {kind for kind in found if kind.__module__.split(".")[0] in tree.BUILDINGS}
    return sorted(ours, key=lambda kind: (kind.__module__, kind.__name__))


REFUSALS = _refusals()


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__qualname__)
def test_a_refusal_has_a_status_a_code_and_a_title(kind):
    assert "code" in vars(kind), "without a code of its own nobody can tell it from its parent"
    assert "title" in vars(kind)
    assert 400 <= kind.status < 600
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert kind.title[0].isupper()
    assert not kind.title.endswith(".")


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__qualname__)
def test_a_refusal_is_drawn_in_the_docstring_of_its_module(kind):
    told = inspect.getmodule(kind).__doc__ or ""
    assert re.search(rf"\b{kind.__name__}\b", told), f"{kind.__module__} does not name {kind.__name__} at its top"


def test_a_code_belongs_to_one_refusal():
    by_code = defaultdict(set)
    for kind in [Refusal, *REFUSALS]:
        # The admin app and the pages stand in different buildings and may each have the same "no" under one name.
        by_code[kind.code].add(kind.__name__)
    shared = {code: names for code, names in by_code.items() if len(names) > 1}
    assert shared == SHARED
