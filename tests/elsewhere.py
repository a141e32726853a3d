"""The suite as another machine would run it: fewer cores, another place and language, other buffers, a later year.

``python -m tests.elsewhere [--setting NAME]... [pytest's arguments]``; without a name, every setting in turn; several
in one run are joined by a plus, ``one-core+abroad+small-buffers``. What a C library is asked (the calendar, a new
socket) is answered by ``elsewhere.c``, in the tests and in all they start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
ROOT = Path(__file__).parents[1]
CORES = "ELSEWHERE_CORES"
SETTINGS = {
    "one-core": {CORES: "1"},
    "abroad": {"TZ": "Asia/Kathmandu", "LANG": "fr_FR.UTF-8", "LC_ALL": "fr_FR.UTF-8", "LANGUAGE": "fr"},
    "plain": {"TZ": "Pacific/Apia", "LANG": "C", "LC_ALL": "C", "LANGUAGE": ""},
    "small-buffers": {"ELSEWHERE_BUFFER_BYTES": str(16 << 10)},
    "large-buffers": {"ELSEWHERE_BUFFER_BYTES": str(8 << 20)},
    "later": {"ELSEWHERE_AHEAD_S": str(400 * 86_400)},
}


def build(folder: Path) -> Path:
    """The library that is preloaded, readable by those whom the stores run as."""
    folder.chmod(0o755)
    built = folder / "elsewhere.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(built), str(SOURCE), "-ldl"], check=True)
    return built


def known(setting: str) -> str:
    """One name, or several joined by a plus, as they were given.

    Raises:
        argparse.ArgumentTypeError: There is no such setting.
    """
    for name in setting.split("+"):
        if name not in SETTINGS:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(SETTINGS)}")
    return setting


def changes(setting: str) -> dict[str, str]:
    """What the environment says under it; of several the later wins."""
    return {variable: value for name in setting.split("+") for variable, value in SETTINGS[name].items()}


def run(setting: str, command: list[str], library: Path, **more: object) -> subprocess.CompletedProcess[str]:
    """The command, and all it starts, under the setting."""
    changed = {"LD_PRELOAD": str(library), **changes(setting)}
    cores = os.sched_getaffinity(0)
    if CORES in changed:
        os.sched_setaffinity(0, sorted(cores)[: int(changed[CORES])])
    try:
        return subprocess.run(command, env=os.environ | changed, cwd=ROOT, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]
    finally:
        os.sched_setaffinity(0, cores)


def main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.elsewhere", description=__doc__, allow_abbrev=False)
    parser.add_argument("--setting", action="append", type=known, metavar="NAME[+NAME]", help="may be given again")
    options, rest = parser.parse_known_args(list(arguments))
    failed = []
    with tempfile.TemporaryDirectory(prefix="onsale-elsewhere-") as folder:
        library = build(Path(folder))
        for setting in options.setting or SETTINGS:
            print(f"== {setting}: {changes(setting)}", flush=True)
            if run(setting, [sys.executable, "-m", "pytest", "-q", *rest], library).returncode:
                failed.append(setting)
    print(f"== failed under: {', '.join(failed)}" if failed else "== passed under all of them")
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
