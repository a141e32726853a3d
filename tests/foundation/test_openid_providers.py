"""Providers as the settings name them: what is known of them is filled in, what travels in the clear is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engine.settings import Settings

KEYS = {"master_keys": "1:" + "1f" * 32, "jwt_key": "k" * 40}
OWN = {"client_id": "me", "client_secret": "s3cret"}


def test_a_known_provider_needs_its_client_alone():
    given = {"google": OWN, "apple": OWN, "facebook": OWN}
    kept = Settings(**KEYS, oidc_providers=given).oidc_providers
    assert {name: each.issuer for name, each in kept.items()} == {
        "google": "https://accounts.google.com",
        "apple": "https://appleid.apple.com",
        "facebook": "https://www.facebook.com",
    }
    assert [each.answers_by for each in kept.values()] == ["query", "form_post", "query"]
    assert "s3cret" not in repr(kept)


@pytest.mark.parametrize(
    "given",
    [
        {"Google": OWN},
        {"my provider": OWN},
        {"another": OWN},
        {"another": {**OWN, "title": "A", "issuer": "http://another.test"}},
        {"another": {**OWN, "title": "A", "issuer": "ftp://another.test"}},
        {"google": {**OWN, "token_endpoint": "http://another.test"}},
        {"google": {**OWN, "unknown": "x"}},
        {"google": {}},
        {"google": "text"},
        {f"p{number}": {**OWN, "title": "P", "issuer": "https://p.test"} for number in range(9)},
    ],
)
def test_what_cannot_be_a_provider_is_refused_at_the_start_and_not_repeated(given: dict[str, object]):
    with pytest.raises(ValidationError) as refused:
        Settings(**KEYS, oidc_providers=given)
    assert "s3cret" not in str(refused.value)
