"""One thing done to several events at once: each by itself, and what was refused is told with its reason."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.catalogue.events import Event, EventChange, Tags
from engine.domain.fields import Id, Moment, Short

BULK_MAX: Final = 100

Deed = Literal["change", "publish", "unpublish", "delete"]
DEEDS: Final[tuple[Deed, ...]] = get_args(Deed)


class BulkChange(Struct, kw_only=True):
    """Only what is sent changes. Tags are added to those an event has, and taken from them."""

    category: Short | UnsetType = UNSET
    add_tags: Tags = []
    remove_tags: Tags = []
    allow_refunds_until: Moment | UnsetType | None = UNSET

    def of(self, event: Event) -> EventChange:
        """What changes of this event."""
        change = EventChange(category=self.category, allow_refunds_until=self.allow_refunds_until)
        if self.add_tags or self.remove_tags:
            gone = {tag.casefold() for tag in self.remove_tags}
            kept = [tag for tag in event.tags if tag.casefold() not in gone]
            change.tags = list(dict.fromkeys([*kept, *self.add_tags]))
        return change


class Bulk(Struct, kw_only=True):
    """``deed`` is done to each event; ``change`` says what changes if it is that. ``delete`` is for drafts."""

    event_ids: Annotated[list[Id], Meta(min_length=1, max_length=BULK_MAX)]
    deed: Deed
    change: BulkChange | None = None


class BulkRefused(Struct, frozen=True, kw_only=True):
    """``title`` is the event's, empty if there is no such event here; ``code`` as the single call refuses.

    ``missing``: what it lacks to be published.
    """

    event_id: str
    title: str
    code: str
    detail: str
    missing: list[str] = []


class BulkDone(Struct, frozen=True, kw_only=True):
    """What came of it, in the order in which the events were named."""

    deed: Deed
    event_ids: list[str]
    refused: list[BulkRefused]
