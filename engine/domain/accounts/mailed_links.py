"""Links in mails: what each is for and how long it is good. A link proves the address that it was mailed to."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from engine.domain.accounts.people import Email, NewPassword

Purpose = Literal["verify_email", "reset_password", "invitation", "magic_link"]
TOKEN_BYTES: Final = 32
TOKEN_CHARS_MAX: Final = 200  # longer than ours: another kind of token is refused as one, not as a form
GOOD_FOR_S: Final = MappingProxyType[Purpose, int](
    {"verify_email": 30 * 60, "reset_password": 30 * 60, "invitation": 7 * 86_400, "magic_link": 15 * 60}
)
KEPT_D: Final = 30  # after its time is over, so that who comes late hears that it is, and not that it never was

LinkToken = Annotated[str, Meta(min_length=1, max_length=TOKEN_CHARS_MAX)]


class AddressGiven(Struct, kw_only=True):
    """An address that a link may be mailed to."""

    email: Email


class TokenShown(Struct, kw_only=True):
    """``token`` as it stands in the link."""

    token: LinkToken


class PasswordReset(Struct, kw_only=True):
    """Every session ends with it, and the address is proven."""

    token: LinkToken
    password: NewPassword


class Accepted(Struct, frozen=True, kw_only=True):
    """Said alike whether or not anybody has that address."""

    status: Literal["accepted"] = "accepted"


class Link(Struct, frozen=True, kw_only=True):
    """A link that is still good."""

    purpose: Purpose
    email: str
    user_id: str | None
    invitation_id: str | None
