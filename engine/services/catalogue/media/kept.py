"""The place of this installation's pictures: the folder, or the bucket if one is named."""

from __future__ import annotations

from pathlib import Path

from engine.settings import Settings
from engine.stores.catalogue.media.files import FolderStore, ImageFiles


def open_files(settings: Settings) -> ImageFiles:
    """Nothing is connected or made before the first picture."""
    if not settings.media_bucket:
        return FolderStore(Path(settings.media_dir))
    # Its library is 20 MB of memory in every process, which those with a folder need not have.
    from engine.stores.catalogue.media.bucket import BucketStore  # noqa: PLC0415

    return BucketStore(
        name=settings.media_bucket,
        endpoint=settings.media_endpoint,
        region=settings.media_region,
        key_id=settings.media_key_id,
        secret=settings.media_secret_key.get_secret_value(),
    )
