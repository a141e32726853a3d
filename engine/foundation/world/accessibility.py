"""The kinds of accessibility that an event can be looked for by, as pages and answers name them."""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "seats": "Accessible seats",  # its seating chart marks some
    "described": "Access described",  # its venue tells in words how to get about
}
