"""JWT access tokens for people: 15 minutes, HS256, issuer and audience checked."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import jwt

from engine.foundation.clock import now_ms
from engine.foundation.errors import Unauthenticated

ACCESS_TOKEN_TTL_S = 900
LEEWAY_S = 5
KEY_PREFIX = "onsale_sk_"  # of what a program shows: no token, a key of an organization
_ISSUER = "onsale"


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """What a key of an organization opens: some things of that organization, and nothing of any other."""

    organization_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in. Rights in organizations are read from the ledger, never from the token.

    ``session`` is the sign-in that the token was issued to; empty for one that a process of ours made for itself.
    ``key``: no person but a program, which shows a key of an organization; ``user_id`` is the key's id.
    ``through`` is the platform admin who acts as this person; empty if it is they themselves.
    """

    user_id: str
    is_admin: bool
    session: str = ""
    key: KeyGrant | None = None
    through: str = ""


class Bearers:
    """Signs and verifies access tokens with one symmetric key of at least 32 bytes.

    ``ended`` knows the sessions whose tokens are refused before their time (``ended_sessions``).
    """

    def __init__(self, key: bytes, ended: Container[str] = ()) -> None:
        self._key = key
        self._ended = ended

    def sign(self, person: Person, roles: Mapping[str, str] | None = None, scopes: Sequence[str] = ()) -> str:
        """An access token good for ACCESS_TOKEN_TTL_S.

        ``roles`` by organization and the ``scopes`` that they come to are said to who reads the token; here rights are
        read from the ledger.
        """
        issued_s = now_ms() // 1000
        claims = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": person.user_id,
            "sid": person.session,
            "admin": person.is_admin,
            **({"org": person.key.organization_id, "scope": " ".join(sorted(person.key.scopes))} if person.key else {}),
            **({"roles": dict(roles), "scope": " ".join(scopes)} if roles else {}),
            **({"through": person.through} if person.through else {}),
            "iat": issued_s,
            "exp": issued_s + ACCESS_TOKEN_TTL_S,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def verify(self, token: str) -> Person:
        """The person behind a token; Unauthenticated if it does not verify."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=_ISSUER,
                issuer=_ISSUER,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The access token has expired", reason="token_expired") from error
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("The access token does not verify", reason="token_invalid") from error
        session = claims.get("sid", "")
        if session in self._ended:
            raise Unauthenticated("This session has ended: sign in again", reason="session_ended")
        organization_id, scopes = claims.get("org", ""), frozenset(str(claims.get("scope", "")).split())
        return Person(
            user_id=claims["sub"],
            is_admin=bool(claims.get("admin", False)),
            session=session,
            key=KeyGrant(organization_id, scopes) if organization_id else None,
            through=claims.get("through", ""),
        )
