"""Stripe events: a change of an object, frozen as it was, kept to be listed and handed to anybody who delivers it."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from loadtest.sandbox.errors import Obj
from loadtest.sandbox.store import Store, new_id

API_VERSION = "2026-10-28.endive"


class Events:
    """Makes events. `deliver` is called with each new one; the webhook sender listens there."""

    def __init__(self, store: Store, deliver: Callable[[Obj], None]) -> None:
        self._store, self._deliver = store, deliver

    def emit(self, kind: str, about: Obj, *, before: Obj | None = None, request_id: str | None = None) -> Obj:
        """`before` holds the attributes that changed, as they were. The payload bytes are made once, here."""
        data: Obj = {"object": public(about)}
        if before:
            data["previous_attributes"] = before
        event: Obj = {
            "id": new_id("evt_"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self._store.now_s(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": request_id, "idempotency_key": None},
            "type": kind,
        }
        if about.get("_account"):
            event["account"] = about["_account"]
        payload = orjson.dumps(event)
        kept = {
            "id": event["id"],
            "type": kind,
            "created": event["created"],
            "_account": about.get("_account"),
            "_payload": payload.decode(),
            "_awaited": False,
            "_attempts": 0,
        }
        self._store.save("events", kept)
        self._deliver(kept)
        return kept


def public(found: Obj) -> Obj:
    """The object without what is ours alone."""
    return {key: value for key, value in found.items() if key[0] != "_"}


def shown(kept: Obj) -> Obj:
    """The event as the API answers it."""
    event: Obj = orjson.loads(kept["_payload"])
    event["pending_webhooks"] = 1 if kept["_awaited"] else 0
    return event
