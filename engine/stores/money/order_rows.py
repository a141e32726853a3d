"""Orders as the rows they are written from and read as."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from engine.domain.errands import UnitsOrdered
from engine.domain.money.answers import answers_of, attendee_of
from engine.domain.money.orders import NewOrder, Order, OrderLine
from engine.foundation.idempotency import Claim

# The organization by a query of its own: joined, a plan may begin at the event and read all its orders.
ORDER_COLUMNS = """o.id, o.order_number, o.event_id, o.hold_id, o.user_id, o.status, o.buyer_name, o.buyer_email,
       o.consents, o.currency, o.amount_cents, o.refunded_cents, o.charged_back_cents, o.price, o.promo_code_id,
       o.payment_method_id, o.destination_account, o.payment_intent_id,
       (SELECT e.organization_id FROM events e WHERE e.id = o.event_id) AS organization_id,
       (SELECT e.ends_at FROM events e WHERE e.id = o.event_id) AS event_ends_at, o.link_generation,
       o.client_secret, o.payment_error, o.lease_id, o.closing_note, o.correlation_id, o.expires_at, o.created_at,
       o.paid_at, o.closed_at, o.mail_refused, o.locale, o.answers,
       (SELECT array_agg(jsonb_build_object('line', u.line, 'unit', u.unit, 'ticket_type_id', u.ticket_type_id,
            'section', u.section, 'seat', u.seat, 'face_cents', u.face_cents, 'discount_cents', u.discount_cents,
            'fee_cents', u.fee_cents, 'taxes', u.taxes, 'total_cents', u.total_cents, 'attendee', u.attendee)
            ORDER BY u.line)
          FROM order_units u WHERE u.order_id = o.id) AS lines"""


def wanted(order: NewOrder, errand: UnitsOrdered, claim: Claim | None) -> dict[str, Any]:
    """What an order is written from, with its errand and the key that its request claims."""
    written = {
        "id": order.id,
        "number": order.number,
        "event_id": order.event_id,
        "hold_id": order.hold_id,
        "user_id": order.user_id,
        "buyer_name": order.buyer_name,
        "buyer_email": order.buyer_email,
        "consents": order.consents,
        "currency": order.currency,
        "amount_cents": order.amount_cents,
        "price": order.price,
        "expires_at": order.expires_at,
        "promo_code": order.promo_code,
        "payment_method_id": order.payment_method_id,
        "lease_id": None if order.lease_id is None else _bytea(order.lease_id),
        "correlation_id": order.correlation_id,
        "ip_address": order.ip_address,
        "user_agent": order.user_agent,
        "buyer_units_max": order.buyer_units_max,
        "counted_for": _bytea(order.counted_for) if order.counted_for else None,
        "locale": order.locale,
        "errand": msgspec.to_builtins(errand),
        "scope": _bytea(claim.scope) if claim else None,
        "body_hash": _bytea(claim.body_hash) if claim else None,
        "claim": _bytea(claim.name) if claim else None,
    }
    if order.wording:
        written["wording"] = order.wording
    if order.promo_slip is not None:
        written["promo_slip"] = order.promo_slip
    return written | {"answers": msgspec.to_builtins(order.answers)} if order.answers else written


def line_of(order: NewOrder, line: OrderLine) -> dict[str, Any]:
    """What one of its lines is written from."""
    written = {
        "order_id": order.id,
        "line": line.line,
        "event_id": order.event_id,
        "unit": line.unit,
        "ticket_type_id": line.ticket_type_id,
        "section": line.section,
        "seat": line.seat,
        "face_cents": line.face_cents,
        "discount_cents": line.discount_cents,
        "fee_cents": line.fee_cents,
        "taxes": line.taxes,
        "total_cents": line.total_cents,
    }
    return written | {"attendee": msgspec.to_builtins(line.attendee)} if line.attendee else written


def _line(written: dict[str, Any]) -> OrderLine:
    if written["attendee"] is not None:
        written["attendee"] = attendee_of(written["attendee"])
    return OrderLine(**written)


def _bytea(value: bytes) -> str:
    return f"\\x{value.hex()}"


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def order_of(fields: dict[str, Any]) -> Order:
    """An order from the columns above."""
    fields["lines"] = tuple(map(_line, fields["lines"] or ()))
    fields["answers"] = answers_of(fields["answers"])
    return Order(**fields)
