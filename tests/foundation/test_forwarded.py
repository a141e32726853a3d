"""Whose address a request speaks of behind a proxy: what the proxy wrote last, however it writes."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from engine.foundation import forwarded, http
from engine.foundation.address_limits import block_of, is_loopback


def _asked(*lines, peer="127.0.0.1"):
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: (peer, 1) if name == "peername" else default
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    return make_mocked_request("GET", "/", headers=headers, transport=transport)


def _address(*lines, peer="127.0.0.1"):
    return http.client_address(_asked(*lines, peer=peer), trust_forwarded=True)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("  192.0.2.1  ", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
    ],
)
def test_the_last_entry_is_read_however_it_is_written(said, address):
    assert _address(said) == address
    assert _address("6.6.6.6", said) == address, "the last line counts"
    assert _address("6.6.6.6, 7.7.7.7", "8.8.8.8", said) == address


@pytest.mark.parametrize(
    "said",
    [
        "", " ", ",", "192.0.2.1,", "unknown", "_hidden", "localhost", "proxy.internal", "192.0.2.256",
        "192.0.2", "0x7f.1", "192.0.2.1:port", "192.0.2.1:", "192.0.2.1:999999", "[2001:db8::1", "[2001:db8::1]x",
        "[]", "1.2.3.4 5.6.7.8",
        "for=192.0.2.1", "127.0.0.1", "127.8.8.8:80", "::1", "[::1]:80", "::ffff:127.0.0.1", "0.0.0.0",
        "::", "1" * 5000, "192.0.2.\u0661",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_counted_together_and_is_never_this_machine(said):
    for address in (_address(said), _address("192.0.2.1", said), _address(said, peer="192.0.2.9")):
        assert address == forwarded.UNKNOWN
        assert not is_loopback(address)
        assert block_of(address) == "unknown"


def test_without_a_proxy_of_ours_the_line_is_the_callers_own_word():
    asked = _asked("192.0.2.1", peer="198.51.100.7")
    assert http.client_address(asked, trust_forwarded=False) == "198.51.100.7"


def test_who_comes_past_the_proxy_is_known_by_the_connection():
    assert _address(peer="198.51.100.7") == "198.51.100.7"
