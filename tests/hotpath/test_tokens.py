"""Tokens and ticket codes through the binding, compared with the plain Python twin."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hotpath_rs
from hotpath_rs import Keyring, TokenError
from tests.hotpath import token_twin

ROOT = Path(__file__).parents[2]
MASTER = bytes(range(32))
EVENT = "evt_01JD0000000000000000000000"
RING = Keyring([(7, MASTER)])
KEYS = RING.event(EVENT)
PLATFORM = RING.platform()
FORGERIES = 10_000
U64 = st.integers(0, 2**64 - 1)
U32 = st.integers(0, 2**32 - 1)

TICKET = {
    "epoch": 1,
    "live": False,
    "number": 5,
    "identity_digest": b"12345678",
    "device_key_hash": b"d" * 8,
    "issued_at_ms": 9,
}
ADMISSION = {"lease_id": b"l" * 16, "device_key_hash": b"d" * 8, "not_before_ms": 0, "expires_at_ms": 1_000}


def code_of(call, *args, **kwargs) -> str:
    with pytest.raises(TokenError) as caught:
        call(*args, **kwargs)
    assert caught.value.args == (caught.value.code,)
    return caught.value.code


def one_of_each() -> dict[str, str]:
    return {
        "queue": KEYS.mint_queue_ticket(**TICKET),
        "admission": KEYS.mint_admission(**ADMISSION),
        "hold": KEYS.mint_hold_token(b"h" * 16),
        "order": PLATFORM.mint_order_token("ord_1"),
        "signed": PLATFORM.mint_signed("link", b"payload", 1_000),
        "code": KEYS.mint_ticket_code(17, 2, 0, 1_000),
    }


def verifiers(keys=KEYS, platform=PLATFORM):
    return {
        "queue": keys.verify_queue_ticket,
        "admission": lambda token: keys.verify_admission(token, 5),
        "hold": keys.verify_hold_token,
        "order": platform.verify_order_token,
        "signed": lambda token: platform.verify_signed("link", token, 5),
        "code": lambda token: keys.verify_ticket_code(token, 5),
    }


def accepts(token: str, keys=KEYS, platform=PLATFORM) -> set[str]:
    accepted = set()
    for kind, verify in verifiers(keys, platform).items():
        try:
            verify(token)
        except TokenError:
            continue
        accepted.add(kind)
    return accepted


def test_the_golden_vectors_are_what_the_twin_writes():
    committed = json.loads((ROOT / "hotpath_rs/tests/vectors/tokens.json").read_text())
    assert committed == token_twin.vectors()


@given(
    U64, st.booleans(), U64, st.binary(min_size=8, max_size=32), st.binary(max_size=32), U64,
    st.text(min_size=1, max_size=16),
)  # fmt: skip
def test_a_queue_ticket_is_the_twins_and_reads_back(epoch, live, number, identity, device, issued, event):
    of = {"epoch": epoch, "live": live, "number": number, "identity_digest": identity, "device_key_hash": device}
    of["issued_at_ms"] = issued
    keys = RING.event(event)
    token = keys.mint_queue_ticket(**of)
    assert token == token_twin.queue_ticket(7, MASTER, event, of)
    ticket = keys.verify_queue_ticket(token)
    assert {name: getattr(ticket, name) for name in of} == of
    assert hotpath_rs.peek_event(token) == event


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=32), U64, U64)
def test_an_admission_token_is_the_twins_and_reads_back(lease, device, start, length):
    of = {"lease_id": lease, "device_key_hash": device, "not_before_ms": start}
    of["expires_at_ms"] = min(start + length + 1, 2**64 - 1)
    if start == 2**64 - 1:
        with pytest.raises(ValueError, match="expiry"):
            KEYS.mint_admission(**of)
        return
    token = KEYS.mint_admission(**of)
    assert token == token_twin.admission(7, MASTER, EVENT, of)
    admission = KEYS.verify_admission(token, start)
    assert {name: getattr(admission, name) for name in of} == of


@given(U32, st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 2), U32)
def test_a_ticket_code_is_the_twins_and_reads_back(unit, version, start, length):
    end = min(start + length + 1, 2**32 - 1)
    of = {"unit": unit, "version": version, "not_before_s": start, "expires_at_s": end}
    code = KEYS.mint_ticket_code(**of)
    assert code == token_twin.ticket_code(7, MASTER, EVENT, of)
    assert len(code) == hotpath_rs.TICKET_CODE_CHARS
    ticket = KEYS.verify_ticket_code(code, start)
    assert {name: getattr(ticket, name) for name in of} == of


@given(st.binary(min_size=16, max_size=16), st.text(min_size=1, max_size=16), st.binary(max_size=1024), U64)
def test_hold_order_and_signed_tokens_are_the_twins_and_read_back(hold, name, payload, expires):
    assert KEYS.mint_hold_token(hold) == token_twin.hold_token(7, MASTER, EVENT, hold)
    assert KEYS.verify_hold_token(KEYS.mint_hold_token(hold)) == hold
    assert PLATFORM.mint_order_token(name) == token_twin.order_token(7, MASTER, name)
    assert PLATFORM.verify_order_token(PLATFORM.mint_order_token(name)) == name
    purpose = name[:8]
    signed = PLATFORM.mint_signed(purpose, payload, expires)
    assert signed == token_twin.signed_token(7, MASTER, purpose, payload, expires)
    if expires > 0:
        assert PLATFORM.verify_signed(purpose, signed, expires - 1) == payload
    assert code_of(PLATFORM.verify_signed, purpose, signed, expires) == "expired"
    assert code_of(PLATFORM.verify_signed, purpose + "x", signed, 0) == "wrong_kind"


@settings(max_examples=30)
@given(U64, U64, st.binary(max_size=200))
def test_lease_ids_and_identity_digests_are_the_twins(epoch, number, identity):
    assert KEYS.lease_id(epoch, number) == token_twin.lease_id(MASTER, EVENT, epoch, number)
    assert KEYS.identity_digest(identity) == token_twin.identity_digest(MASTER, EVENT, identity)


def test_a_token_passes_only_for_its_own_kind_in_its_own_event():
    other = RING.event("evt_other")
    for kind, token in one_of_each().items():
        assert accepts(token) == {kind}
        expected = {kind} if kind in {"order", "signed"} else set()
        assert accepts(token, keys=other) == expected


def test_ten_thousand_forgeries_are_all_refused():
    """Flips, splices of two tokens, moved boundaries, other alphabets and paddings, foreign keys."""
    rng = random.Random(20261120)
    genuine = one_of_each()
    raw = {kind: token_twin.unspelled(token) for kind, token in genuine.items()}
    strangers = {"keys": Keyring([(7, b"x" * 32)]).event(EVENT), "platform": Keyring([(7, b"x" * 32)]).platform()}
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n"

    def flipped(one: bytearray, _: bytes) -> str:
        one[rng.randrange(len(one))] ^= rng.randrange(1, 256)
        return token_twin.spelled(bytes(one))

    def spliced(one: bytearray, two: bytes) -> str:
        return token_twin.spelled(bytes(one[: rng.randrange(len(one))]) + two[rng.randrange(len(two)) :])

    def shifted(one: bytearray, _: bytes) -> str:
        at, step = rng.randrange(len(one) - 1), rng.choice((1, -1))
        one[at], one[at + 1] = (one[at] + step) % 256, (one[at + 1] - step) % 256
        return token_twin.spelled(bytes(one))

    def respelled(one: bytearray, _: bytes) -> str:
        text = list(token_twin.spelled(bytes(one)))
        text[rng.randrange(len(text))] = rng.choice(alphabet)
        return "".join(text) + rng.choice(("", "", "=", "A", "\n"))

    def resized(one: bytearray, _: bytes) -> str:
        at = rng.randrange(len(one))
        one[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 4)))
        return token_twin.spelled(bytes(one[rng.randrange(2) :]))

    forged = 0
    while forged < FORGERIES:
        one, two = rng.choice(list(raw)), rng.choice(list(raw))
        token = rng.choice((flipped, spliced, shifted, respelled, resized))(bytearray(raw[one]), raw[two])
        if token in genuine.values():
            continue
        assert accepts(token) == set(), token
        forged += 1
    for token in genuine.values():
        assert accepts(token, **strangers) == set()


def test_the_last_characters_unused_bits_must_be_zero():
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for token in one_of_each().values():
        raw = token_twin.unspelled(token)
        lenient = [token[:-1] + last for last in alphabet if token_twin.unspelled(token[:-1] + last) == raw]
        assert len(lenient) == {0: 1, 2: 16, 3: 4}[len(token) % 4]
        assert [spelling for spelling in lenient if accepts(spelling)] == [token]


def test_every_refusal_has_its_code():
    tokens = one_of_each()
    two = Keyring([(8, b"n" * 32), (7, MASTER)])
    later = two.event(EVENT)
    assert two.signing_key_id == 8
    assert code_of(KEYS.verify_queue_ticket, "") == "malformed"
    assert code_of(KEYS.verify_queue_ticket, "A" * 3000) == "malformed"
    assert code_of(KEYS.verify_queue_ticket, tokens["admission"]) == "wrong_kind"
    assert code_of(KEYS.verify_hold_token, later.mint_hold_token(b"h" * 16)) == "unknown_key"
    assert code_of(KEYS.verify_hold_token, RING.event("evt_2").mint_hold_token(b"h" * 16)) == "wrong_event"
    assert code_of(Keyring([(7, b"x" * 32)]).event(EVENT).verify_hold_token, tokens["hold"]) == "bad_signature"
    assert code_of(KEYS.verify_admission, tokens["admission"], 1_000) == "expired"
    assert code_of(KEYS.verify_ticket_code, tokens["code"], 1_030) == "expired"
    assert code_of(KEYS.verify_ticket_code, KEYS.mint_ticket_code(1, 1, 100, 200), 69) == "not_yet_valid"
    assert code_of(hotpath_rs.peek_event, tokens["order"]) == "wrong_kind"
    assert code_of(hotpath_rs.peek_event, "é") == "malformed"
    assert isinstance(TokenError("x"), ValueError)
    assert later.verify_hold_token(tokens["hold"]) == b"h" * 16


@pytest.mark.parametrize("nonsense", ["\udcff", "a\ud800", "\x00", "\U0001f39f" * 9])
def test_a_string_that_is_no_text_is_malformed_like_any_other(nonsense):
    for verify in [*verifiers().values(), hotpath_rs.peek_event]:
        assert code_of(verify, nonsense) == "malformed"
    assert KEYS.verify_ticket_code_list([nonsense], 5) == b"\x01" + bytes(7)
    with pytest.raises(TypeError):
        KEYS.verify_ticket_code_list([b"bytes"], 5)


def test_times_can_be_left_to_the_caller():
    code = KEYS.mint_ticket_code(17, 2, 100, 200)
    assert KEYS.verify_ticket_code(code, 10_000, check_times=False).expires_at_s == 200
    assert KEYS.verify_ticket_code(code, 229).unit == 17
    assert code_of(KEYS.verify_ticket_code, code, 229, leeway_s=29) == "expired"


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: Keyring([]),
        lambda: Keyring([(1, b"x" * 32), (1, b"y" * 32)]),
        lambda: Keyring([(1, b"x" * 31)]),
        lambda: Keyring([(n, bytes([n]) * 32) for n in range(3)]),
        lambda: RING.event(""),
        lambda: KEYS.mint_queue_ticket(**{**TICKET, "identity_digest": b"1234567"}),
        lambda: KEYS.mint_queue_ticket(**{**TICKET, "device_key_hash": b"x" * 33}),
        lambda: KEYS.mint_admission(**{**ADMISSION, "lease_id": b"short"}),
        lambda: KEYS.mint_hold_token(b"short"),
        lambda: KEYS.mint_ticket_code(1, 1, 5, 5),
        lambda: PLATFORM.mint_order_token(""),
        lambda: PLATFORM.mint_signed("", b"", 1),
        lambda: PLATFORM.mint_signed("x", b"x" * 1025, 1),
        lambda: KEYS.verify_ticket_codes(b"\n" * hotpath_rs.TICKET_CODES_MAX, 0),
        lambda: KEYS.verify_ticket_code_list([""] * (hotpath_rs.TICKET_CODES_MAX + 1), 0),
    ],
)
def test_values_outside_their_range_are_a_value_error_of_the_caller(mistake):
    with pytest.raises(ValueError) as caught:
        mistake()
    assert not isinstance(caught.value, TokenError)


@pytest.mark.parametrize("number", [-1, 2**64])
def test_numbers_that_do_not_fit_their_field_overflow(number):
    with pytest.raises(OverflowError):
        KEYS.mint_queue_ticket(**{**TICKET, "number": number})


def test_a_batch_answers_in_order_what_each_code_gets_alone():
    words = ["ok", "malformed", "unknown_key", "bad_signature", "wrong_event", "not_yet_valid", "expired"]
    foreign = [Keyring([(9, b"x" * 32)]).event(EVENT), Keyring([(7, b"x" * 32)]).event(EVENT), RING.event("evt_2")]
    codes = []
    for unit in range(500):
        start, end = ((0, 1_000), (400, 1_000), (0, 5))[unit % 3]
        codes.append((*foreign, KEYS, KEYS, KEYS, KEYS)[unit % 7].mint_ticket_code(unit, unit, start, end))
        if unit % 11 == 0:
            codes[-1] = ("", "é", "A" * 54, codes[-1][:-1], codes[-1] + "=")[unit // 11 % 5]
    expected = []
    for code in codes:
        try:
            KEYS.verify_ticket_code(code, 100)
            word = "ok"
        except TokenError as refused:
            word = refused.code
        said = (
            KEYS.verify_ticket_code(code, 0, check_times=False) if word in {"ok", "not_yet_valid", "expired"} else None
        )
        expected.append((words.index(word), said.version if said else 0, said.unit if said else 0))
    assert {verdict for verdict, _, _ in expected} == set(range(7))
    packed = KEYS.verify_ticket_codes("\n".join(codes).encode(), 100)
    assert list(struct.iter_unpack("<BxHI", packed)) == expected
    assert KEYS.verify_ticket_code_list(codes, 100) == packed
    assert KEYS.verify_ticket_codes(b"", 100) == KEYS.verify_ticket_code_list([], 100) == b""


def test_many_threads_share_one_set_of_keys():
    codes = [KEYS.mint_ticket_code(unit, 1, 0, 1_000) for unit in range(2_000)]
    expected = KEYS.verify_ticket_code_list(codes, 5)
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(KEYS.verify_ticket_code_list(codes, 5))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8


def test_representations_show_no_digest_and_no_key():
    shown = repr(KEYS) + repr(RING) + repr(KEYS.verify_queue_ticket(one_of_each()["queue"]))
    assert "12345678" not in shown
    assert str(MASTER) not in shown


@pytest.mark.parametrize("setup", ["", "import sys; sys.path.insert(0, '.'); "])
def test_from_the_repository_root_the_extension_is_imported_and_not_the_crates_folder(setup):
    program = setup + "import hotpath_rs; print(hotpath_rs.Keyring, hotpath_rs.__file__)"
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "hotpath_rs.Keyring" in shown.stdout
    assert str(ROOT / "hotpath_rs" / "") not in shown.stdout
