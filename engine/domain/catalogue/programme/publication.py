"""A planned publication, and the link that shows a draft before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

import hotpath_rs
from engine.domain.catalogue.events import Event
from engine.domain.fields import Moment, is_moment
from engine.foundation.clock import to_ms
from engine.foundation.errors import Invalid

PREVIEW_VALID: Final = timedelta(days=7)
TOKEN_CHARS_MAX: Final = 512
_PURPOSE: Final = "event-preview"


class PublicationPlan(Struct, kw_only=True):
    """When a draft is to be published, by itself."""

    publish_at: Moment


class PreviewLink(Struct, frozen=True, kw_only=True):
    """Everybody who has the ``url`` sees the event as it is, until then; nothing can be bought from it."""

    url: str
    expires_at: datetime


class _Signed(Struct, frozen=True, array_like=True):
    event_id: str


def check(plan: PublicationPlan, event: Event, now: datetime) -> None:
    """Invalid for a moment that has passed, or when nobody could come any more."""
    if not is_moment(plan.publish_at):
        raise Invalid.at("/publish_at", "out_of_range", "This date is out of range")
    if plan.publish_at <= now:
        raise Invalid.at("/publish_at", "out_of_order", "This moment has passed: publish it now instead")
    if plan.publish_at >= event.ends_at:
        raise Invalid.at("/publish_at", "out_of_order", "An event is published before it ends")


def mint(keys: hotpath_rs.PlatformKeys, event_id: str, expires_at: datetime) -> str:
    """The token of a preview link."""
    return keys.mint_signed(_PURPOSE, msgspec.json.encode(_Signed(event_id)), to_ms(expires_at))


def read(keys: hotpath_rs.PlatformKeys, token: str, now: datetime) -> str:
    """The event that the token shows. TokenError: malformed, wrong_kind, unknown_key, bad_signature, expired."""
    return msgspec.json.decode(keys.verify_signed(_PURPOSE, token, to_ms(now)), type=_Signed).event_id
