"""What engine, admin and worker read from the environment. ``onsale up`` makes secrets and addresses up itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator

from engine.foundation import cors
from engine.foundation.openid_providers import OpenIdProvider, with_known
from engine.foundation.settings import SharedSettings

Port = Annotated[int, Field(ge=0, le=65535)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class Settings(SharedSettings):
    database_pool_max: Annotated[int, Field(ge=2, le=64)] = 8

    stripe_url: str = "https://api.stripe.com"
    stripe_public_url: str = ""  # as the buyer's browser reaches it; empty: same as stripe_url
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_publishable_key: str = ""
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_rate_per_s: Annotated[int, Field(ge=1, le=1000)] = 25

    smtp_host: str = "127.0.0.1"
    smtp_port: Port = 25
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: bool = False
    smtp_others: SecretStr = SecretStr("")  # smtp://user:password@host:port, ...: asked if the first does not answer
    mail_from: str = "onsale <tickets@localhost>"
    # Mail that cannot be delivered comes back to bounces+...@bounce_domain; the worker listens for it at bounce_port.
    bounce_domain: str = ""  # empty: it comes back to mail_from, and nobody reads it
    bounce_host: str = "127.0.0.1"
    bounce_port: Port = 0  # 0: the worker does not listen

    # A way that has no address is off.
    sms_url: str = ""  # https://api.twilio.com, or a provider that speaks its API
    sms_account: str = ""
    sms_secret: SecretStr = SecretStr("")
    sms_from: str = ""
    whatsapp_url: str = ""  # of a WAHA server
    whatsapp_key: SecretStr = SecretStr("")
    whatsapp_session: str = "default"
    whatsapp_hook_key: SecretStr = SecretStr("")  # with which the server signs what it tells us

    media_dir: str = "var/media"  # the folder of pictures, unless there is a bucket for them
    media_bucket: str = ""  # of a store that speaks S3; empty: the folder
    media_endpoint: str = ""  # its address; empty: Amazon's
    media_region: str = "us-east-1"
    media_key_id: str = ""
    media_secret_key: SecretStr = SecretStr("")

    webhooks_private: bool = False  # endpoints of webhooks may be http, and addresses of this network

    worker_metrics_port: Port = 0  # on loopback; 0: the worker shows none

    # Units of an event that one address block may have held or ordered and not paid for; 0: no limit.
    block_units_max: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    # Nobody is a platform admin by one factor, but with sandboxed payments or in a rehearsal.
    admins_need_second_factor: bool = True
    # invited: only who was mailed an invitation registers, and the platform's admins alone found organizations.
    registration: Literal["open", "invited"] = "open"

    api_origins: str = ""  # https://shop.example: sites whose pages may call the API, parted by blanks
    # {"google": {"client_id": "...", "client_secret": "..."}}: whose accounts people may sign in with.
    oidc_providers: dict[str, OpenIdProvider] = {}  # noqa: RUF012 - pydantic copies it
    # For how many days what tells of people is kept: docs/PRIVACY.md says why.
    retention_network_d: Days = 90
    retention_scan_place_d: Days = 30
    retention_guest_d: Days = 1095

    ticketing_enabled: bool = True
    checkout_enabled: bool = True
    refunds_enabled: bool = True
    scanning_enabled: bool = True

    @field_validator("api_origins")
    @classmethod
    def _origins_are_such(cls, given: str) -> str:
        return " ".join(cors.origins_in(given))

    @property
    def readers(self) -> frozenset[str]:
        """Other sites whose pages may call the API."""
        return frozenset(self.api_origins.split())

    @field_validator("oidc_providers", mode="before")
    @classmethod
    def _providers_are_known(cls, given: Any) -> Any:
        return with_known(given)

    @property
    def payments_are_sandboxed(self) -> bool:
        """Whether the provider is the local sandbox: pages then say so and show its card form."""
        return not self.stripe_url.startswith("https://api.stripe.com")
