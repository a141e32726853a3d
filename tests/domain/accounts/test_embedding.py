"""Sites that may show events: only what a browser's policy reads as one host, and public ones over TLS."""

from __future__ import annotations

import pytest

from engine.domain.accounts import embedding
from engine.foundation.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://www.example.com", "https://www.example.com"),
        (" https://WWW.Example.com/ ", "https://www.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://exämple.de", "https://xn--exmple-cua.de"),
    ],
)
def test_a_site_is_kept_in_its_one_spelling(typed, kept):
    assert embedding.checked([typed, kept], own_machine=False) == [kept]


@pytest.mark.parametrize(
    "typed",
    [
        "", "null", "*", "example.com", "http://example.com", "https://*.example.com", "https://example.com/tickets",
        "https://example.com?a", "https://example.com#", "https://me@example.com", "https://example.com:99999",
        "https://example.com; script-src *", "https://example.com'", "https://example .com", "https://a..com",
        "https://1.2.3.4", "https://[::1]", "https://intranet", "javascript:alert(1)", "data:text/html,x",
        "http://localhost:3000", "https://localhost", "https://127.0.0.1",
    ],
)  # fmt: skip
def test_what_is_no_public_site_is_refused_where_it_stands(typed):
    with pytest.raises(Invalid) as refused:
        embedding.checked(["https://example.com", typed], own_machine=False)
    assert [fault["pointer"] for fault in refused.value.errors] == ["/embed_origins/1"]


def test_somebody_who_tries_it_out_may_name_their_own_machine():
    typed = ["http://localhost:3000", "http://127.0.0.1:80", "https://localhost"]
    assert embedding.checked(typed, own_machine=True) == [
        "http://localhost:3000", "http://127.0.0.1", "https://localhost",
    ]  # fmt: skip
    with pytest.raises(Invalid):
        embedding.checked(["http://example.com"], own_machine=True)
