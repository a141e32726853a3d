"""What every process reads from its environment, and the rules of it: each building adds the names it alone needs."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, MultiFernet
from pydantic import BeforeValidator, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import hotpath_rs

MASTER_KEY_BYTES = 32
MASTER_KEYS_MAX = 2
KEY_ID_MAX = 255
JWT_KEY_CHARS_MIN = 32
KEY_BYTES_DISTINCT_MIN = 8  # of 32 random ones, fewer come up once in 10^30 keys

_ROLL = "take 64 random hex digits, as `openssl rand -hex 32` makes them"
_HEX = re.compile(rf"[0-9a-fA-F]{{{2 * MASTER_KEY_BYTES}}}\Z")
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)]


class SharedSettings(BaseSettings):
    """``ONSALE_*``, frozen; a wrong value is refused at the start, and the refusal does not repeat it."""

    model_config = SettingsConfigDict(
        env_prefix="ONSALE_",
        frozen=True,
        extra="ignore",
        ignored_types=(cached_property,),
        hide_input_in_errors=True,
    )

    redis_url: str = "redis://127.0.0.1:6379/0"
    database_url: str = "postgresql://onsale@127.0.0.1:5432/onsale"

    master_keys: SecretStr  # "1:64 hex digits[,0:64 hex digits]", newest first: it signs, both verify
    jwt_key: SecretStr

    host: str = "127.0.0.1"
    engine_url: str = "http://127.0.0.1:8080"  # as people reach it
    waitingroom_url: str = "http://127.0.0.1:8081"
    admin_url: str = "http://127.0.0.1:8082"

    log_level: LogLevel = "info"
    metrics_token: SecretStr = SecretStr("")  # empty: /metrics answers loopback only
    rehearsal: bool = False  # lifts per-address limits for loopback clients
    trust_forwarded: bool = False  # the client's address is in X-Forwarded-For, written by our own proxy
    secure_cookies: bool = False  # set if TLS ends before us

    @field_validator("jwt_key")
    @classmethod
    def _jwt_key_is_long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < JWT_KEY_CHARS_MIN:
            raise ValueError(f"needs at least {JWT_KEY_CHARS_MIN} characters")
        return value

    @field_validator("master_keys")
    @classmethod
    def _master_keys_parse(cls, value: SecretStr) -> SecretStr:
        parse_master_keys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _safe(self) -> Self:
        """What must never meet the public is refused at the start, in one line."""
        wrong = list(self._unsafe())
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _unsafe(self) -> Iterator[str]:
        keys = [key for _, key in parse_master_keys(self.master_keys.get_secret_value())]
        jwt_key = self.jwt_key.get_secret_value()
        public = not is_loopback(self.host) or any(map(is_https, self.addresses))
        if any(not any(key) for key in keys):
            yield f"ONSALE_MASTER_KEYS is all zeros and can be guessed: {_ROLL}"
        elif public and any(len(set(key)) < KEY_BYTES_DISTINCT_MIN for key in keys):
            yield f"ONSALE_MASTER_KEYS repeats itself and can be guessed: {_ROLL}"
        if set(jwt_key) == {"0"} or (public and len(set(jwt_key)) < KEY_BYTES_DISTINCT_MIN):
            yield "ONSALE_JWT_KEY repeats itself and can be guessed: make it of random characters"
        if self.rehearsal and not is_loopback(self.host):
            yield f"ONSALE_REHEARSAL lifts limits and ONSALE_HOST is {self.host or 'every interface'}: one or the other"
        if not self.secure_cookies and any(map(is_https, self.addresses)):
            yield "an ONSALE_*_URL is https and ONSALE_SECURE_COOKIES is off: set it to 1"

    @property
    def addresses(self) -> tuple[str, str, str]:
        """The three apps as people reach them."""
        return self.engine_url, self.waitingroom_url, self.admin_url

    @cached_property
    def origins(self) -> frozenset[str]:
        """Scheme and host of the three: pages from there may send us something, whatever site they are on."""
        return frozenset(f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, self.addresses))

    @cached_property
    def keyring(self) -> hotpath_rs.Keyring:
        """The keys behind every token and ticket code."""
        return hotpath_rs.Keyring(parse_master_keys(self.master_keys.get_secret_value()))

    @cached_property
    def keyrings(self) -> list[hotpath_rs.Keyring]:
        """Each master key alone, the newest first: what was signed before a rotation can be signed the same again."""
        return [hotpath_rs.Keyring([pair]) for pair in parse_master_keys(self.master_keys.get_secret_value())]

    @cached_property
    def seal(self) -> MultiFernet:
        """Seals what the ledger keeps and must give back: with a key made of the newest master key, opened with any."""
        keys = [key for _, key in parse_master_keys(self.master_keys.get_secret_value())]
        made = [hmac.digest(key, b"onsale sealed secrets", "sha256") for key in keys]
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in made])

    @property
    def newest_master_key(self) -> bytes:
        """The one that signs."""
        return parse_master_keys(self.master_keys.get_secret_value())[0][1]


def parse_master_keys(text: str) -> list[tuple[int, bytes]]:
    """``1:hex,0:hex`` as (key id, key) pairs. ValueError if malformed."""
    keys = []
    for part in text.split(","):
        key_id, _, digits = part.strip().partition(":")
        key = bytes.fromhex(digits) if _HEX.match(digits) else b""
        if not key_id.isdecimal() or int(key_id) > KEY_ID_MAX or len(key) != MASTER_KEY_BYTES:
            raise ValueError("master keys are ID:64 hex digits")
        keys.append((int(key_id), key))
    if not 1 <= len(keys) <= MASTER_KEYS_MAX or len({key_id for key_id, _ in keys}) != len(keys):
        raise ValueError("one or two master keys with different ids")
    return keys


def is_https(address: str) -> bool:
    """Whether people reach this address over TLS."""
    return address.lower().startswith("https://")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
