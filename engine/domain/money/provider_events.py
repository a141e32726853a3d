"""What the payment provider's event says, as far as we read it: whatever a field holds, reading never fails.

The signature says who speaks, not that every field is what it was last year: an object may be expanded, null, missing,
or of a kind we do not know. What cannot be read is as if it were not there.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import orjson
from msgspec import Struct

TEXT_CHARS_MAX: Final = 255  # of an id or kind; the provider's own are shorter
INTEGER_DIGITS_MAX: Final = 18
_UNKEPT: Final = "\ufffd"  # stands for what Postgres keeps in no text


class ProviderEvent(Struct, frozen=True):
    """``payload`` is the whole document as it can be kept; ``object_id`` what it is about, if it says."""

    id: str
    kind: str
    object_id: str | None
    payload: dict[str, Any]


class About(Struct, frozen=True):
    """The facts that an event points with. ``intent_id`` is the payment's, whichever object the event is about."""

    order_id: str | None
    intent_id: str | None


def read_event(body: bytes) -> ProviderEvent | None:
    """The event, or None if it has no id and kind by which it could be kept."""
    try:
        payload = _kept(_parsed(body))
    except (ValueError, RecursionError):
        return None
    event_id, kind = _text(payload, "id"), _text(payload, "type")
    if event_id is None or kind is None:
        return None
    return ProviderEvent(event_id, kind, _text(_object(payload), "id"), payload)


def about(kind: str, payload: Any) -> About:
    """What an event of this kind points at. ``payload`` may be any document that was kept."""
    found = _object(payload)
    intent = found if kind.startswith("payment_intent.") else _member(found, "payment_intent")
    order_id = _text(_member(found, "metadata"), "order_id") or _text(_member(intent, "metadata"), "order_id")
    intent_id = intent if isinstance(intent, str) else _text(intent, "id")
    return About(order_id, _sane(intent_id))


def _parsed(body: bytes) -> Any:
    """ValueError if it is no JSON, not even of the kind that is only nearly so."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body, strict=False, parse_int=_number)  # lone surrogates, control characters, NaN


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) <= INTEGER_DIGITS_MAX else None  # beyond any scale, as an infinite one


def _kept(value: Any) -> Any:
    """The value as Postgres and orjson can keep it: no NUL, no half of a letter, no number beyond any scale."""
    if isinstance(value, str):
        whole = value if value.isascii() else value.encode("utf-8", "replace").decode()
        return whole.replace("\0", _UNKEPT)
    if isinstance(value, dict):
        return {_kept(str(name)): _kept(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_kept(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _object(payload: Any) -> Any:
    return _member(_member(payload, "data"), "object")


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: Any, name: str) -> str | None:
    return _sane(_member(value, name))


def _sane(text: Any) -> str | None:
    return text if isinstance(text, str) and 1 <= len(text) <= TEXT_CHARS_MAX else None
