"""Pictures in a bucket of any store that speaks S3. The one file that imports obstore."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from engine.domain.catalogue.media.images import PicturesAway, content_type
from engine.foundation import logs
from engine.stores.catalogue.media.files import LISTED_PER_STEP, KeptFile

PREFIX: Final = "media"
CALL_S_MAX: Final = 10
TRIES_MAX: Final = 3
FOR_EVER: Final = "public, max-age=31536000, immutable"
_log = logs.get("bucket")


class BucketStore:
    """``endpoint``: of a store that is not Amazon's, "" for theirs. Without a key the machine's own role is asked."""

    def __init__(self, *, name: str, endpoint: str, region: str, key_id: str, secret: str) -> None:
        self._store = S3Store(
            name,
            prefix=PREFIX,
            endpoint=endpoint or None,
            region=region,
            access_key_id=key_id or None,
            secret_access_key=secret or None,
            virtual_hosted_style_request=not endpoint,
            client_options={"timeout": timedelta(seconds=CALL_S_MAX), "allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": TRIES_MAX - 1, "retry_timeout": timedelta(seconds=CALL_S_MAX)},
        )

    async def put(self, files: Mapping[str, bytes]) -> None:
        with _as_away():
            for name, body in files.items():
                attributes = {"Content-Type": content_type(name) or "", "Cache-Control": FOR_EVER}
                await obstore.put_async(self._store, name, body, attributes=attributes)

    async def get(self, name: str) -> bytes | None:
        with _as_away():
            try:
                found = await obstore.get_async(self._store, name)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    async def delete(self, names: Sequence[str]) -> None:
        with _as_away():
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, name)

    async def listed(self) -> AsyncIterator[list[KeptFile]]:
        with _as_away():
            async for step in obstore.list(self._store, chunk_size=LISTED_PER_STEP):
                yield [KeptFile(each["path"], each["last_modified"].timestamp()) for each in step]


@contextlib.contextmanager
def _as_away() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        _log.warning("bucket_away", error=repr(error))
        raise PicturesAway from error
