"""A hold is written twice, by the Struct that the contract documents and by the desk in Rust: each field the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import orjson
import pytest

import hotpath_rs
from engine.domain.sale.charts import Chart
from engine.domain.sale.selling import SellingEvent, TicketTypeTerms
from engine.foundation.ids import id_from_bytes, new_id
from engine.services.sale.desk_terms import desk_terms
from engine.services.sale.hold_prices import price_of_parts, read_hold
from engine.stores.sale.hold_records import Record, Run
from engine.web.sale.holds_shapes import HoldDocument, hold_document
from tests import factories as make
from tests.hold_records import packed, record

HOLD_ID = bytes(range(16))
RECORDS = {
    "a pair in a row": record(runs=(Run(0, 12, 2),)),
    "three in two rows, being paid": record(
        state="ordering", life_ms=1, step=4, adjacent=False, orphans_created=3, runs=(Run(0, 9, 2), Run(0, 25, 1))
    ),
    "ordered, with an admission": record(state="ordered", counted_for=b"L" * 16 + b"bloc", runs=(Run(0, 0, 1),)),
    "two in general admission": record(state="ended", life_ms=0x7FFFFF, runs=(Run(1, 40, 2),)),
}


@cache
def event() -> SellingEvent:
    """Four rows of ten and a floor, with tax, fee and what JSON must escape."""
    seating = make.chart(make.seated('St"alls', 4, 10), make.general("Flöor", 30))
    chart = Chart(orjson.dumps(seating))
    now, keyring, event_id = datetime.now(UTC), hotpath_rs.Keyring([(1, b"k" * 32)]), new_id("evt")
    row = {
        "id": event_id, "slug": "night", "organization_id": "org_1", "title": "Night", "status": "published",
        "version": 1, "currency": "CAD", "hold_ttl_s": 600, "orphan_policy": "auto",
        "taxes": [{"name": "GST", "rate_bp": 500}, {"name": "QST", "rate_bp": 998}],
        "fee": {"rate_bp": 300, "fixed_cents": 99, "paid_by": "buyer"}, "max_tickets_per_buyer": 8,
        "starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=2), "timezone": "UTC",
        "opens_at": now - timedelta(days=1), "closes_at": None, "room_enabled": False, "account": "optional",
        "discount_rules": [], "tax_mode": "configured",
    }  # fmt: skip
    category_index = {name: index for index, name in enumerate(chart.seat_map.categories)}
    kinds = [
        TicketTypeTerms.of(
            {
                "id": f"tt_{number}", "number": number, "name": category, "price_cents": 4_550 + number,
                "categories": [category], "capacity": None, "max_per_order": 8, "sales_start_at": None,
                "sales_end_at": None, "visibility": "public", "taxable": True,
                "price_steps": [], "step_numbers": [],
            },
            category_index,
        )
        for category, number in category_index.items()
    ]  # fmt: skip
    return SellingEvent.of(
        row,
        chart,
        ticket_types=kinds,
        allotments=[],
        promos=[],
        keys=keyring.event(event_id),
        desk=hotpath_rs.HoldDesk(keyring, chart.labels, desk_terms(row, kinds, chart.seat_map)),
    )


@cache
def both(name: str) -> tuple[dict[str, object], dict[str, object]]:
    """(as the desk renders it, as the Struct is encoded), field by field as bytes of JSON."""
    known, selling = RECORDS[name], event()
    price_of_parts(selling, [(selling.type_by_number[known.runs[0].kind], sum(r.length for r in known.runs))], None)
    rendered = selling.desk.render(HOLD_ID, b"H" + packed(known))
    assert rendered is not None
    hold = read_hold(selling, id_from_bytes("hld", HOLD_ID), known)
    document = hold_document(hold, selling.keys.mint_hold_token(HOLD_ID), known.placed_at_ms)
    return _fields(rendered[0]), _fields(msgspec.json.encode(document))


def _fields(body: bytes) -> dict[str, object]:
    return {name: bytes(raw) for name, raw in msgspec.json.decode(body, type=dict[str, msgspec.Raw]).items()}


@pytest.mark.parametrize("field", HoldDocument.__struct_fields__)
@pytest.mark.parametrize("name", RECORDS)
def test_the_desk_writes_each_field_as_the_struct_is_encoded(name: str, field: str):
    rendered, encoded = both(name)
    assert rendered[field] == encoded[field]


def test_the_desk_writes_no_field_that_is_not_documented():
    rendered, encoded = both("a pair in a row")
    assert list(rendered) == list(encoded)


@pytest.mark.parametrize(("letter", "replayed"), [(b"H", False), (b"R", True)])
def test_the_desk_tells_a_repetition_from_a_new_hold(letter: bytes, replayed: bool):
    both("a pair in a row")
    rendered = event().desk.render(HOLD_ID, letter + packed(RECORDS["a pair in a row"]))
    assert rendered is not None
    assert rendered[1] is replayed


@pytest.mark.parametrize("known", [record(promo=1), record(runs=(Run(0, 0, 1), Run(1, 40, 1))), record(runs=())])
def test_the_desk_leaves_a_hold_that_it_has_no_price_for(known: Record):
    assert event().desk.render(HOLD_ID, b"H" + packed(known)) is None
