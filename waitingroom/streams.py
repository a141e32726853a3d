"""How many streams this process holds open."""

from __future__ import annotations


class Streams:
    """A count; the limit is where streams are opened."""

    def __init__(self) -> None:
        self.open = 0
