"""Many codes from one: each says its place and proves it, and nothing else is one of them."""

from __future__ import annotations

import hashlib
import hmac

from engine.domain.catalogue.pricing.bulk_codes import CODES_MAX, SLIP_CHARS, place_of, shown, slip_of
from engine.foundation.folding import code_folded


def digest(message: bytes) -> bytes:
    return hmac.digest(b"key of the event", message, hashlib.sha256)


def test_every_place_has_a_code_of_its_own_that_is_read_back_however_it_is_typed():
    slips = [slip_of(digest, "pro_1", place) for place in range(CODES_MAX)]
    assert len(set(slips)) == CODES_MAX
    for place in (0, 1, 31, 32, 1023, CODES_MAX - 1):
        typed = code_folded(shown("FANS", slips[place]).lower().replace("-", " "))
        assert place_of(digest, "pro_1", typed[-SLIP_CHARS:], CODES_MAX) == place


def test_a_slip_of_another_code_place_or_length_is_none():
    slip = slip_of(digest, "pro_1", 5)
    assert place_of(digest, "pro_2", slip, CODES_MAX) is None
    assert place_of(digest, "pro_1", slip, 5) is None
    assert place_of(digest, "pro_1", slip[1:], CODES_MAX) is None
    for at in range(SLIP_CHARS):
        other = "A" if slip[at] != "A" else "B"
        assert place_of(digest, "pro_1", slip[:at] + other + slip[at + 1 :], CODES_MAX) is None
