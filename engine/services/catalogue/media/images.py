"""Pictures of events: sent, developed, described, put in order, shown and let go.

A file takes three turns, each with its limit, so that fifty uploads at once cost a bounded amount of memory and no
buyer a moment: its organization's (beyond TURNS_MAX the answer is UploadsAtOnce, before the body is read), one of the
bodies that may be read at a time, and the darkroom's. The limits are each process's own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from engine.domain.catalogue.errors import EventUnknown
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.media.images import (
    IMAGES_PER_EVENT_MAX,
    WIDTHS,
    Developed,
    FocalPoint,
    Image,
    ImageChange,
    ImageUnknown,
    NewImage,
    Picture,
    TooManyImages,
    UploadsAtOnce,
    digest_of,
    name_of,
    names_of,
    source_digest,
)
from engine.domain.versions import expect
from engine.foundation.bearer import Person
from engine.foundation.crowd import Crowd
from engine.foundation.errors import Invalid, Unavailable
from engine.foundation.ids import new_id
from engine.foundation.shapes import build
from engine.foundation.uploads import Upload
from engine.services.catalogue.events import Events
from engine.services.outbox import Outbox
from engine.stores import activity
from engine.stores.catalogue import events as event_rows
from engine.stores.catalogue.media import images as store
from engine.stores.catalogue.media.darkroom import DarkroomGateway
from engine.stores.catalogue.media.files import ImageFiles
from engine.stores.database import Connection, Pool

TURNS_MAX: Final = 4  # of one organization: one is worked on, the others wait
TURN_RETRY_S: Final = 3
TURN_WAIT_S_MAX: Final = 90.0
BODIES_AT_ONCE_MAX, BODIES_WAITING_MAX, BODY_WAIT_S_MAX = 8, 8, 15.0  # 8 times FILE_BYTES_MAX of memory
DARKROOMS_MAX, DARKROOM_LINE_MAX, DARKROOM_WAIT_S_MAX = 1, 8, 45.0  # a second one would take a buyer's core

ReadUpload = Callable[[], Awaitable[Upload]]


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    here: int = 0


class _SentBefore(Exception):  # noqa: N818 - another process kept the same file meanwhile: no error
    def __init__(self, row: store.ImageRow) -> None:
        super().__init__(row.picture.id)
        self.row = row


class Uploads:
    """The three turns of a file, and what the darkroom made of it. Shared by everything that takes pictures."""

    def __init__(self, *, darkroom: DarkroomGateway) -> None:
        self._developer = darkroom
        self._turns: dict[str, _Turn] = {}
        self._bodies = Crowd(
            "image_bodies",
            at_work_max=BODIES_AT_ONCE_MAX,
            line_max=BODIES_WAITING_MAX,
            wait_max_s=BODY_WAIT_S_MAX,
        )
        self._darkroom = Crowd(
            "darkroom", at_work_max=DARKROOMS_MAX, line_max=DARKROOM_LINE_MAX, wait_max_s=DARKROOM_WAIT_S_MAX
        )

    @contextlib.asynccontextmanager
    async def turn(self, organization_id: str) -> AsyncIterator[None]:
        """The organization's turn. UploadsAtOnce."""
        turn = self._turns.setdefault(organization_id, _Turn())
        if turn.here >= TURNS_MAX:
            raise UploadsAtOnce(retry_after_s=TURN_RETRY_S)
        turn.here += 1
        try:
            await _acquired(turn.lock)
            try:
                yield
            finally:
                turn.lock.release()
        finally:
            turn.here -= 1
            if not turn.here:
                self._turns.pop(organization_id, None)

    @contextlib.asynccontextmanager
    async def body(self, read: ReadUpload) -> AsyncIterator[Upload]:
        """The form, while one of the places for bodies is taken. Overloaded; what ``read`` refuses."""
        async with self._bodies:
            yield await read()

    async def develop(self, file: bytes) -> Developed:
        """The prints. Overloaded; what is wrong with the file."""
        async with self._darkroom:
            return await self._developer.develop(file)


