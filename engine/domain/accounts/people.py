"""People: how they register and sign in, and what a session is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import email_validator
from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.fields import NAME_CHARS_MAX, NO_NUL, Name, kept_name
from engine.foundation import folding
from engine.foundation.errors import Invalid
from engine.foundation.world import languages

EMAIL_CHARS_MAX = 254
PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX = 10, 256
INVITATION_TOKEN_CHARS_MAX = 200
SECONDS_MAX = 24  # accounts that are looked at when an address signs in, after the one that has it
SECONDS_KEPT_D = 7
REFRESH_TTL_D = 30
REFRESH_TOKEN_CHARS_MAX = 4096  # longer than ours: another kind of token is refused as one, not as a form

Email = Annotated[str, Meta(min_length=3, max_length=EMAIL_CHARS_MAX, pattern=NO_NUL)]
PHONE_CHARS_MAX = 40
LOCALE_CHARS_MAX = 35
PREFERENCES_MAX = 50
PreferenceName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_.-]+$(?!\n)")]
PreferenceText = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]
Phone = Annotated[str, Meta(min_length=3, max_length=PHONE_CHARS_MAX)]
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
    """``name`` follows the two parts of it if it is left out. ``phone`` is international: +1 604 555 0100.

    ``locale`` is a language of ours, as browsers say it (fr-CA is fr). A preference that is null is forgotten.
    """

    name: Name | UnsetType = UNSET
    first_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    locale: Annotated[str, Meta(min_length=2, max_length=LOCALE_CHARS_MAX)] | UnsetType = UNSET
    preferences: dict[PreferenceName, bool | int | PreferenceText | None] | UnsetType = UNSET


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
    """A person as shown to themselves.

    ``second_factor``: sign-ins ask for one; ``second_factor_asked``: an organization of theirs wants that.
    """

    id: str
    email: str
    name: str
    is_admin: bool
    email_verified_at: datetime | None
    created_at: datetime
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    locale: str = languages.DEFAULT
    preferences: dict[str, bool | int | str] = {}
    second_factor: bool = False
    second_factor_asked: bool = False
    organizations: tuple[Membership, ...] = ()


class Session(Struct, frozen=True, kw_only=True):
    """An access token for ``expires_in`` seconds and the refresh token for the next one."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name
    user: User


_PHONE_SIGNS = re.compile(r"[\s().\-/\u2010-\u2015]")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")

# Staging and rehearsals live under .test, .local and localhost; whether a domain takes mail is the mail server's word.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def phone_normal(text: str) -> str:
    """A telephone number in one spelling (E.164): + and digits. Invalid if it is none, or names no country."""
    digits = _PHONE_SIGNS.sub("", text)
    if not _PHONE.fullmatch(digits):
        raise Invalid.at("/phone", "invalid_phone", "Write the number with its country: +1 604 555 0100")
    return digits


def locale_known(tag: str) -> str:
    """The language of ours that this is. Invalid if we do not speak it."""
    language = languages.known(tag)
    if language is None:
        raise Invalid.at("/locale", "invalid_locale", f"Choose one of {', '.join(languages.LANGUAGES)}")
    return language


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


def changed(given: PersonChange) -> dict[str, str | dict[str, bool | int | str] | None]:
    """The columns that a change sets, folded, but for preferences. Invalid."""
    columns: dict[str, str | dict[str, bool | int | str] | None] = {}
    for field in ("first_name", "last_name", "name"):
        text = getattr(given, field)
        if text is not UNSET:
            columns[field] = kept_name(f"/{field}", text) if text is not None else None
    if "name" not in columns and columns.get("first_name") and columns.get("last_name"):
        columns["name"] = f"{columns['first_name']} {columns['last_name']}"[:NAME_CHARS_MAX]
    if not isinstance(given.phone, UnsetType):
        columns["phone"] = phone_normal(given.phone) if given.phone is not None else None
    if not isinstance(given.locale, UnsetType):
        columns["locale"] = locale_known(given.locale)
    return columns


def preferred(
    kept: dict[str, bool | int | str], given: dict[str, bool | int | str | None]
) -> dict[str, bool | int | str]:
    """What is kept with what is given over it. Invalid beyond PREFERENCES_MAX."""
    found = {name: value for name, value in {**kept, **given}.items() if value is not None}
    if len(found) > PREFERENCES_MAX:
        raise Invalid.at("/preferences", "invalid_value", f"At most {PREFERENCES_MAX} preferences are kept")
    return found
