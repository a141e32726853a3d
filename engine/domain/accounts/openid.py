"""Signing in with an account that somebody has elsewhere (OpenID Connect): what is asked, what is believed.

Malformed 400
└── ProviderRefused           provider_refused          what it says does not hold: signature, issuer, nonce, time
Forbidden 403
├── ProviderDeclined          provider_declined         the person said no there
├── AddressUnproven           address_unproven          it does not say that the address is theirs
└── SignInNotFresh            fresh_sign_in_required    facts: within_s
NotFound 404
├── ProviderUnknown           provider_unknown
└── IdentityUnknown           identity_unknown
Conflict 409
├── SignInFirst               sign_in_first             told to nobody but who proved the address
├── IdentityTaken             identity_taken
└── TooManyWays               too_many_ways             facts: limit
Gone 410
└── AttemptOver               attempt_over              too old, used, or begun in another browser
Unavailable 503
└── ProviderAway              provider_away
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from engine.domain.accounts.people import Session
from engine.domain.fields import NAME_CHARS_MAX
from engine.foundation.errors import Conflict, Forbidden, Gone, Malformed, NotFound, Unavailable

ATTEMPT_TTL_S: Final = 600
ATTEMPT_BYTES: Final = 32
ATTEMPT_COOKIE: Final = "onsale_attempt"
CHALLENGE_COOKIE: Final = "onsale_challenge"  # the first factor was right: what the page of the code shows
FRESH_S: Final = 600  # a way to sign in is added by who signed in no longer ago
SUBJECT_CHARS_MAX: Final = 255  # OpenID Connect Core 1.0, section 2
CODE_CHARS_MAX: Final = 2048  # each as three in a line that a server reads 8 KiB of
SHOWN_CHARS: Final = r"^[ -~]*$"  # RFC 6749, appendix A
STATE_CHARS_MAX: Final = 200
RETURN_CHARS_MAX: Final = 1000
START: Final = "/account"
IDENTITIES_MAX: Final = 8  # of a person
SANE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_OWN_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*\Z")


class ProviderRefused(Malformed):
    code, title = "provider_refused", "The answer of the other account cannot be trusted: begin again"


class ProviderDeclined(Forbidden):
    code, title = "provider_declined", "You did not let us in there: nothing was changed"


class AddressUnproven(Forbidden):
    """Said alike whether or not somebody has an account with the address."""

    code = "address_unproven"
    title = "It does not confirm an e-mail address: sign in another way, then connect it on the page of your account"


class SignInNotFresh(Forbidden):
    code, title = "fresh_sign_in_required", "Sign in again first: this needs a sign-in of the last minutes"


class ProviderUnknown(NotFound):
    code, title = "provider_unknown", "Nobody signs in that way here"


class IdentityUnknown(NotFound):
    code, title = "identity_unknown", "This account is not connected"


class SignInFirst(Conflict):
    """Who made the account has not proven the address, or is a platform admin: it takes more than an address."""

    code = "sign_in_first"
    title = "Your address has an account: sign in to it by a mailed link first, then connect the two on its page"


class IdentityTaken(Conflict):
    code, title = "identity_taken", "This is connected to another account already"


class TooManyWays(Conflict):
    code, title = "too_many_ways", "You have as many ways to sign in as there may be: take one away first"


class AttemptOver(Gone):
    code, title = "attempt_over", "This took too long, or was begun in another browser: begin again"


class ProviderAway(Unavailable):
    code, title = "provider_away", "The other account does not answer: try again, or sign in another way"


class StartAsked(Struct, kw_only=True, forbid_unknown_fields=True):
    """``return_to``: a path of ours to go on to; anything else leads to the account's page."""

    return_to: Annotated[str, Meta(max_length=RETURN_CHARS_MAX)] = ""


class Answered(Struct, kw_only=True):
    """What a provider sends a browser back with: ``code`` and ``state``, or ``error`` and ``state``."""

    code: Annotated[str, Meta(max_length=CODE_CHARS_MAX, pattern=SHOWN_CHARS)] = ""
    state: Annotated[str, Meta(max_length=STATE_CHARS_MAX, pattern=SHOWN_CHARS)] = ""
    error: Annotated[str, Meta(max_length=STATE_CHARS_MAX, pattern=SHOWN_CHARS)] = ""


class Attempt(Struct, frozen=True, kw_only=True):
    """What is remembered while somebody is away at a provider.

    ``browser``: the digest of the cookie that it began with. ``link_to``: whose account is connected; "" to sign in.
    """

    provider: str
    nonce: str
    verifier: str
    browser: str
    redirect_uri: str
    return_to: str
    link_to: str = ""


class Claims(Struct, frozen=True, kw_only=True):
    """What a provider says of a person, its signature checked. ``email`` "" if it says none."""

    issuer: str
    subject: str
    email: str = ""
    is_proven: bool = False
    name: str = ""


class ProviderShown(Struct, frozen=True, kw_only=True):
    """One way to sign in, for a button. ``posts``: it has the browser post its answer."""

    name: str
    title: str
    posts: bool = False


class Begun(Struct, frozen=True, kw_only=True):
    """``url``: the browser goes there; ``browser``: what its cookie must show when it comes back."""

    url: str
    browser: str


class Identity(Struct, frozen=True, kw_only=True):
    """An account elsewhere that signs in here."""

    id: str
    provider: str
    email: str
    created_at: datetime
    used_at: datetime | None


class Finished(Struct, frozen=True, kw_only=True):
    """Back from a provider. ``session`` None if a code is asked for first (``challenge``), or if two were connected."""

    return_to: str
    session: Session | None = None
    challenge: str = ""


def return_path(text: str) -> str:
    """Where to go on to: a path of our own, or the account's page. No other host, no scheme, no backslash."""
    return text if len(text) <= RETURN_CHARS_MAX and _OWN_PATH.match(text) else START


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def claims_in(issuer: str, said: dict[str, object]) -> Claims:
    """What of a checked ID token counts. An address is proven by ``true`` alone, or by Apple's "true"."""
    email, name = said.get("email"), said.get("name")
    return Claims(
        issuer=issuer,
        subject=str(said["sub"])[:SUBJECT_CHARS_MAX],
        email=email if isinstance(email, str) else "",
        is_proven=said.get("email_verified") in (True, "true"),
        name=name[:NAME_CHARS_MAX] if isinstance(name, str) else "",
    )
