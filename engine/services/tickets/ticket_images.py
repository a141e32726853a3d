"""A ticket's code as a picture: the symbol of the printed sheet, for pages (SVG) and mails (PNG)."""

from __future__ import annotations

import hotpath_rs


def svg(code: str) -> bytes:
    """An SVG in module units, one path; it scales to any size and needs no style."""
    return hotpath_rs.QrCode(code).svg()


def png(code: str) -> bytes:
    """A one-bit PNG with its quiet zone."""
    return hotpath_rs.QrCode(code).png()
