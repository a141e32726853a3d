"""The darkroom itself: a program that makes upright, clean prints of one picture and is gone. Nobody imports it.

    python darkroom_process.py WIDTH,WIDTH... PIXELS_MAX SIDE_MAX < picture > prints

It answers with one line of JSON, ``{"width", "height", "prints": [[width, kind, bytes], ...]}``, and then the prints,
one after the other; or ``{"fault": code}``. Whatever a picture does to its decoder happens here: far from our memory
and our secrets (the environment is empty), without writing a file, and within the limits below. A print is made of
pixels alone, so nothing that a file carried along (the place, the camera, another file's bytes) is in it.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from typing import Any

MEMORY_BYTES_MAX = 1024 * 1024 * 1024  # 40 megapixels with transparency are 160 MB, and are held up to three times
CPU_S_MAX = 20
NICENESS = 5  # buyers go first
WEBP_QUALITY, JPEG_QUALITY = 80, 82
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
AVIF_BRANDS = frozenset({b"avif", b"avis"})
ORIENTATION = 0x0112  # the EXIF tag
PAPER = (255, 255, 255)  # what shows through in a JPEG
SHRINK_GAP = 3.0  # a first, coarse step down to three times the size: a quarter of the time, no visible difference


def main() -> None:
    widths = [int(width) for width in sys.argv[1].split(",")]
    _limit()
    try:
        facts, prints = develop(sys.stdin.buffer.read(), widths, int(sys.argv[2]), int(sys.argv[3]))
    except MemoryError:
        facts, prints = {"fault": "image_too_costly"}, []
    except Exception:  # noqa: BLE001 - decoders break in every way there is
        facts, prints = {"fault": "image_unreadable"}, []
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + b"".join(prints))
    sys.stdout.buffer.flush()


def _limit() -> None:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def develop(raw: bytes, widths: list[int], pixels_max: int, side_max: int) -> tuple[dict[str, Any], list[bytes]]:
    """What there is, or what is wrong with the file, and the prints."""
    kind = kind_of(raw)
    if kind is None:
        return {"fault": "image_type_refused"}, []
    # Only now, within the limits: the decoders' libraries count.
    from PIL import AvifImagePlugin, Image, WebPImagePlugin  # noqa: PLC0415

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    assert WebPImagePlugin.SUPPORTED, "this Pillow knows no WebP"
    Image.MAX_IMAGE_PIXELS = None  # counted here, before a pixel is read
    picture = Image.open(io.BytesIO(raw), formats=(kind,))
    if max(picture.size) > side_max or picture.width * picture.height > pixels_max:
        return {"fault": "image_too_many_pixels"}, []
    if kind != "JPEG" and getattr(picture, "n_frames", 1) > 1:  # those of a JPEG are views of one moment
        return {"fault": "image_moves"}, []
    turn = _turn_of(picture)
    natural = picture.size[::-1] if turn in _SIDEWAYS else picture.size
    widest = min(natural[0], max(widths))
    picture.draft("RGB", _sized(picture.size, turn, widest))
    upright = _turned(_shrunk(_plain(picture), turn, widest), turn)
    upright.info.clear()
    facts, prints, small = [], [], upright
    for width in sorted({widest, *(step for step in widths if step < widest)}, reverse=True):
        if width != small.width:
            size = (width, max(1, round(natural[1] * width / natural[0])))
            small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=SHRINK_GAP)
        for suffix, made in (("webp", _webp(small)), ("jpg", _jpeg(small))):
            facts.append([width, suffix, len(made)])
            prints.append(made)
    return {"width": natural[0], "height": natural[1], "prints": facts}, prints


def kind_of(raw: bytes) -> str | None:
    """What the first bytes say; None for what is not taken, be it a picture or not."""
    if raw.startswith(JPEG):
        return "JPEG"
    if raw.startswith(PNG):
        return "PNG"
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "WEBP"
    if raw[4:8] == b"ftyp" and AVIF_BRANDS & {raw[at : at + 4] for at in (8, *range(16, 48, 4))}:
        return "AVIF"
    return None


# How a picture is turned, by the EXIF orientation that it has: names of PIL's ways to transpose.
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_SIDEWAYS = frozenset({"TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90"})


def _turn_of(picture: Any) -> str | None:
    """None for one that is upright, or that does not say: a torn remark makes no torn picture."""
    try:
        return _TURNS.get(picture.getexif().get(ORIENTATION))
    except Exception:  # noqa: BLE001 - as above
        return None


def _turned(picture: Any, turn: str | None) -> Any:
    from PIL import Image  # noqa: PLC0415 - as above

    return picture if turn is None else picture.transpose(Image.Transpose[turn])


def _shrunk(picture: Any, turn: str | None, widest: int) -> Any:
    """As wide as the widest print once it is turned, so that turning costs little."""
    from PIL import Image  # noqa: PLC0415 - as above

    size = _sized(picture.size, turn, widest)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=SHRINK_GAP)


def _sized(size: tuple[int, int], turn: str | None, widest: int) -> tuple[int, int]:
    across, along = size[::-1] if turn in _SIDEWAYS else size
    upright = (widest, max(1, round(along * widest / across)))
    return upright[::-1] if turn in _SIDEWAYS else upright


def _plain(picture: Any) -> Any:
    """Eight bits a channel, in sRGB, with transparency only if there is any."""
    clear = picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info
    if picture.mode.startswith(("I", "F")):  # more than eight bits of grey
        return picture.convert("I").point(lambda grey: grey / 256).convert("L").convert("RGB")
    return _in_srgb(picture).convert("RGBA" if clear else "RGB")


def _in_srgb(picture: Any) -> Any:
    """Its colours as screens take them; a profile that cannot be read is as good as none."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "RGBA", "CMYK"}:
        return picture
    from PIL import ImageCms  # noqa: PLC0415 - as above

    mode = "RGB" if picture.mode == "CMYK" else picture.mode
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, given, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return picture


def _webp(picture: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=WEBP_QUALITY, method=4)
    return out.getvalue()


def _jpeg(picture: Any) -> bytes:
    from PIL import Image  # noqa: PLC0415 - as above

    if picture.mode == "RGBA":
        paper = Image.new("RGB", picture.size, PAPER)
        paper.paste(picture, mask=picture.getchannel("A"))
        picture = paper
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
