"""Where pictures' bytes stand: a folder, or a bucket of a store that speaks S3. Both keep one protocol."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import aiohttp
import pytest
from moto.server import ThreadedMotoServer

from engine.domain.catalogue.media.images import PicturesAway
from engine.stores.catalogue.media.bucket import BucketStore
from engine.stores.catalogue.media.files import LISTED_PER_STEP, FolderStore
from tests import pictures

FIRST, SECOND = "0" * 32 + "-320.webp", "a1" * 16 + "-1920.jpg"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    """A local store that speaks S3, with one bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "testing")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(address: str, name: str = "pictures") -> BucketStore:
    return BucketStore(name=name, endpoint=address, region="us-east-1", key_id="key", secret="secret")


@pytest.fixture(params=["folder", "bucket"])
async def files(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "media")
    address = request.getfixturevalue("s3")
    async with aiohttp.ClientSession() as client:
        await client.post(f"{address}/moto-api/reset")
        async with client.put(f"{address}/pictures") as made:
            assert made.status == 200
    return bucket(address)


async def listed(files) -> dict[str, float]:
    return {file.name: file.kept_at_s async for step in files.listed() for file in step}


async def test_what_is_put_is_there_until_it_is_deleted(files):
    assert await files.get(FIRST) is None
    assert await listed(files) == {}
    await files.put({FIRST: b"one", SECOND: b"two" * 100_000})
    assert await files.get(FIRST) == b"one"
    assert await files.get(SECOND) == b"two" * 100_000
    found = await listed(files)
    assert set(found) == {FIRST, SECOND}
    assert min(found.values()) > 1_700_000_000
    await files.put({FIRST: b"one"})
    await files.delete([FIRST, FIRST, "f" * 32 + "-1.jpg"])
    assert await files.get(FIRST) is None
    assert set(await listed(files)) == {SECOND}


async def test_a_long_list_comes_step_by_step(tmp_path):
    files = FolderStore(tmp_path)
    (tmp_path / "0a").mkdir()
    for number in range(LISTED_PER_STEP + 3):
        (tmp_path / "0a" / f"{number:032x}-320.jpg").write_bytes(b"")
    assert [len(step) async for step in files.listed()] == [LISTED_PER_STEP, 3]


async def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_so(tmp_path):
    (tmp_path / "media").write_text("a file is in the way")
    with pytest.raises(PicturesAway) as refused:
        await FolderStore(tmp_path / "media").put({FIRST: b"one"})
    assert refused.value.retry_after_s


async def test_a_write_that_fails_leaves_no_half_of_a_file(tmp_path, monkeypatch):
    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PicturesAway):
        await FolderStore(tmp_path).put({FIRST: b"one"})
    assert not [path for path in Path(tmp_path).rglob("*") if path.is_file()]


async def test_a_bucket_that_does_not_answer_is_away():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        files = bucket(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(PicturesAway):
            await files.get(FIRST)


async def test_a_bucket_that_is_not_there_is_away(s3):
    with pytest.raises(PicturesAway):
        await bucket(s3, "another-bucket").put({FIRST: pictures.SECRET})
