"""The picture of the demo event: paper lanterns in the night, drawn here, so that nothing is fetched for it."""

from __future__ import annotations

import io
import random
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

SIZE: Final = (1280, 720)
LANTERNS: Final = 46
SEED: Final = 400  # every demo shows the same
QUALITY: Final = 82
TOP, BOTTOM = (14, 12, 40), (58, 40, 104)  # the sky
PAPERS: Final = ((255, 196, 92), (255, 148, 84), (208, 255, 61), (255, 228, 168))
ALT: Final = "Paper lanterns rising over a dark crowd"


def drawn() -> bytes:
    """A JPEG of about 60 kB."""
    width, height = SIZE
    sky = Image.linear_gradient("L").resize(SIZE)
    picture = Image.composite(Image.new("RGB", SIZE, BOTTOM), Image.new("RGB", SIZE, TOP), sky)
    chance = random.Random(SEED)  # noqa: S311 - a picture, not a secret
    light = Image.new("RGB", SIZE)
    lanterns = []
    for _ in range(LANTERNS):
        far = chance.random()
        side = 12 + 62 * far**2
        lanterns.append((chance.uniform(0, width), chance.uniform(0.05, 0.8) * height, side, chance.choice(PAPERS)))
    glow = ImageDraw.Draw(light)
    for x, y, side, paper in lanterns:
        glow.ellipse((x - side, y - side, x + side, y + side), fill=tuple(part // 3 for part in paper))
    picture = Image.blend(picture, light.filter(ImageFilter.GaussianBlur(26)), 0.5)
    draw = ImageDraw.Draw(picture)
    for x, y, side, paper in sorted(lanterns, key=lambda one: one[2]):
        _lantern(draw, x, y, side, paper)
    _crowd(draw, chance)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _lantern(draw: ImageDraw.ImageDraw, x: float, y: float, side: float, paper: tuple[int, int, int]) -> None:
    half, shade = side / 2, tuple(int(part * 0.72) for part in paper)
    draw.rounded_rectangle((x - half, y - half * 1.2, x + half, y + half * 1.2), radius=half * 0.7, fill=paper)
    for part in (-0.6, 0.0, 0.6):
        draw.line((x - half * 0.92, y + part * half, x + half * 0.92, y + part * half), fill=shade, width=2)
    draw.line((x, y + half * 1.2, x, y + half * 1.7), fill=shade, width=2)


def _crowd(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    width, height = SIZE
    for row in range(3):
        ground = height - 70 + row * 34
        ink = (20 - row * 5, 16 - row * 4, 48 - row * 12)
        for x in range(-20, width + 20, 38):
            top = ground - chance.uniform(18, 40)
            draw.ellipse((x, top, x + 26, top + 30), fill=ink)
            draw.rounded_rectangle((x - 10, top + 24, x + 38, height + 60), radius=16, fill=ink)
