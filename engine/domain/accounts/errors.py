"""The refusals of accounts, below the general ones of engine/foundation/errors.py.

Unauthenticated 401
├── SignInRefused             sign_in_refused
├── RefreshRefused            refresh_refused
└── RefreshReused             refresh_reused            the whole family of tokens was revoked
Forbidden 403
└── AccountDisabled           account_disabled
NotFound 404
├── OrganizationUnknown       organization_unknown
└── MemberUnknown             member_unknown
Conflict 409
├── EmailTaken                email_taken
├── SlugTaken                 slug_taken
├── AlreadyMember             already_member
├── LastOwner                 last_owner
├── OrganizationInUse         organization_in_use
├── OrganizationSuspended     organization_suspended
└── TooManyOfThem             limit_reached             facts: limit
TooMany 429
├── SignInThrottled           sign_in_throttled
└── RegistrationThrottled     registration_throttled
"""

from __future__ import annotations

from engine.foundation.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated


class SignInRefused(Unauthenticated):
    """Said alike for a wrong password and an unknown address."""

    code, title = "sign_in_refused", "E-mail address or password is wrong"


class RefreshRefused(Unauthenticated):
    code, title = "refresh_refused", "This refresh token is not valid: sign in again"


class RefreshReused(Unauthenticated):
    code, title = "refresh_reused", "This refresh token was used before: sign in again"


class AccountDisabled(Forbidden):
    code, title = "account_disabled", "This account is disabled"


class OrganizationUnknown(NotFound):
    code, title = "organization_unknown", "There is no such organization"


class MemberUnknown(NotFound):
    code, title = "member_unknown", "There is no such member"


class EmailTaken(Conflict):
    code, title = "email_taken", "Somebody registered with this e-mail address"


class SlugTaken(Conflict):
    code, title = "slug_taken", "This short name is in use"


class AlreadyMember(Conflict):
    code, title = "already_member", "This person is a member already"


class LastOwner(Conflict):
    code, title = "last_owner", "An organization keeps at least one owner"


class OrganizationInUse(Conflict):
    code, title = "organization_in_use", "This organization has venues or events"


class OrganizationSuspended(Conflict):
    code, title = "organization_suspended", "This organization is suspended: it offers and sells nothing"


class TooManyOfThem(Conflict):
    code, title = "limit_reached", "There are as many of these as there may be"


class SignInThrottled(TooMany):
    code, title = "sign_in_throttled", "Too many failed attempts: try again later"


class RegistrationThrottled(TooMany):
    code, title = "registration_throttled", "Too many registrations from this address: try again later"
