"""The refusals of accounts, below the general ones of engine/foundation/errors.py.

Malformed 400
└── TokenInvalid              token_invalid             unknown, used, called back, or for something else
Gone 410
├── TokenExpired              token_expired
└── ChallengeOver             challenge_over            too old, used, or tried too often
Unauthenticated 401
├── SignInRefused             sign_in_refused
├── SecondFactorRequired      second_factor_required    facts: challenge
├── SecondFactorWrong         second_factor_wrong
├── RefreshRefused            refresh_refused
└── RefreshReused             refresh_reused            the whole family of tokens was revoked
Forbidden 403
├── AccountDisabled           account_disabled
├── EmailUnverified           email_unverified
├── InvitationOfAnother       invitation_of_another
├── SecondFactorNeeded        second_factor_needed      the organization, or the platform, asks its people for one
├── ScopeMissing              scope_missing             facts: scope
├── RegistrationInvited       registration_invited      the platform registers by invitation alone
└── FoundingReserved          founding_reserved         there, its admins found organizations
NotFound 404
├── OrganizationUnknown       organization_unknown
├── MemberUnknown             member_unknown
├── InvitationUnknown         invitation_unknown
├── SessionUnknown            session_unknown
└── ApiKeyUnknown             api_key_unknown
Conflict 409
├── EmailTaken                email_taken
├── SlugTaken                 slug_taken
├── NameLooksTaken            name_looks_taken
├── AlreadyMember             already_member
├── LastOwner                 last_owner
├── OrganizationInUse         organization_in_use
├── OrganizationSuspended     organization_suspended
├── SecondFactorIsOn          second_factor_on
├── SecondFactorIsOff         second_factor_off
├── AdminStays                admin_stays
└── TooManyOfThem             limit_reached             facts: limit
TooMany 429
├── SignInThrottled           sign_in_throttled
├── RegistrationThrottled     registration_throttled
├── MailThrottled             mail_throttled
├── CodesThrottled            too_many_attempts         wrong codes of a second factor
├── KeyThrottled              key_throttled             facts: per_s
└── HashesThrottled           hashes_throttled          too many passwords of one address block wait to be checked
"""

from __future__ import annotations

from engine.foundation.errors import Conflict, Forbidden, Gone, Malformed, NotFound, TooMany, Unauthenticated


class TokenInvalid(Malformed):
    """Said alike for a link that never was, one that was used, and one that was called back."""

    code, title = "token_invalid", "This link is not valid, or was used before"


class TokenExpired(Gone):
    code, title = "token_expired", "This link is too old: ask for another"


class SignInRefused(Unauthenticated):
    """Said alike for a wrong password and an unknown address."""

    code, title = "sign_in_refused", "E-mail address or password is wrong"


class SecondFactorRequired(Unauthenticated):
    """The password, or the mailed link, was right; ``challenge`` is answered with a code."""

    code, title = "second_factor_required", "Enter the code that your app shows"


class SecondFactorWrong(Unauthenticated):
    """Said alike for a wrong code, one that was used, and one whose time is over."""

    code, title = "second_factor_wrong", "This code is wrong, or was used before"


class ChallengeOver(Gone):
    code, title = "challenge_over", "This took too long, or too many codes were wrong: sign in again"


class RefreshRefused(Unauthenticated):
    code, title = "refresh_refused", "This refresh token is not valid: sign in again"


class RefreshReused(Unauthenticated):
    code, title = "refresh_reused", "This refresh token was used before: sign in again"


class AccountDisabled(Forbidden):
    code, title = "account_disabled", "This account is disabled"


class EmailUnverified(Forbidden):
    code, title = "email_unverified", "Confirm your e-mail address first: we can mail you a link"


class InvitationOfAnother(Forbidden):
    code, title = "invitation_of_another", "This invitation was mailed to another address"


class SecondFactorNeeded(Forbidden):
    code, title = "second_factor_needed", "Set up a second factor first: it is asked for here"


class ScopeMissing(Forbidden):
    """``scope`` is what the key would need; none is named if no key may do this."""

    code, title = "scope_missing", "This key's scopes do not allow this"


class RegistrationInvited(Forbidden):
    code, title = "registration_invited", "Accounts are made by invitation here"


class FoundingReserved(Forbidden):
    code, title = "founding_reserved", "Organizations are founded by the platform here"


class OrganizationUnknown(NotFound):
    code, title = "organization_unknown", "There is no such organization"


class MemberUnknown(NotFound):
    code, title = "member_unknown", "There is no such member"


class InvitationUnknown(NotFound):
    code, title = "invitation_unknown", "There is no such invitation"


class SessionUnknown(NotFound):
    code, title = "session_unknown", "There is no such session"


class ApiKeyUnknown(NotFound):
    code, title = "api_key_unknown", "There is no such key"


class EmailTaken(Conflict):
    """Told to nobody but who proved that the address is theirs."""

    code, title = "email_taken", "Somebody registered with this e-mail address"


class SlugTaken(Conflict):
    code, title = "slug_taken", "This short name is in use"


class NameLooksTaken(Conflict):
    code, title = "name_looks_taken", "This name looks like another organization's: write it differently"


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


class AdminStays(Conflict):
    code, title = "admin_stays", "A platform admin's account is not erased: another admin shuts it"


class SecondFactorIsOn(Conflict):
    code, title = "second_factor_on", "This account has a second factor already: take it away first"


class SecondFactorIsOff(Conflict):
    code, title = "second_factor_off", "This account has no second factor, or none was begun"


class SignInThrottled(TooMany):
    code, title = "sign_in_throttled", "Too many failed attempts: try again later"


class RegistrationThrottled(TooMany):
    code, title = "registration_throttled", "Too many registrations from this address: try again later"


class MailThrottled(TooMany):
    code, title = "mail_throttled", "Too many mails were asked for: try again later"


class CodesThrottled(TooMany):
    code, title = "too_many_attempts", "Too many wrong codes: try again later"


class KeyThrottled(TooMany):
    code, title = "key_throttled", "This key asks too often"


class HashesThrottled(TooMany):
    code, title = "hashes_throttled", "Too many sign-ins from your part of the network: try again in a moment"
