"""What people agreed to be written about, and in which words they were asked."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from engine.domain.accounts.people import PersonChange, User
from engine.domain.fields import Id

Purpose = Literal["organizer_marketing", "platform_marketing", "sms_reminders"]
Source = Literal["checkout", "account", "import"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
OF_ORGANIZERS: Final[Purpose] = "organizer_marketing"
OWN: Final = tuple(purpose for purpose in PURPOSES if purpose != OF_ORGANIZERS)  # there is one of each
CHANGES_MAX: Final = 100
SHOWN_MAX: Final = 500

# The sentences next to a box that is not ticked, by version. One that is changed gets a new version, and the old one
# stays: records name it. tests/domain/accounts/test_consents.py compares the newest with the pages.
WORDINGS: Final = MappingProxyType[str, str](
    {
        "checkout-0": "The organizer may e-mail me about other events.",
        "checkout-1": "%(name)s may e-mail me about other events.",
        "account-1": "Tick what you want. Nothing is ticked that you did not tick yourself.",
        "api": "A program of the organizer's asked, in words of its own.",
    }
)
CHECKOUT: Final = "checkout-1"
ACCOUNT: Final = "account-1"
API: Final = "api"


def wording(version: str, language: str) -> str:
    """A version with the language that it was read in, as a record keeps it."""
    assert version in WORDINGS
    return f"{version}/{language}"


class Consent(Struct, frozen=True, kw_only=True):
    """The newest word about one purpose. ``organization_id`` and ``organization``: of an organizer's mails."""

    purpose: Purpose
    organization_id: str | None
    organization: str | None
    wording: str
    source: Source
    given_at: datetime
    withdrawn_at: datetime | None

    @property
    def is_given(self) -> bool:
        return self.withdrawn_at is None


class ConsentChange(Struct, frozen=True, kw_only=True):
    """``organization_id`` is needed for the mails of an organizer, and for nothing else."""

    purpose: Purpose
    given: bool
    organization_id: Id | None = None


Changes = Annotated[list[ConsentChange], Meta(max_length=CHANGES_MAX)]


class PreferencesChange(PersonChange, kw_only=True):
    """As PersonChange, with what one wants to be written about: what is not named stays."""

    consents: Changes | UnsetType = UNSET


class Preferences(User, frozen=True, kw_only=True):
    """The person with what they want to be written about; nothing while their address is not proven."""

    consents: tuple[Consent, ...] = ()


class AskedFor(Struct, frozen=True, tag="consent"):
    """What the link of one mail stops."""

    address: str
    purpose: Purpose
    organization_id: str | None = None


class AskedForAll(Struct, frozen=True, tag="consents"):
    """Whose choices a link shows and changes."""

    address: str