class Images:
    """Pictures of events, for those who may write the event; read by everybody who sees it."""

    def __init__(
        self, *, pool: Pool, events: Events, uploads: Uploads, files: ImageFiles, outbox: Outbox, engine_url: str
    ) -> None:
        self._pool = pool
        self._events = events
        self._uploads = uploads
        self._files = files
        self._outbox = outbox
        self._engine_url = engine_url.rstrip("/")

    async def of_event(self, person: Person | None, event_id: str) -> list[Image]:
        """An event's pictures in their order. EventUnknown for a draft of somebody else's."""
        event = await self._events.get(person, event_id)
        return [self.shown(row) for row in await store.of_event(self._pool, event.id)]

    async def others(self, event: Event) -> list[Picture]:
        """What an event's page shows apart from its cover. Most have no picture: then the ledger is not asked."""
        if event.cover_image_id is None:
            return []
        rows = await store.of_event(self._pool, event.id)
        return [row.picture.shown for row in rows if not row.cover]

    async def get(self, person: Person | None, event_id: str, image_id: str) -> Image:
        """One of them. ImageUnknown."""
        event = await self._events.get(person, event_id)
        return self.shown(_known(await store.get(self._pool, event.id, image_id)))

    async def add(self, person: Person, event_id: str, read: ReadUpload) -> Image:
        """Keep a picture behind the others; the first is the cover. The same file again is the picture it was.

        Nothing of the body is read before the person may write the event. Invalid at ``/file`` and ``/alt``,
        ImageTypeRefused, TooManyImages, UploadsAtOnce, Overloaded, DarkroomAway, PicturesAway: nothing was kept then.
        """
        event = await self._events.writable(person, event_id, selling=False)
        async with self._uploads.turn(event.organization_id):
            await self._check_room(event)
            async with self._uploads.body(read) as upload:
                file, given = file_of(upload), given_of(upload)
                sent = source_digest(file)
                before = await store.sent_before(self._pool, event.id, sent)
                if before is not None:
                    return self.shown(before)
                developed = await self._uploads.develop(file)
            image_id = new_id("img")
            try:
                async with kept_files(self._files, image_id, developed) as digest:
                    return await self._insert(person, event, image_id, (digest, sent), developed, given)
            except _SentBefore as another:
                return self.shown(another.row)

    async def change(self, person: Person, event_id: str, image_id: str, expected: str, given: ImageChange) -> Image:
        """Change what is given. ImageUnknown, PreconditionFailed."""
        await self._events.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await locked(db, event_id)
            row = _known(await store.get(db, event.id, image_id))
            expect(expected, row.version)
            await store.change(db, image_id, _columns(given))
            if isinstance(given.place, int):
                await store.move(db, event.id, image_id, given.place)
            if given.cover is True:
                await store.set_cover(db, event.id, image_id)
            elif given.cover is False and row.cover:
                await store.set_cover(db, event.id, None)
            changed = await self._events.refresh(db, event.id)
            await activity.record(db, person, "image.changed", image_id, event_id=event.id)
            row = _known(await store.get(db, event.id, image_id))
        await self._events.tell(changed)
        return self.shown(row)

    async def delete(self, person: Person, event_id: str, image_id: str, expected: str) -> None:
        """Let a picture go, with its files. If it was the cover, the first of the others is."""
        await self._events.writable(person, event_id, selling=False)
        async with self._pool.acquire() as db, db.transaction():
            event = await locked(db, event_id)
            row = _known(await store.get(db, event.id, image_id))
            expect(expected, row.version)
            errands = await store.delete(db, event.id, [row])
            if row.cover:
                left = await store.of_event(db, event.id)
                await store.set_cover(db, event.id, left[0].picture.id if left else None)
            changed = await self._events.refresh(db, event.id)
            await activity.record(db, person, "image.deleted", image_id, event_id=event.id, alt=row.picture.alt)
        await self._events.tell(changed)
        await self._outbox.at_once(errands)

    def shown(self, row: store.ImageRow) -> Image:
        """A row as the world reads it."""
        picture = row.picture
        return Image(
            id=picture.id,
            organization_id=row.organization_id,
            event_id=row.event_id,
            alt=picture.alt,
            focal_point=FocalPoint(x=picture.focal_x, y=picture.focal_y),
            place=row.place,
            cover=row.cover,
            width=picture.width,
            height=picture.height,
            urls={str(width): self._engine_url + picture.path(width) for width in WIDTHS},
            webp_urls={str(width): self._engine_url + picture.path(width, "webp") for width in WIDTHS},
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    async def _insert(
        self,
        person: Person,
        event: Event,
        image_id: str,
        digests: tuple[str, str],
        developed: Developed,
        given: NewImage,
    ) -> Image:
        async with self._pool.acquire() as db, db.transaction():
            event = await locked(db, event.id)
            before = await store.sent_before(db, event.id, digests[1])
            if before is not None:
                raise _SentBefore(before)
            await self._check_room(event, db)
            owner = (event.organization_id, event.id)
            await store.insert(db, image_id, owner, digests=digests, developed=developed, given=given)
            if event.cover_image_id is None:
                await store.set_cover(db, event.id, image_id)
            changed = await self._events.refresh(db, event.id)
            await activity.record(db, person, "image.added", image_id, event_id=event.id, alt=given.alt)
            row = _known(await store.get(db, event.id, image_id))
        await self._events.tell(changed)
        return self.shown(row)

    async def _check_room(self, event: Event, db: Connection | None = None) -> None:
        if len(await store.of_event(db or self._pool, event.id)) >= IMAGES_PER_EVENT_MAX:
            raise TooManyImages(limit=IMAGES_PER_EVENT_MAX)


async def _acquired(lock: asyncio.Lock) -> None:
    try:
        async with asyncio.timeout(TURN_WAIT_S_MAX):
            await lock.acquire()
    except TimeoutError:
        raise UploadsAtOnce(retry_after_s=TURN_RETRY_S) from None


@contextlib.asynccontextmanager
async def kept_files(files: ImageFiles, image_id: str, developed: Developed) -> AsyncIterator[str]:
    """Put a picture's files, and take them away again if what names them fails; yields their digest."""
    digest = digest_of(image_id, developed)
    await files.put({name_of(digest, *key): body for key, body in developed.prints.items()})
    try:
        yield digest
    except BaseException:
        with contextlib.suppress(Unavailable):
            await files.delete(names_of(digest, developed.widths))
        raise


def file_of(upload: Upload) -> bytes:
    """Invalid without a file."""
    if not upload.file:
        raise Invalid.at("/file", "missing", "Send the picture in a part that is called file")
    return upload.file


def given_of(upload: Upload, *, alt: str = "") -> NewImage:
    """What came along with the file; ``alt`` stands in for one that was left out. Invalid."""
    said = upload.fields.get("alt", "").strip() or alt
    document: dict[str, object] = {"alt": said} if said else {}
    for name in ("focal_x", "focal_y"):
        if upload.fields.get(name, "").strip():
            document[name] = _number(upload.fields[name])
    return build(document, NewImage)


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text  # refused with the other faults


def _columns(given: ImageChange) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if isinstance(given.alt, str):
        columns["alt"] = given.alt
    if given.focal_point is not msgspec.UNSET:
        columns |= {"focal_x": given.focal_point.x, "focal_y": given.focal_point.y}
    return columns


def _known(row: store.ImageRow | None) -> store.ImageRow:
    if row is None:
        raise ImageUnknown
    return row


async def locked(db: Connection, event_id: str) -> Event:
    """The event, kept from changing meanwhile. EventUnknown if it was deleted a moment ago."""
    event = await event_rows.lock(db, event_id)
    if event is None:
        raise EventUnknown
    return event
