"""Hosts that may be of our own network, in every disguise."""

from __future__ import annotations

import pytest

from engine.foundation.public_hosts import is_public, may_be_public

PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808")
PRIVATE = (
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
    "224.0.0.1", "192.0.2.1", "240.0.0.1", "::", "::1", "fd00::1", "fe80::1", "fe80::1%eth0", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet_is_one(address: str) -> None:
    assert is_public(address)
    assert may_be_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_leads_into_a_network_of_ours_is_none(address: str) -> None:
    assert not is_public(address)
    assert not may_be_public(address)


@pytest.mark.parametrize(
    "host",
    ["", ".", "localhost", "LOCALHOST.", "printer", "a.localhost", "db.internal", "nas.local", "127.1", "0x7f.1",
     "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3.4.5", "[::1]"],
)  # fmt: skip
def test_local_names_and_numbers_in_other_spellings_are_refused(host: str) -> None:
    assert not may_be_public(host)


def test_a_name_of_several_parts_may_be_public() -> None:
    assert all(map(may_be_public, ("example.com", "hooks.example.com.", "xn--bcher-kva.test", "1.example.com")))
