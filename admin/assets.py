"""The admin app's static files: its own, and the design system's from where the fans' pages keep it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import engine
from engine.foundation.assets import Assets, files_below

OWN: Final = Path(__file__).parent / "static"
SHARED: Final = Path(engine.__file__).parent / "pages" / "static"
SHARED_NAMES: Final = ("tokens.css", "base.css", "components.css", "chevron.svg", "mark.svg")


def read() -> Assets:
    """All of them."""
    return Assets({name: SHARED / name for name in SHARED_NAMES} | files_below(OWN))
