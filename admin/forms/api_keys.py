"""Keys of an organization for its programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar

from pydantic import Field

from admin.forms.fields import LocalMoment
from admin.forms.filled import Form
from engine.domain.accounts.api_keys import NewApiKey
from engine.domain.fields import SHORT_CHARS_MAX
from engine.foundation import shapes

# Each scope as its checkbox says it.
SCOPES: tuple[tuple[str, str, str], ...] = (
    ("catalogue.read", "Read the catalogue", "Venues, events with their drafts, codes, set-apart places."),
    ("catalogue.write", "Change the catalogue", "Makes and publishes events."),
    ("orders.read", "Read orders", "With buyers' names and addresses."),
    ("orders.write", "Change orders", "Cancels them, gives free tickets."),
    ("refunds.write", "Send money back", ""),
    ("tickets.read", "Read who is in", ""),
    ("scans.write", "Register scanners", ""),
    ("reports.read", "Read figures", ""),
)


class ApiKeyForm(Form):
    """``expires_at`` is in UTC; left out, the key is good until it is revoked."""

    LISTS: ClassVar[frozenset[str]] = frozenset({"scopes"})
    LABELS: ClassVar[Mapping[str, str]] = {"scopes": "What it may do", "expires_at": "Good until"}

    name: str = Field(min_length=1, max_length=SHORT_CHARS_MAX)
    scopes: list[str] = Field(min_length=1)
    expires_at: LocalMoment | None = None

    def given(self) -> NewApiKey:
        document: dict[str, Any] = {"name": self.name, "scopes": self.scopes}
        if self.expires_at is not None:
            document["expires_at"] = self.expires_at.replace(tzinfo=UTC)
        return shapes.build(document, NewApiKey)
