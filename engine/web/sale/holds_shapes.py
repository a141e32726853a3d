"""What a hold looks like over HTTP. The desk writes the same bytes in Rust (hotpath_rs/src/desk/render.rs)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from engine.domain.prices import Price
from engine.domain.sale.holds import CODE_CHARS_MAX, Hold, HoldLine
from engine.foundation.clock import rfc3339


class AllocationDocument(Struct):
    adjacent: bool
    rows_used: int
    step: int
    orphans_created: int


class HoldDocument(Struct):
    """A hold. ``hold_token`` is the capability that opens it."""

    id: str
    hold_token: str
    event_id: str
    status: str
    expires_at: str
    expires_at_ms: int
    server_now_ms: int
    items: tuple[HoldLine, ...]
    allocation: AllocationDocument
    price: Price
    promo_code: str | None


class SwapQuery(Struct):
    code: Annotated[str, Meta(max_length=CODE_CHARS_MAX)] | None = None


def hold_document(hold: Hold, hold_token: str, server_now_ms: int) -> HoldDocument:
    return HoldDocument(
        id=hold.id,
        hold_token=hold_token,
        event_id=hold.event_id,
        status=hold.state,
        expires_at=rfc3339(hold.expires_at_ms),
        expires_at_ms=hold.expires_at_ms,
        server_now_ms=server_now_ms,
        items=hold.lines,
        allocation=AllocationDocument(hold.adjacent, hold.rows_used, hold.step, hold.orphans_created),
        price=hold.price,
        promo_code=hold.promo_code,
    )
