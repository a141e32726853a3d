"""What every process of a stack reads: what the operator set, and what ``onsale up`` makes up for the rest.

What is set wins, name by name. A payment provider, a mail server or a provider of texts that was named leaves our
stand-in for it out.

NoSetting   what was set cannot be used together; the message says what is missing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from engine.foundation.settings import is_loopback

PREFIX = "ONSALE_"
PROVIDER = "https://api.stripe.com"
SANDBOX_RATE_PER_S = "1000"  # ours has no limit of its own
NAMES_PROVIDER = frozenset({"ONSALE_STRIPE_URL", "ONSALE_STRIPE_SECRET_KEY"})
NAMES_OIDC = "ONSALE_OIDC_PROVIDERS"
NAMES_MAIL = frozenset({"ONSALE_SMTP_HOST", "ONSALE_SMTP_PORT"})
NAMES_TEXTS = frozenset({"ONSALE_SMS_URL", "ONSALE_WHATSAPP_URL"})
# What our stand-ins are told, which believe anybody on this machine.
TEXTS_ACCOUNT, TEXTS_SECRET, TEXTS_FROM = "AC" + "0" * 32, "believes-anybody", "+15005550006"
BOUNCES = "bounces.localhost"


class NoSetting(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """The message is one line."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a stack put what it started itself."""

    redis: str
    postgres: str
    engine: str
    waitingroom: str
    admin: str
    sandbox: str
    media: str
    smtp_host: str
    smtp_port: int
    bounce_port: int
    texts: str
    oidc: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``settings`` are all ONSALE_* that the processes get; the flags say which stand-ins they lean on."""

    settings: dict[str, str]
    sandbox: bool
    mailbox: bool
    texts: bool
    oidc: bool = False


def surroundings(
    given: Mapping[str, str], secrets: Mapping[str, str], places: Places, *, rehearsal: bool
) -> Surroundings:
    """What is given, and made-up values for the rest. NoSetting."""
    told = {name: value for name, value in given.items() if name.startswith(PREFIX)}
    sandbox, mailbox = not NAMES_PROVIDER & told.keys(), not NAMES_MAIL & told.keys()
    texts = not NAMES_TEXTS & told.keys()
    made_up = {
        "ONSALE_REDIS_URL": places.redis,
        "ONSALE_DATABASE_URL": places.postgres,
        "ONSALE_MASTER_KEYS": secrets["master_keys"],
        "ONSALE_JWT_KEY": secrets["jwt_key"],
        "ONSALE_ENGINE_URL": places.engine,
        "ONSALE_WAITINGROOM_URL": places.waitingroom,
        "ONSALE_ADMIN_URL": places.admin,
        "ONSALE_MEDIA_DIR": places.media,
    }
    # Anybody signs in there as anybody: nothing for a shop that takes real money.
    oidc = sandbox and NAMES_OIDC not in told
    if oidc:
        stand_in = {"issuer": places.oidc, "title": "Sandbox", "client_id": "onsale", "client_secret": "sandbox"}
        made_up[NAMES_OIDC] = orjson.dumps({"sandbox": stand_in}).decode()
    if rehearsal:
        told.pop("ONSALE_REHEARSAL", None)  # the flag of the command line is as explicit, and nearer
        made_up["ONSALE_REHEARSAL"] = "1"
    if mailbox:
        made_up |= {
            "ONSALE_SMTP_HOST": places.smtp_host,
            "ONSALE_SMTP_PORT": str(places.smtp_port),
            "ONSALE_BOUNCE_DOMAIN": BOUNCES,
            "ONSALE_BOUNCE_PORT": str(places.bounce_port),
        }
    if texts:
        made_up |= {
            "ONSALE_SMS_URL": places.texts,
            "ONSALE_SMS_ACCOUNT": TEXTS_ACCOUNT,
            "ONSALE_SMS_SECRET": TEXTS_SECRET,
            "ONSALE_SMS_FROM": TEXTS_FROM,
            "ONSALE_WHATSAPP_URL": places.texts,
            "ONSALE_WHATSAPP_HOOK_KEY": TEXTS_SECRET,
        }
    if sandbox:
        made_up |= {
            "ONSALE_STRIPE_URL": places.sandbox,
            "ONSALE_STRIPE_SECRET_KEY": secrets["stripe_secret_key"],
            "ONSALE_STRIPE_PUBLISHABLE_KEY": secrets["stripe_publishable_key"],
            "ONSALE_STRIPE_WEBHOOK_SECRET": secrets["stripe_webhook_secret"],
            "ONSALE_STRIPE_RATE_PER_S": SANDBOX_RATE_PER_S,
        }
        if is_loopback(told.get("ONSALE_HOST", "127.0.0.1")):
            made_up["ONSALE_WEBHOOKS_PRIVATE"] = "1"  # who tries it out listens on the same machine
    elif told.get("ONSALE_STRIPE_URL", PROVIDER).startswith(PROVIDER):
        if not told.get("ONSALE_STRIPE_SECRET_KEY"):
            raise NoSetting(f"ONSALE_STRIPE_URL is {PROVIDER}: set ONSALE_STRIPE_SECRET_KEY as well")
    else:  # somebody else's sandbox takes any key
        made_up |= {
            "ONSALE_STRIPE_SECRET_KEY": secrets["stripe_secret_key"],
            "ONSALE_STRIPE_PUBLISHABLE_KEY": secrets["stripe_publishable_key"],
            "ONSALE_STRIPE_WEBHOOK_SECRET": secrets["stripe_webhook_secret"],
        }
    return Surroundings(made_up | told, sandbox, mailbox, texts, oidc)
