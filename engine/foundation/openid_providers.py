"""Whose accounts people may sign in with: OpenID providers as the settings name them.

``ONSALE_OIDC_PROVIDERS`` is JSON: ``{"google": {"client_id": "...", "client_secret": "..."}}``. What is known of a
provider need not be said; another one is named with its ``issuer`` and its ``title``.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

PROVIDERS_MAX: Final = 8
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,19}\Z")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
Text = Annotated[str, Field(max_length=2000)]
# What each of them says of itself in its documentation.
KNOWN: Final = MappingProxyType[str, dict[str, Any]](
    {
        "google": {"issuer": "https://accounts.google.com", "title": "Google"},
        # It posts its answer if it is asked for an address.
        "apple": {"issuer": "https://appleid.apple.com", "title": "Apple", "answers_by": "form_post"},
        # Its discovery document names no such address.
        "facebook": {
            "issuer": "https://www.facebook.com",
            "title": "Facebook",
            "token_endpoint": "https://graph.facebook.com/oauth/access_token",
        },
    }
)


class OpenIdProvider(BaseModel):
    """One provider. ``client_secret`` is a text, or a private key in PEM with ``team_id`` and ``key_id`` (Apple)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    client_secret: SecretStr = SecretStr("")
    issuer: Text
    title: Annotated[str, Field(min_length=1, max_length=40)]
    token_endpoint: Text = ""
    answers_by: Literal["query", "form_post"] = "query"
    team_id: Text = ""
    key_id: Text = ""

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        """Codes and secrets travel over TLS, or not at all off this machine."""
        for url in filter(None, (self.issuer, self.token_endpoint)):
            if not is_private(url):
                raise ValueError("an address of a provider is https, or on this machine")
        return self


def is_private(url: str) -> bool:
    """Whether nobody between reads what is sent there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def with_known(given: Any) -> Any:
    """The providers that are given, with what is known of them filled in. ValueError for a name that is none."""
    if not isinstance(given, dict):
        return given
    if len(given) > PROVIDERS_MAX or not all(isinstance(name, str) and NAME.match(name) for name in given):
        raise ValueError(f"names at most {PROVIDERS_MAX} providers, in small letters")
    return {name: {**KNOWN.get(name, {}), **said} if isinstance(said, dict) else said for name, said in given.items()}
