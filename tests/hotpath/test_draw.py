"""The draw through the binding, compared with the specification in plain Python."""

from __future__ import annotations

import hashlib
import json
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hotpath_rs
from hotpath_rs import DrawError, Keyring
from tests.hotpath import draw_twin

ROOT = Path(__file__).parents[2]
MILLION = 1_000_000
SECONDS_MAX = 5.0
SEED = hashlib.sha256(b"seed").digest()


def numbers_of(seed: bytes, count: int) -> list[int]:
    return list(struct.unpack(f"<{count}I", hotpath_rs.shuffle_all(seed, count)))


def people(count: int, length: int = 32) -> list[bytes]:
    return [hashlib.sha256(b"person %d" % at).digest()[:length] for at in range(count)]


def refusal(bundle: object, *tickets: str) -> str:
    raw = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    with pytest.raises(DrawError) as caught:
        hotpath_rs.verify_draw(raw, *tickets)
    code, message = caught.value.args
    assert code == caught.value.code
    assert message
    return code


def test_the_golden_vectors_are_what_the_twin_writes():
    committed = json.loads((ROOT / "hotpath_rs/tests/vectors/draw.json").read_text())
    assert committed == draw_twin.vectors()


@pytest.mark.parametrize(
    ("count", "published_sha256"),
    [
        (33, "a014701e692faf6390f43a5b32470689ffdec35891f58bcd7572eb8226b19488"),
        (1000, "1fe4a03c481ce317d63640d1caf23d3466c0583a194998a66d8a3be818a5932a"),
    ],
)
def test_the_shuffle_reproduces_files_of_the_ethereum_consensus_test_suite(count, published_sha256):
    """Written the way consensus-spec-tests writes mainnet/phase0/shuffling, our answer has the published digest."""
    seed = "0x01b4f6bd5d6a06a7b74a8565ceb4f845afe0ae96a0ac05cf5e86066bf7b538ec"
    lines, line = [], "mapping: ["
    for at, number in enumerate(numbers_of(bytes.fromhex(seed[2:]), count)):
        line += "," if at else ""
        if len(line) > 80:
            lines.append(line)
            line = f"  {number}"
        else:
            line += f" {number}" if at else f"{number}"
    text = "\n".join([f"seed: '{seed}'", f"count: {count}", *lines, line + "]", ""])
    assert hashlib.sha256(text.encode()).hexdigest() == published_sha256


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.integers(1, 400), st.data())
def test_the_shuffle_is_the_specifications(seed, count, data):
    index = data.draw(st.integers(0, count - 1))
    number = draw_twin.compute_shuffled_index(index, count, seed)
    assert hotpath_rs.shuffle_index(seed, index, count) == number
    assert hotpath_rs.unshuffle_index(seed, number, count) == index
    numbers = numbers_of(seed, count)
    assert numbers[index] == number
    assert sorted(numbers) == list(range(count))


@settings(max_examples=40)
@given(
    st.lists(st.binary(min_size=16, max_size=16), max_size=70),
    st.binary(min_size=1, max_size=64),
    st.binary(max_size=64),
)
def test_root_and_seed_are_the_definitions(digests, secret, beacon):
    root = hotpath_rs.merkle_root(b"".join(digests), 16)
    assert root == draw_twin.merkle_root(digests)
    assert hotpath_rs.draw_seed(secret, root, len(digests), beacon) == draw_twin.draw_seed(
        secret, root, len(digests), beacon
    )


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: hotpath_rs.shuffle_index(SEED, 5, 5),
        lambda: hotpath_rs.shuffle_index(SEED, 0, 0),
        lambda: hotpath_rs.shuffle_index(SEED[:31], 0, 1),
        lambda: hotpath_rs.unshuffle_index(SEED, 1, 1),
        lambda: hotpath_rs.shuffle_all(SEED, hotpath_rs.COHORT_MAX + 1),
        lambda: hotpath_rs.merkle_root(b"123", 2),
        lambda: hotpath_rs.merkle_root(b"", 0),
        lambda: hotpath_rs.draw_seed(b"", bytes(32), 1, b""),
        lambda: hotpath_rs.draw_seed(b"x", bytes(31), 1, b""),
    ],
)
def test_values_outside_their_range_are_a_value_error(mistake):
    with pytest.raises(ValueError):
        mistake()


