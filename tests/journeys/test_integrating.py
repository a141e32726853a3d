"""The page for integrators tells the truth: its commands are run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import Shop

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(180)]
GUIDE = Path(__file__).parents[2] / "docs" / "INTEGRATING.md"
GUIDE_TIMEOUT_S = 60


def test_the_commands_of_the_integration_guide_work_as_they_stand(shop: Shop):
    blocks = re.findall(r"^```bash\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    values = {
        "ENGINE": shop.engine,
        "STRIPE": shop.facts["stripe"],
        "EMAIL": shop.facts["admin_email"],
        "PASSWORD": shop.facts["admin_password"],
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env={"PATH": os.environ["PATH"], **values},
        capture_output=True,
        text=True,
        timeout=GUIDE_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.split("\n")
    assert told[:3] == [shop.facts["admin_email"], "220", "published"]
    assert told[3:] == ["Stalls/A/5", "succeeded", "4725", "partially_refunded", ""]
    shop.audit()
