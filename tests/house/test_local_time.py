"""Local times become instants in one module, which decides what a change of the clocks does; nobody else does it."""

from __future__ import annotations

import re

from tests.house import tree

HOME = "engine/foundation/local_time.py"
PRODUCT = ("engine", "waitingroom", "admin")
# A zone put onto a wall time, a wall time made by the zone's own clock and then changed, a fold chosen by hand.
MAKES_INSTANTS = re.compile(r"\.replace\([^)]*tzinfo=(?!None\b|UTC\b)|\.combine\([^)]*,[^)]*,|now\(ZoneInfo|fold=\d")


def test_one_module_alone_makes_instants_of_local_times():
    found = {
        f"{tree.name(path)}: {line.strip()}"
        for path in tree.files(".py", under=PRODUCT)
        if tree.name(path) != HOME
        for line in tree.text(path).splitlines()
        if MAKES_INSTANTS.search(line)
    }
    assert not found, "\n".join(sorted(found))


def test_the_rule_sees_what_it_is_about():
    assert MAKES_INSTANTS.search(tree.text(tree.ROOT / HOME))
    for line in (
        "value.replace(tzinfo=ZoneInfo(name))",
        "datetime.combine(day, at, zone)",
        "datetime.now(ZoneInfo(x))",
    ):
        assert MAKES_INSTANTS.search(line), line
