"""Settings: one frozen object read from ``ONSALE_*`` environment variables, wrong values refused at the start."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import hotpath_rs

MASTER_KEY_BYTES = 32
MASTER_KEYS_MAX = 2


class Settings(BaseSettings):
    """Everything a process needs to know. ``onsale up`` makes the secrets and addresses up itself."""

    model_config = SettingsConfigDict(
        env_prefix="ONSALE_", frozen=True, extra="ignore", ignored_types=(cached_property,)
    )

    redis_url: str = "redis://127.0.0.1:6379/0"
    database_url: str = "postgresql://onsale@127.0.0.1:5432/onsale"
    database_pool_max: Annotated[int, Field(ge=2, le=64)] = 8

    # Master keys, newest first: "1:64 hex digits[,0:64 hex digits]". The first signs, both verify.
    master_keys: SecretStr
    jwt_key: SecretStr  # at least 32 characters

    engine_url: str = "http://127.0.0.1:8080"  # as people reach it
    waitingroom_url: str = "http://127.0.0.1:8081"
    admin_url: str = "http://127.0.0.1:8082"
    host: str = "127.0.0.1"

    stripe_url: str = "https://api.stripe.com"
    stripe_public_url: str = ""  # as the buyer's browser reaches it; empty: same as stripe_url
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_publishable_key: str = ""
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_rate_per_s: Annotated[int, Field(ge=1, le=1000)] = 25

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: bool = False
    mail_from: str = "onsale <tickets@localhost>"

    log_level: str = "info"
    worker_metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0  # on loopback; 0: the worker shows none
    metrics_token: SecretStr = SecretStr("")  # empty: /metrics answers loopback only
    rehearsal: bool = False  # lifts per-address limits for loopback clients
    trust_forwarded: bool = False  # read the client address from X-Forwarded-For (behind our own proxy)
    secure_cookies: bool = False  # set where TLS ends before us

    ticketing_enabled: bool = True
    checkout_enabled: bool = True
    refunds_enabled: bool = True
    scanning_enabled: bool = True

    @field_validator("jwt_key")
    @classmethod
    def _jwt_key_is_long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < MASTER_KEY_BYTES:
            raise ValueError("needs at least 32 characters")
        return value

    @field_validator("master_keys")
    @classmethod
    def _master_keys_parse(cls, value: SecretStr) -> SecretStr:
        parse_master_keys(value.get_secret_value())
        return value

    @cached_property
    def keyring(self) -> hotpath_rs.Keyring:
        """The keys behind every token and ticket code."""
        return hotpath_rs.Keyring(parse_master_keys(self.master_keys.get_secret_value()))

    @property
    def selling_enabled(self) -> bool:
        """Whether new holds and orders are taken. What was begun before is finished either way."""
        return self.ticketing_enabled and self.checkout_enabled

    @property
    def payments_are_sandboxed(self) -> bool:
        """Whether the provider is the local sandbox: pages then say so and show its card form."""
        return not self.stripe_url.startswith("https://api.stripe.com")


def parse_master_keys(text: str) -> list[tuple[int, bytes]]:
    """``1:hex,0:hex`` as (key id, key) pairs. ValueError where malformed."""
    keys = []
    for part in text.split(","):
        key_id, _, digits = part.strip().partition(":")
        key = bytes.fromhex(digits)
        if not key_id.isdecimal() or int(key_id) > 255 or len(key) != MASTER_KEY_BYTES:  # noqa: PLR2004 - one byte
            raise ValueError("master keys are ID:64 hex digits")
        keys.append((int(key_id), key))
    if not 1 <= len(keys) <= MASTER_KEYS_MAX or len({key_id for key_id, _ in keys}) != len(keys):
        raise ValueError("one or two master keys with different ids")
    return keys
