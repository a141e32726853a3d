"""Several events at once: which ones, and what is done to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from msgspec import UNSET

from admin.forms.fields import LocalMoment, Short, at_place, words
from admin.forms.filled import Form
from engine.domain.catalogue.events import Event, EventChange
from engine.domain.catalogue.programme.bulk import BulkChange, Deed
from engine.foundation import shapes
from engine.foundation.errors import Invalid


class BulkForm(Form):
    """``allow_refunds_until`` is a moment on the clocks of each event's own place."""

    LISTS: ClassVar[frozenset[str]] = frozenset({"event"})
    POINTERS: ClassVar[Mapping[str, str]] = {"event_ids": "event", "change": "category"}
    LABELS: ClassVar[Mapping[str, str]] = {
        "event": "Events",
        "category": "Category",
        "add_tags": "Add tags",
        "remove_tags": "Remove tags",
        "allow_refunds_until": "Refunds until",
    }

    event: tuple[str, ...] = ()
    deed: Deed = "change"
    category: Short | None = None
    add_tags: str = ""
    remove_tags: str = ""
    allow_refunds_until: LocalMoment | None = None

    def change(self) -> Callable[[Event], EventChange]:
        """What changes of an event. Invalid if nothing was filled in, or a tag is none."""
        document: dict[str, Any] = {"add_tags": words(self.add_tags), "remove_tags": words(self.remove_tags)}
        if self.category:
            document["category"] = self.category
        if not any(document.values()) and self.allow_refunds_until is None:
            raise Invalid.at("/change", "missing", "Fill in what is to change")
        given = shapes.build(document, BulkChange)

        def of(event: Event) -> EventChange:
            change = given.of(event)
            until = at_place(self.allow_refunds_until, event.timezone, "/allow_refunds_until")
            change.allow_refunds_until = until if until is not None else UNSET
            return change

        return of
