"""The on-sale's window and its waiting room, and what an operator changes while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from admin import formats
from admin.forms.fields import LocalMoment, Whole, at_place, words
from admin.forms.filled import Filled, Form, fresh
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.on_sales import (
    ROOM_CAPACITY_MAX,
    ROOM_RATE_PER_MIN_MAX,
    Account,
    NewOnSale,
    OnSale,
    RoomSettings,
    RoomShown,
)
from engine.foundation import shapes

MINUTE_S = 60
MESSAGE_CHARS_MAX = 300


class OnSaleForm(Form):
    """Moments are in the event's own time."""

    POINTERS: ClassVar[Mapping[str, str]] = {
        "room/capacity": "capacity",
        "room/rate_per_min": "rate_per_min",
        "room/claim_ttl_s": "claim_ttl_s",
        "room/session_ttl_s": "session_minutes",
        "room/codes": "codes",
    }
    LABELS: ClassVar[Mapping[str, str]] = {
        "opens_at": "Sales open",
        "closes_at": "Sales close",
        "prequeue_opens_at": "The queue opens",
        "capacity": "In the shop at once",
        "rate_per_min": "Let in",
        "claim_ttl_s": "When called, come within",
        "session_minutes": "Stay in the shop for",
        "identity": "One place per",
        "challenge": "Against bots",
        "account": "Who may order",
    }

    prequeue_opens_at: LocalMoment | None = None
    opens_at: LocalMoment
    closes_at: LocalMoment | None = None
    enabled: bool = False
    capacity: Whole = RoomSettings().capacity
    rate_per_min: Whole = RoomSettings().rate_per_min
    claim_ttl_s: Whole = RoomSettings().claim_ttl_s
    session_minutes: Whole = RoomSettings().session_ttl_s // MINUTE_S
    identity: Literal["none", "email"] = "none"
    challenge: Literal["none", "pow"] = "pow"
    codes: str = ""
    account: Account = "optional"

    def given(self, event: Event) -> NewOnSale:
        document: dict[str, Any] = {
            name: at_place(getattr(self, name), event.timezone, f"/{name}")
            for name in ("prequeue_opens_at", "opens_at", "closes_at")
        }
        document["room"] = {
            "enabled": self.enabled,
            "capacity": self.capacity,
            "rate_per_min": self.rate_per_min,
            "claim_ttl_s": self.claim_ttl_s,
            "session_ttl_s": self.session_minutes * MINUTE_S,
            "identity": self.identity,
            "challenge": self.challenge,
            "codes": words(self.codes),
        }
        document["account"] = self.account
        return shapes.build(document, NewOnSale)


class ControlsForm(Form):
    """Only what the pressed button names is changed."""

    LABELS: ClassVar[Mapping[str, str]] = {
        "rate_per_min": "Let in",
        "capacity": "In the shop at once",
        "message": "To everybody in the queue",
    }

    do: Literal["pace", "pause", "resume", "message", "open_now"]
    rate_per_min: Whole | None = Field(None, ge=1, le=ROOM_RATE_PER_MIN_MAX)
    capacity: Whole | None = Field(None, ge=1, le=ROOM_CAPACITY_MAX)
    message: str = Field("", max_length=MESSAGE_CHARS_MAX)

    def changes(self) -> dict[str, Any]:
        """The body of the room's PATCH."""
        match self.do:
            case "pause" | "resume":
                return {"paused": self.do == "pause"}
            case "message":
                return {"message": self.message}
            case "open_now":
                return {"open_now": True}
        pace = {"rate_per_min": self.rate_per_min, "capacity": self.capacity}
        return {name: value for name, value in pace.items() if value is not None}


def of(on_sale: OnSale | None, event: Event) -> Filled[OnSaleForm]:
    """The form as an on-sale would fill it in; the usual room if there is none yet."""
    room = on_sale.room if on_sale is not None else RoomShown(enabled=True)
    moments = {
        name: formats.local(getattr(on_sale, name), event.timezone) or None
        for name in ("prequeue_opens_at", "opens_at", "closes_at")
        if on_sale is not None
    }
    return fresh(
        OnSaleForm,
        **moments,
        enabled="true" if room.enabled else None,
        capacity=room.capacity,
        rate_per_min=room.rate_per_min,
        claim_ttl_s=room.claim_ttl_s,
        session_minutes=room.session_ttl_s // MINUTE_S,
        identity=room.identity,
        challenge=room.challenge,
        codes="\n".join(room.codes or ()) or None,
        account=on_sale.account if on_sale is not None else "optional",
    )
