"""The rehearsal for Locust's own command line and web page.

`ONSALE_REHEARSAL_PLAN=plan.json locust -f loadtest/locustfile.py`. `python -m loadtest.rehearse` runs the same
users and shape by itself and keeps its plan with `--keep-plan`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec
from locust import events

from loadtest import limits, plan
from loadtest.shapes.recorded import RecordedOnSale
from loadtest.users.buyer import Buyer
from loadtest.users.gate import Gate
from loadtest.users.rehearsal import Rehearsal

__all__ = ["Buyer", "Gate", "RecordedOnSale"]


def set_the_scene(environment: Any, **_: Any) -> None:
    """Read the plan, to begin a few seconds after the start button."""
    told = plan.read(Path(os.environ["ONSALE_REHEARSAL_PLAN"]))
    environment.rehearsal = Rehearsal(told)


def begin(environment: Any, **_: Any) -> None:
    told = environment.rehearsal.plan
    environment.rehearsal = Rehearsal(msgspec.structs.replace(told, starts_at_s=time.time() + limits.LEAD_S))


def write_down(environment: Any, **_: Any) -> None:
    environment.rehearsal.record.write(Path(environment.rehearsal.plan.out))


events.init.add_listener(set_the_scene)  # type: ignore[no-untyped-call]
events.test_start.add_listener(begin)  # type: ignore[no-untyped-call]
events.test_stop.add_listener(write_down)  # type: ignore[no-untyped-call]
