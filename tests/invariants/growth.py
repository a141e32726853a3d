"""How long everything is that a process remembers: each container of our own objects and modules, by its owner's name.

What is nested in a container counts for it, level by level; so do the instances of each class of ours, labels of a
metric, what a function remembers (``lru_cache``) and the tasks of the loop. Two looks, with work between them, show
what grows with the work.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import sys
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

OURS = ("engine.", "prometheus_client.")
CONTAINERS = (dict, list, set, frozenset, deque, bytearray)
LEVELS_MAX = 4
_Remembering = functools._lru_cache_wrapper


def sizes() -> Counter[str]:
    """By ``module.Class.attribute``, ``module.name`` or ``module.Class()``."""
    gc.collect()
    found: Counter[str] = Counter(tasks=len(asyncio.all_tasks()))
    for each in gc.get_objects():
        kind = type(each)
        if isinstance(each, _Remembering) and str(each.__module__).startswith(OURS):
            found[f"{each.__module__}.{each.__qualname__}"] = each.cache_info().currsize
        elif str(kind.__module__).startswith(OURS):  # of a few it is no text
            owner = f"{kind.__module__}.{kind.__qualname__}"
            found[f"{owner}()"] += 1
            for name, value in _attributes(each):
                _count(found, f"{owner}.{name}", value)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(OURS):
            for name, value in list(vars(module).items()):
                if not name.startswith("__"):
                    _count(found, f"{module_name}.{name}", value)
    return found


def grown(before: Counter[str], after: Counter[str], *, least: int) -> dict[str, int]:
    """What is longer by this much or more, longest first."""
    more = {name: after[name] - before[name] for name in after if after[name] - before[name] >= least}
    return dict(sorted(more.items(), key=lambda each: -each[1]))


def _attributes(each: object) -> Iterator[tuple[str, Any]]:
    yield from list(getattr(each, "__dict__", {}).items())
    for kind in type(each).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
            if name not in {"__dict__", "__weakref__"} and hasattr(each, mangled):
                yield name, getattr(each, mangled)


def _count(found: Counter[str], name: str, value: object, level: int = 0) -> None:
    if not isinstance(value, CONTAINERS):
        return
    found[name] += len(value)
    if level < LEVELS_MAX and not isinstance(value, bytearray):
        for each in list(value.values()) if isinstance(value, dict) else list(value):
            _count(found, f"{name}[]", each, level + 1)
