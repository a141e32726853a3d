"""The phases of an event, as people speak of them. Its ``status`` says what was decided; its phase what that means now.

Each follows from the status and the clock but ``archived``, which somebody decides, and ``sold_out``, which the worker
notes. Worked out in one place: PHASE of engine/stores/catalogue/events.py.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, get_args

Phase = Literal[
    "draft", "published", "on_sale", "sold_out", "sales_ended", "ongoing", "completed", "cancelled", "archived"
]
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
WORDS: Final = MappingProxyType[str, str](
    {
        "draft": "Draft",
        "published": "Published",
        "on_sale": "On sale",
        "sold_out": "Sold out",
        "sales_ended": "Sales ended",
        "ongoing": "Happening now",
        "completed": "Over",
        "cancelled": "Cancelled",
        "archived": "Archived",
    }
)
# What may be put away: nothing is sold of it any more, or was ever shown.
ARCHIVABLE: Final[frozenset[Phase]] = frozenset({"draft", "completed", "cancelled"})
