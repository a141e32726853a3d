"""The audit of pictures: what the ledger names is there, and what is there the ledger names."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.foundation.bearer import Person
from engine.foundation.uploads import Upload
from engine.services.catalogue.media import pictures as service
from engine.services.insight import audit, picture_books
from tests import pictures
from tests.shop import Shop

STRAY = "0" * 32 + "-320.jpg"


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch):
    for module in (audit, picture_books):
        monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.01)


@pytest.fixture
async def folder(shop: Shop, settings) -> Path:
    """An event with a picture, and the folder that it is in."""
    await shop.open_event()

    async def read() -> Upload:
        return Upload(pictures.made(), {"alt": "The band"})

    admin = Person("usr_1", is_admin=True)
    await shop.services.catalogue.images.add(admin, shop.event_id, read)
    return Path(settings.media_dir)


async def problems(shop: Shop, event_id: str | None = None) -> list[str]:
    (report,) = await shop.services.insight.audit.check(event_id or shop.event_id)
    assert report["ok"] == (not report["problems"])
    return report["problems"]


async def test_pictures_that_are_there_are_no_problem(shop: Shop, folder: Path):
    assert await problems(shop) == []


async def test_a_picture_without_its_file_is_found(shop: Shop, folder: Path):
    lost = min(folder.rglob("*.webp"))
    lost.unlink()
    [problem] = await problems(shop)
    assert problem.startswith(f"media: {lost.name} of img_")


async def test_a_file_without_its_picture_is_found_and_swept_once_it_is_old(shop: Shop, folder: Path):
    stray = folder / "00" / STRAY
    stray.parent.mkdir()
    stray.write_bytes(b"left by an upload that died")
    now = time.time()
    os.utime(stray, (now, now))  # by the clock of the process, which need not be the file system's
    assert await problems(shop) == [f"media: {STRAY} belongs to no picture"]
    await shop.work("picture_sweep")
    assert stray.exists()
    old = now - service.STRAY_AGE_S - 1
    os.utime(stray, (old, old))
    kept = sorted(path for path in folder.rglob("*.*") if path != stray)
    for path in kept:
        os.utime(path, (old, old))
    await shop.work("picture_sweep")
    assert not stray.exists()
    assert sorted(folder.rglob("*.*")) == kept
    assert await problems(shop) == []


async def test_an_event_is_not_told_of_the_pictures_of_another(shop: Shop, folder: Path):
    first = shop.event_id
    await shop.open_event()
    min(folder.rglob("*.jpg")).unlink()
    assert len(await problems(shop, first)) == 1
    assert await problems(shop) == []


async def test_pictures_that_cannot_be_read_are_a_problem(shop: Shop, folder: Path, monkeypatch):
    async def away():
        from engine.domain.catalogue.media.images import PicturesAway

        raise PicturesAway

    monkeypatch.setattr(shop.services.catalogue.pictures, "missing", away)
    assert await problems(shop) == [picture_books.AWAY]
