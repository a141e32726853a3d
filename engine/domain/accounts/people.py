"""People: how they register and sign in, and what a session is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import email_validator
from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import NO_NUL, Name
from engine.foundation import folding
from engine.foundation.errors import Invalid

EMAIL_CHARS_MAX = 254
PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX = 10, 256
INVITATION_TOKEN_CHARS_MAX = 200
SECONDS_MAX = 24  # accounts that are looked at when an address signs in, after the one that has it
SECONDS_KEPT_D = 7
REFRESH_TTL_D = 30
REFRESH_TOKEN_CHARS_MAX = 4096  # longer than ours: another kind of token is refused as one, not as a form

Email = Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=NO_NUL)]
NewPassword = Annotated[str, Meta(min_length=PASSWORD_CHARS_MIN, max_length=PASSWORD_CHARS_MAX)]


class Registration(Struct, kw_only=True):
    """``name`` is what stands before the @ if it is left out.

    ``invitation`` is the token of a mailed invitation to this address: it proves the address, and is not used up.
    """

    email: Email
    password: NewPassword
    name: Name | None = None
    invitation: Annotated[str, Meta(min_length=1, max_length=INVITATION_TOKEN_CHARS_MAX)] | None = None


class Credentials(Struct, kw_only=True):
    """What is typed to sign in; a password that could never have been set is refused like a wrong one."""

    email: Email
    password: Annotated[str, Meta(max_length=PASSWORD_CHARS_MAX)]


class RefreshRequest(Struct, kw_only=True):
    refresh_token: Annotated[str, Meta(min_length=1, max_length=REFRESH_TOKEN_CHARS_MAX)]


class SignOut(Struct, kw_only=True):
    """Which session ends; without a token, all those of the person who asks."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=REFRESH_TOKEN_CHARS_MAX)] | None = None


class PersonChange(Struct, kw_only=True):
    name: Name | UnsetType = UNSET


class PasswordChange(Struct, kw_only=True):
    """Every other session ends with it."""

    current_password: Annotated[str, Meta(max_length=PASSWORD_CHARS_MAX)]
    new_password: NewPassword


class Membership(Struct, frozen=True, kw_only=True):
    organization_id: str
    name: str
    slug: str
    role: str


class User(Struct, frozen=True, kw_only=True):
    """A person as shown to themselves."""

    id: str
    email: str
    name: str
    is_admin: bool
    email_verified_at: datetime | None
    created_at: datetime
    organizations: tuple[Membership, ...] = ()


class Session(Struct, frozen=True, kw_only=True):
    """An access token for ``expires_in`` seconds and the refresh token for the next one."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name
    user: User


# Staging and rehearsals live under .test, .local and localhost; whether a domain takes mail is the mail server's word.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def email_normal(text: str) -> str:
    """The one spelling of an address as the ledger keeps it. Invalid if it is none."""
    try:
        folded = folding.email_folded(text)
        email_validator.validate_email(folded, check_deliverability=False, globally_deliverable=False)
    except (folding.NotAnAddress, email_validator.EmailNotValidError) as error:
        raise Invalid.at("/email", "invalid_email", "This is not an e-mail address") from error
    return folded


def email_typed(text: str) -> str:
    """As ``email_normal`` for an address that is only compared; what is none is nobody's, and stays as it is."""
    try:
        return folding.email_folded(text)
    except folding.NotAnAddress:
        return text.strip().lower()
