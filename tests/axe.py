"""What axe finds on a page that keeps somebody out."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.async_playwright import Axe

SERIOUS = {"serious", "critical"}


async def serious(page: Any) -> list[str]:
    """Rule and elements of each serious finding."""
    found = await Axe().run(page)
    assert found.response["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found.response["violations"]
        if one["impact"] in SERIOUS
    ]