@pytest.mark.parametrize("length", [8, 32])
@pytest.mark.parametrize("beacon", ["", "drand 4242 é"])
def test_an_honest_bundle_proves_each_tickets_number(length, beacon):
    cohort = people(50, length)
    bundle = draw_twin.bundle("evt_1", b"s" * 32, cohort, beacon)
    keys = Keyring([(1, b"k" * 32)]).event("evt_1")
    tickets = [
        keys.mint_queue_ticket(
            epoch=1, live=False, number=index, identity_digest=cohort[index], device_key_hash=b"", issued_at_ms=1
        )
        for index in (0, 17, 49)
    ]
    report = hotpath_rs.verify_draw(json.dumps(bundle).encode(), *tickets)
    seed = bytes.fromhex(bundle["seed"])
    assert report.seed == seed
    assert report.merkle_root.hex() == bundle["merkle_root"]
    assert (report.event_id, report.cohort_size, report.beacon, report.duplicate_identities) == ("evt_1", 50, beacon, 0)
    assert report.tickets == [(index, draw_twin.compute_shuffled_index(index, 50, seed)) for index in (0, 17, 49)]
    other = keys.mint_queue_ticket(
        epoch=1, live=False, number=16, identity_digest=cohort[17], device_key_hash=b"", issued_at_ms=1
    )
    assert refusal(bundle, tickets[0], other) == "wrong_ticket"


def test_each_lie_is_named():
    bundle = draw_twin.bundle("evt_1", b"s" * 32, people(10))
    zeros = "00" * 32
    assert refusal({**bundle, "commit": zeros}) == "wrong_commit"
    assert refusal({**bundle, "secret": zeros}) == "wrong_commit"
    assert refusal({**bundle, "merkle_root": zeros}) == "wrong_merkle_root"
    assert refusal({**bundle, "identities": bundle["identities"][::-1]}) == "wrong_merkle_root"
    assert refusal({**bundle, "identities": bundle["identities"][1:]}) == "wrong_cohort_size"
    assert refusal({**bundle, "seed": zeros}) == "wrong_seed"
    assert refusal({**bundle, "beacon": "x"}) == "wrong_seed"
    assert refusal({**bundle, "rounds": 10}) == "wrong_rounds"
    assert refusal({**bundle, "identities": [*bundle["identities"][:-1], "aa"]}) == "malformed_bundle"
    assert refusal({name: value for name, value in bundle.items() if name != "seed"}) == "malformed_bundle"
    assert refusal(b"{") == "malformed_bundle"
    assert refusal(b"\xff") == "malformed_bundle"


def test_one_identity_listed_twice_is_counted():
    cohort = people(5)
    bundle = draw_twin.bundle("evt_1", b"s" * 32, [*cohort, cohort[0], cohort[0]])
    assert hotpath_rs.verify_draw(json.dumps(bundle).encode()).duplicate_identities == 2


def test_a_million_people_are_drawn_and_audited_in_five_seconds_each():
    digests = b"".join(at.to_bytes(8, "big") for at in range(MILLION))
    secret = b"s" * 32
    root = hotpath_rs.merkle_root(digests, 8)
    seed = hotpath_rs.draw_seed(secret, root, MILLION, b"")
    started = time.process_time()  # its own: on a busy machine others have the core as well
    packed = hotpath_rs.shuffle_all(seed, MILLION)
    assert time.process_time() - started < SECONDS_MAX
    number = draw_twin.compute_shuffled_index(123_456, MILLION, seed)
    assert struct.unpack_from("<I", packed, 4 * 123_456) == (number,)
    bundle = {
        "event_id": "evt_1",
        "cohort_size": MILLION,
        "commit": hashlib.sha256(secret).hexdigest(),
        "secret": secret.hex(),
        "merkle_root": root.hex(),
        "seed": seed.hex(),
        "beacon": "",
        "rounds": 90,
        "identities": [f"{at:016x}" for at in range(MILLION)],
    }
    raw = json.dumps(bundle).encode()
    started = time.process_time()
    report = hotpath_rs.verify_draw(raw)
    assert time.process_time() - started < SECONDS_MAX
    assert report.cohort_size == MILLION
