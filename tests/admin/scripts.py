"""The admin app's scripts that know no browser, run by the Node that Playwright brings."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from playwright._impl._driver import compute_driver_executable

STATIC = Path(__file__).parents[2] / "admin" / "static"
RUN_S_MAX = 60


def answer(source: str, *, modules: dict[str, str], given: Any = None) -> Any:
    """What ``source`` returns: the body of a function of ``given``, which sees the modules under these names."""
    imports = "".join(
        f"import * as {name} from {json.dumps((STATIC / path).as_uri())};" for name, path in modules.items()
    )
    script = f"{imports} const run = (given) => {{ {source} }};"
    script += f" process.stdout.write(JSON.stringify(run({json.dumps(given)})));"
    node, _ = compute_driver_executable()
    done = subprocess.run(
        [node, "--input-type=module"], input=script, capture_output=True, text=True, timeout=RUN_S_MAX, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
