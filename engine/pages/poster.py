"""The picture of an event that has none: rows of seats around a stage, drawn from its id.

The same id always gives the same picture. Colours come from the style sheet through classes, so that it follows the
reader's scheme and needs no inline style.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import Final

from markupsafe import Markup

WIDTH: Final = 320
HEIGHT: Final = 200
TONES: Final = 6
POSTERS_KEPT: Final = 512
LIT_ONE_IN: Final = 19
MARGIN: Final = 8


@lru_cache(maxsize=POSTERS_KEPT)
def poster(seed: str) -> Markup:
    """An ``<svg>`` of WIDTH x HEIGHT user units; decorative, hidden from assistive technology."""
    digest = hashlib.sha256(seed.encode()).digest()
    tone = digest[0] % TONES
    centre_x = WIDTH * (0.2 + 0.6 * digest[1] / 255)
    centre_y = HEIGHT * (1.12 if digest[2] % 2 else -0.12)
    inwards = -1 if digest[2] % 2 else 1
    pitch = 15 + digest[3] % 5
    aisle = math.radians(8 + digest[4] % 10)
    plain: list[str] = []
    lit: list[str] = []
    for row in range(16):
        radius = 66 + row * pitch
        step = pitch / radius
        for index in range(-int(math.pi / 2 / step), int(math.pi / 2 / step) + 1):
            angle = index * step
            x = centre_x + radius * math.sin(angle)
            y = centre_y + inwards * radius * math.cos(angle)
            outside = not (-MARGIN < x < WIDTH + MARGIN and -MARGIN < y < HEIGHT + MARGIN)
            if outside or abs(math.sin(angle * 2.5)) < math.sin(aisle) * 0.35:
                continue
            chosen = (row * 31 + index * 17 + digest[5 + row]) % LIT_ONE_IN == 0
            (lit if chosen else plain).append(f"M{x:.0f} {y:.0f}h0")
    stage_y = HEIGHT if inwards < 0 else 0
    return Markup(
        '<svg class="poster poster-{}" viewBox="0 0 {} {}" preserveAspectRatio="xMidYMid slice" aria-hidden="true"'
        ' focusable="false"><rect class="poster-ground" width="{}" height="{}"/>'
        '<circle class="poster-stage" cx="{:.0f}" cy="{}" r="44"/>'
        '<path class="poster-seats" d="{}"/><path class="poster-lit" d="{}"/></svg>'
    ).format(tone, WIDTH, HEIGHT, WIDTH, HEIGHT, centre_x, stage_y, "".join(plain), "".join(lit))
