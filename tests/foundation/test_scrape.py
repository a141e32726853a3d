"""Who may read the metrics: whoever brings the token, and where there is none, this machine."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from engine.foundation import http
from engine.foundation.errors import Forbidden

TOKEN = "t" * 32


def _asked(peer, **headers):
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: peer if name == "peername" else default
    return make_mocked_request("GET", "/metrics", headers=headers, transport=transport)


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("::1", 1)])
def test_without_a_token_this_machine_reads_the_metrics(peer):
    assert http.scrape(_asked(peer), "", trust_forwarded=False).status == 200


@pytest.mark.parametrize(
    "peer", [("192.0.2.1", 1), ("::ffff:192.0.2.1", 1), "", None], ids=["v4", "v6", "unix", "none"]
)
def test_without_a_token_nobody_else_reads_them(peer):
    with pytest.raises(Forbidden):
        http.scrape(_asked(peer), "", trust_forwarded=False)


def test_behind_a_proxy_it_is_the_caller_that_counts():
    with pytest.raises(Forbidden):
        http.scrape(_asked(("127.0.0.1", 1), **{"X-Forwarded-For": "127.0.0.1, 192.0.2.1"}), "", trust_forwarded=True)


def test_with_a_token_it_alone_opens():
    right = _asked(("192.0.2.1", 1), Authorization=f"Bearer {TOKEN}")
    assert http.scrape(right, TOKEN, trust_forwarded=False).status == 200
    for wrong in (_asked(("127.0.0.1", 1)), _asked(("127.0.0.1", 1), Authorization="Bearer " + "u" * 32)):
        with pytest.raises(Forbidden):
            http.scrape(wrong, TOKEN, trust_forwarded=False)
