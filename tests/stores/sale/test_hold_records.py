"""One layout of a hold's record: what the scripts write Python reads, what Python writes the scripts read.

That Rust reads the same bytes is shown by ``tests/web/sale/test_holds_shapes.py``, over records made in the same way.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.domain.sale.inventory import FREE, PLAIN_LOTS
from engine.foundation.connections import HotRedis
from engine.stores.sale import hold_answers as answers
from engine.stores.sale.hold_records import LIFE_MS_MAX, STATE_NAME, Run, allocation_byte
from engine.stores.sale.holds import HoldStore, Item, pick_exact, pick_general
from tests.hold_records import packed, record
from tests.house import tree

EVENT, EPOCH, UNITS = "evt_records", b"records:1", 600
LEASE = b"0123456789abcdef"
SCRIPT = tree.ROOT / "engine" / "stores" / "lua" / "hold_place.lua"
LIBRARY = Path(SCRIPT).parent / "lib" / "inventory.lua"


@pytest.fixture
async def store(hot: HotRedis) -> HoldStore:
    store = HoldStore(hot)
    loaded = await store.load(EVENT, b"", EPOCH, base=bytes([FREE]) * UNITS, owned=bytes(UNITS), types={}, promos={})
    assert loaded
    return store


async def raw_of(hot: HotRedis, ref: bytes) -> bytes:
    bucket = b"hold:{%s}:%d" % (EVENT.encode(), int.from_bytes(ref[:2], "big") % 1024)
    raw: bytes = await hot.command(b"HGET", bucket, ref)
    return raw


@pytest.mark.parametrize("counted_for", [b"", LEASE, LEASE + b"bloc", b"person--", b"person--bloc", b"bloc"])
async def test_what_the_script_writes_is_what_the_layout_says(store: HoldStore, hot: HotRedis, counted_for: bytes):
    picks = (
        pick_exact([Run(7, 300, 2), Run(8, 302, 1)], allocation_byte(3, adjacent=False, orphans=2)),
        pick_general(500, 100, [(9, 2)]),
    )
    item = Item(
        ref=b"\x02\x01-place", body_hash=b"hash", life_ms=LIFE_MS_MAX - 1, total_cents=0x01020304, lots=PLAIN_LOTS,
        promo=5, promo_uses_max=10, counted_for=counted_for, buyer_units_max=9, picks=picks,
    )  # fmt: skip
    answer = await store.place_one(EVENT, EPOCH, item)
    assert isinstance(answer, answers.Held)
    assert answer.record == record(
        placed_at_ms=answer.record.placed_at_ms, life_ms=LIFE_MS_MAX - 1, body_hash=b"hash", total_cents=0x01020304,
        step=3, adjacent=False, orphans_created=2, promo=5, counted_for=counted_for,
        runs=(Run(7, 300, 2), Run(8, 302, 1), Run(9, 500, 2)),
    )  # fmt: skip
    assert await raw_of(hot, item.ref) == packed(answer.record, counted=counted_for != b"")


@pytest.mark.parametrize("counted", [False, True])
async def test_what_the_layout_says_is_what_a_script_reads_and_writes_again(
    store: HoldStore, hot: HotRedis, counted: bool
):
    ref, now_ms = b"\x01\x00-packed", await _now_ms(hot)
    known = record(placed_at_ms=now_ms, promo=3, counted_for=LEASE, runs=(Run(1, 256, 2), Run(2, 70_000, 255)))
    await hot.command(b"HSET", b"hold:{%s}:256" % EVENT.encode(), ref, packed(known, counted=counted))
    standing = await store.read(EVENT, EPOCH, ref)
    assert isinstance(standing, answers.Standing)
    assert standing.record == known
    extended = await store.extend(EVENT, EPOCH, ref, add_ms=1_000, life_ms_max=900_000)
    assert isinstance(extended, answers.Extended)
    longer = record(
        placed_at_ms=now_ms, life_ms=601_000, promo=3, counted_for=LEASE, runs=(Run(1, 256, 2), Run(2, 70_000, 255))
    )
    assert extended.record == longer
    assert await raw_of(hot, ref) == packed(longer, counted=counted)


def test_each_state_has_the_number_that_the_scripts_give_it():
    names = re.search(r"^local ALIVE, ORDERING, BOUGHT, DEAD = 1, 2, 3, 4$", tree.text(LIBRARY), re.MULTILINE)
    assert names
    assert list(STATE_NAME.items()) == [(1, "held"), (2, "ordering"), (3, "ordered"), (4, "ended")]


def test_every_letter_of_the_script_is_read_and_no_other():
    header = tree.text(SCRIPT).partition("]]")[0].partition("an answer is one letter and facts:")[2]
    letters = re.findall(r"(?:^\s*|\| )([A-Z]) ", header, re.MULTILINE)
    assert sorted(letters) == sorted(letter.decode() for letter in answers.LETTERS)


async def _now_ms(hot: HotRedis) -> int:
    seconds, micros = await hot.command(b"TIME")
    return int(seconds) * 1000 + int(micros) // 1000
