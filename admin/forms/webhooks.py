"""Webhook endpoints: where messages go, which ones, and which are sent again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from admin.forms.filled import Filled, Form, fresh
from engine.domain.messages.webhooks import (
    URL_CHARS_MAX,
    NewWebhookEndpoint,
    Replay,
    WebhookEndpoint,
    WebhookEndpointChange,
)
from engine.foundation import shapes
from engine.foundation.clock import now

BACK: tuple[tuple[str, str], ...] = (
    ("1", "The last hour"),
    ("24", "The last day"),
    ("168", "The last week"),
    ("720", "The last 30 days"),
)


class EndpointForm(Form):
    LISTS: ClassVar[frozenset[str]] = frozenset({"events"})
    LABELS: ClassVar[Mapping[str, str]] = {"url": "Address", "events": "Messages"}

    url: str = Field(min_length=1, max_length=URL_CHARS_MAX)
    events: tuple[str, ...] = Field(min_length=1)

    def given(self) -> NewWebhookEndpoint:
        return shapes.build({"url": self.url, "events": list(self.events)}, NewWebhookEndpoint)


class EndpointChangeForm(EndpointForm):
    """``enabled`` is a tick: left out, it is off."""

    version: str
    enabled: bool = False

    def change(self) -> WebhookEndpointChange:
        given = {"url": self.url, "events": list(self.events), "enabled": self.enabled}
        return shapes.build(given, WebhookEndpointChange)


class ReplayForm(Form):
    """Either one message, or all of the last ``hours``."""

    LABELS: ClassVar[Mapping[str, str]] = {"hours": "Messages of"}
    POINTERS: ClassVar[Mapping[str, str]] = {"since": "hours"}

    message_id: str | None = Field(None, max_length=40)
    hours: Literal["1", "24", "168", "720"] | None = None

    def given(self) -> Replay:
        if self.message_id is not None:
            return shapes.build({"message_id": self.message_id}, Replay)
        return Replay(since=now() - dt.timedelta(hours=int(self.hours))) if self.hours is not None else Replay()


def of(endpoint: WebhookEndpoint) -> Filled[EndpointChangeForm]:
    """The form as the endpoint would fill it in."""
    return fresh(
        EndpointChangeForm,
        version=endpoint.version,
        url=endpoint.url,
        events=endpoint.events,
        enabled="true" if endpoint.enabled else None,
    )
