"""The darkroom: what it makes of a picture, and what it refuses before anybody pays for it."""

from __future__ import annotations

import time

import pytest
from PIL import Image

from engine.domain.catalogue.media.images import PIXELS_MAX, ImageTypeRefused
from engine.foundation.errors import Invalid, Refusal
from engine.stores.catalogue.media import darkroom
from engine.stores.catalogue.media.darkroom import DarkroomGateway
from tests import pictures
from tests.pictures import SECRET, made, opened, scene

develop = DarkroomGateway().develop


def near(got, wanted) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(got[:3], wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_every_kind_that_is_taken_becomes_the_same_prints(kind):
    developed = await develop(made(kind=kind))
    assert (developed.width, developed.height, developed.widths) == (900, 600, [320, 640, 900])
    for (width, suffix), body in developed.prints.items():
        picture = opened(body)
        assert picture.format == {"webp": "WEBP", "jpg": "JPEG"}[suffix]
        assert picture.size == (width, round(600 * width / 900))
        assert near(picture.convert("RGB").getpixel((width - 5, 5)), (20, 30, 200))


async def test_a_wide_picture_is_kept_in_four_widths_and_a_tiny_one_in_its_own():
    assert (await develop(made(scene(2400, 300)))).widths == [320, 640, 1280, 1920]
    assert (await develop(made(scene(2400, 300)))).width == 2400
    assert (await develop(made(scene(1, 1), "PNG"))).widths == [1]


@pytest.mark.parametrize(
    ("orientation", "size", "mark"),
    [(1, (900, 600), (5, 5)), (3, (900, 600), (895, 595)), (6, (600, 900), (595, 5)), (8, (600, 900), (5, 895))],
)
async def test_a_picture_stands_upright_as_its_camera_was_held(orientation, size, mark):
    developed = await develop(pictures.with_place(orientation))
    assert (developed.width, developed.height) == size
    widest = opened(developed.prints[developed.widths[-1], "jpg"])
    assert widest.size == size
    assert near(widest.getpixel(mark), (255, 255, 255))


async def test_nothing_that_a_file_carried_along_is_in_its_prints():
    """Where it was taken, with what, remarks, and the other files that a file may be."""
    for file in (pictures.with_place(), pictures.polyglot(), made(kind="PNG", exif=b"Exif\0\0" + SECRET)):
        developed = await develop(file)
        for body in developed.prints.values():
            picture = opened(body)
            assert not dict(picture.getexif())
            assert not {"exif", "comment", "xmp", "icc_profile", "Comment"} & set(picture.info)
            assert SECRET not in body
            assert b"Camera of the artist" not in body
            assert b"<script" not in body


async def test_what_shows_through_stays_clear_in_one_kind_and_is_white_paper_in_the_other():
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    developed = await develop(made(picture, "PNG"))
    assert opened(developed.prints[400, "webp"]).getpixel((9, 9))[3] == 0
    assert near(opened(developed.prints[400, "jpg"]).getpixel((9, 9)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
async def test_colours_in_whatever_form_become_those_of_a_screen(mode):
    picture = Image.new("I;16", (300, 200), 0x8080) if mode == "I;16" else scene(300, 200, mode)
    developed = await develop(made(picture, "JPEG" if mode == "CMYK" else "PNG"))
    print_ = opened(developed.prints[300, "jpg"])
    assert print_.mode == "RGB"
    if mode == "I;16":
        assert near(print_.getpixel((9, 9)), (128, 128, 128))
    if mode == "CMYK":
        assert near(print_.getpixel((290, 190)), (20, 30, 200))


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (pictures.png_bomb(), "image_too_many_pixels"),
        (made(scene(100, 17_000), "PNG"), "image_too_many_pixels"),
        (pictures.text_bomb(), "image_unreadable"),
        (pictures.moving("PNG"), "image_moves"),
        (pictures.moving("WEBP"), "image_moves"),
        (pictures.moving("AVIF"), "image_moves"),
        (made()[:-4000], "image_unreadable"),
        (made(kind="PNG")[:900], "image_unreadable"),
        (made(kind="WEBP")[:-200], "image_unreadable"),
        (made(kind="AVIF")[:-200], "image_unreadable"),
        (b"\xff\xd8\xff" + b"no picture" * 50, "image_unreadable"),
        (b"\x89PNG\r\n\x1a\n", "image_unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_wrong_with_a_picture_is_told_apart(file, fault):
    began = time.monotonic()
    with pytest.raises(Invalid) as refused:
        await develop(file)
    assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [("/file", fault)]
    assert time.monotonic() - began < darkroom.WAIT_S_MAX


@pytest.mark.parametrize(
    "file", [b"", pictures.SVG, made(kind="GIF"), made(kind="BMP"), made(kind="TIFF"), b"%PDF-1.7"]
)
async def test_what_is_no_picture_of_these_kinds_is_not_opened(file):
    with pytest.raises(ImageTypeRefused):
        await develop(file)


async def test_a_decoder_that_takes_more_than_a_picture_may_is_ended(tmp_path):
    """The limits are the system's: whatever runs in the darkroom cannot have more memory, time or files."""
    greedy = tmp_path / "greedy.py"
    greedy.write_text(
        darkroom.PROGRAM.read_text().replace(
            "def develop(", "def develop(*_):\n    return {}, [bytes(2 * MEMORY_BYTES_MAX)]\n\n\ndef never("
        )
    )
    with pytest.raises(Refusal) as refused:
        await DarkroomGateway(greedy).develop(made())
    assert refused.value.errors[0]["code"] == "image_too_costly"
    greedy.write_text(
        greedy.read_text()
        .replace("2 * MEMORY_BYTES_MAX", "1")
        .replace("CPU_S_MAX = 20", "CPU_S_MAX = 1")
        .replace("    return {}, [bytes(1)]", "    while True:\n        pass")
    )
    with pytest.raises(Refusal) as refused:
        await DarkroomGateway(greedy).develop(made())
    assert refused.value.errors[0]["code"] == "image_too_costly"


def test_a_picture_may_be_as_large_as_a_camera_takes_it():
    assert PIXELS_MAX >= 8192 * 4320
