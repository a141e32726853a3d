"""Passkeys: added by who signed in a moment ago, shown to sign in, renamed, taken away.

A ceremony is a challenge, good once and for CEREMONY_TTL_S; it lies in Redis under its digest with the person who adds
a passkey, or nobody if it signs in. The library checks what the browser signed: challenge, origin, domain, signature,
and that the device's count did not go back.

``auth:passkey:<digest>``  string  the person's id, "" to sign in
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Any, Final

import msgspec
import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from engine.domain.accounts.errors import AccountDisabled
from engine.domain.accounts.openid import TooManyWays
from engine.domain.accounts.passkeys import (
    CEREMONY_TTL_S,
    CHALLENGE_BYTES,
    CREDENTIAL_BYTES_MAX,
    CREDENTIAL_ID_BYTES_MAX,
    PARTY,
    PASSKEYS_MAX,
    NewPasskey,
    Party,
    Passkey,
    PasskeyRefused,
    PasskeyShown,
    PasskeyTaken,
    PasskeyUnknown,
)
from engine.domain.accounts.people import Session
from engine.domain.accounts.sessions import Caller
from engine.domain.errands import MailAccountNotice
from engine.domain.fields import kept_name
from engine.foundation.bearer import Person
from engine.foundation.clock import now_ms
from engine.foundation.connections import HotRedis
from engine.foundation.errors import Unauthenticated
from engine.foundation.ids import new_id
from engine.services.accounts.sign_ins import SignIns
from engine.stores import activity, outbox
from engine.stores.accounts import passkeys as store
from engine.stores.accounts import people as people_store
from engine.stores.database import Pool

# What the library and the parsers below it raise at bytes that are none of a passkey's.
BROKEN: Final = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, binascii.Error)


class Passkeys:
    """``party``: the domain and the origins that these passkeys are for."""

    def __init__(self, *, pool: Pool, hot: HotRedis, sign_ins: SignIns, party: Party) -> None:
        self._pool = pool
        self._hot = hot
        self._sign_ins = sign_ins
        self.party = party

    async def begin_adding(self, person: Person) -> dict[str, Any]:
        """What a browser makes a passkey with. SignInNotFresh, TooManyWays."""
        await self._sign_ins.check_fresh(person)
        row = await people_store.secrets_by_id(self._pool, person.user_id)
        if row is None:
            raise Unauthenticated("This account is gone")
        known = await store.credentials_of(self._pool, person.user_id)
        if len(known) >= PASSKEYS_MAX:
            raise TooManyWays(limit=PASSKEYS_MAX)
        options = webauthn.generate_registration_options(
            rp_id=self.party.domain,
            rp_name=PARTY,
            user_id=_handle(person.user_id),
            user_name=row["email"],
            user_display_name=row["name"],
            challenge=await self._ceremony(person.user_id),
            timeout=CEREMONY_TTL_S * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        )
        return _plain(options)

    async def add(self, person: Person, given: NewPasskey, caller: Caller) -> Passkey:
        """Keep what the browser made. SignInNotFresh, PasskeyRefused, PasskeyTaken, TooManyWays."""
        await self._sign_ins.check_fresh(person)
        name, challenge = kept_name("/name", given.name), await self._challenge(given.credential, person.user_id)
        try:
            made = webauthn.verify_registration_response(
                credential=given.credential,
                expected_challenge=challenge,
                expected_rp_id=self.party.domain,
                expected_origin=list(self.party.origins),
            )
        except BROKEN as error:
            raise PasskeyRefused from error
        if len(made.credential_id) > CREDENTIAL_ID_BYTES_MAX:
            raise PasskeyRefused
        async with self._pool.acquire() as db, db.transaction():
            row = await people_store.lock(db, person.user_id)
            if row is None:
                raise Unauthenticated("This account is gone")
            if len(await store.credentials_of(db, person.user_id)) >= PASSKEYS_MAX:
                raise TooManyWays(limit=PASSKEYS_MAX)
            kept = await store.add(
                db, new_id("pky"), row["id"], made.credential_id, made.credential_public_key, made.sign_count, name
            )
            if kept is None:
                raise PasskeyTaken
            await activity.record(db, person, "account.passkey_added", person.user_id)
            if row["email_verified_at"] is not None:
                notice = MailAccountNotice("passkey_added", row["email"], caller.language, at_ms=now_ms())
                await outbox.add(db, row["id"], notice)
        return kept

    async def begin_signing(self) -> dict[str, Any]:
        """What a browser signs in with: it says by itself whose passkeys it has."""
        options = webauthn.generate_authentication_options(
            rp_id=self.party.domain,
            challenge=await self._ceremony(""),
            timeout=CEREMONY_TTL_S * 1000,
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        return _plain(options)

    async def sign_in(self, given: PasskeyShown, caller: Caller) -> Session:
        """A session. If the device saw who held it, that is the second factor too; else one that is on is asked for.

        PasskeyRefused, alike for every reason; SecondFactorRequired, AccountDisabled, SignInRefused.
        """
        challenge = await self._challenge(given.credential, "")
        credential_id = _bytes(given.credential.get("rawId"))
        async with self._pool.acquire() as db, db.transaction():
            kept = await store.find(db, credential_id)
            if kept is None:
                raise PasskeyRefused
            try:
                shown = webauthn.verify_authentication_response(
                    credential=given.credential,
                    expected_challenge=challenge,
                    expected_rp_id=self.party.domain,
                    expected_origin=list(self.party.origins),
                    credential_public_key=kept["public_key"],
                    credential_current_sign_count=kept["sign_count"],
                )
            except BROKEN as error:
                raise PasskeyRefused from error
            await store.used(db, kept["id"], shown.new_sign_count)
            row = await people_store.secrets_by_id(db, kept["user_id"])
        if row is None:
            raise PasskeyRefused
        if row["disabled_at"] is not None:
            raise AccountDisabled
        if shown.user_verified:
            return await self._sign_ins.proved_twice(row, caller)
        return await self._sign_ins.proved(row, caller)

    async def of_person(self, person: Person) -> list[Passkey]:
        return await store.of_person(self._pool, person.user_id)

    async def rename(self, person: Person, passkey_id: str, name: str) -> Passkey:
        """PasskeyUnknown; Invalid for a name that nobody can see."""
        found = await store.rename(self._pool, person.user_id, passkey_id, kept_name("/name", name))
        if found is None:
            raise PasskeyUnknown
        return found

    async def remove(self, person: Person, passkey_id: str) -> None:
        """It signs in no more. PasskeyUnknown."""
        async with self._pool.acquire() as db, db.transaction():
            if not await store.remove(db, person.user_id, passkey_id):
                raise PasskeyUnknown
            await activity.record(db, person, "account.passkey_removed", person.user_id)

    async def _ceremony(self, user_id: str) -> bytes:
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        await self._hot.command(b"SET", _key(challenge), user_id, b"EX", CEREMONY_TTL_S)
        return challenge

    async def _challenge(self, credential: dict[str, Any], user_id: str) -> bytes:
        """The challenge that this answers, used up. PasskeyRefused if it is none of ours, or another person's."""
        if len(msgspec.json.encode(credential)) > CREDENTIAL_BYTES_MAX:
            raise PasskeyRefused
        response = credential.get("response")
        try:
            said = msgspec.json.decode(_bytes(response.get("clientDataJSON") if isinstance(response, dict) else None))
            challenge = _bytes(said.get("challenge"))
        except (msgspec.DecodeError, AttributeError) as error:
            raise PasskeyRefused from error
        kept = await self._hot.command(b"GETDEL", _key(challenge))
        if kept is None or bytes(kept).decode() != user_id:
            raise PasskeyRefused
        return challenge


def _plain(options: Any) -> dict[str, Any]:
    """As ``PublicKeyCredential.parseCreationOptionsFromJSON`` and its like read it."""
    found: dict[str, Any] = msgspec.json.decode(webauthn.options_to_json(options))
    return found


def _bytes(text: object) -> bytes:
    """What base64url without its end stands for. PasskeyRefused."""
    if not isinstance(text, str):
        raise PasskeyRefused
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise PasskeyRefused from error


def _handle(user_id: str) -> bytes:
    """What a device knows a person by: it says nothing of them, and not even our id."""
    return hashlib.sha256(b"onsale passkeys " + user_id.encode()).digest()


def _key(challenge: bytes) -> bytes:
    return b"auth:passkey:" + hashlib.sha256(challenge).hexdigest().encode()
