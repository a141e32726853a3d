"""Talking to OpenID providers: their discovery document, their keys, a code changed for a checked ID token.

What does not answer in time, or not as the protocol says, is ProviderAway; a token that does not hold is
ProviderRefused. Documents and keys are remembered for DOCUMENT_TTL_S; an unknown key is asked for again, once a while.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import jwt
import msgspec
from msgspec import Struct

from engine.domain.accounts.openid import Attempt, Claims, ProviderAway, ProviderRefused, claims_in
from engine.foundation import logs
from engine.foundation.clock import now_ms
from engine.foundation.openid_providers import OpenIdProvider, is_private

CALL_TIMEOUT_S: Final = 5.0
ANSWER_BYTES_MAX: Final = 256 * 1024
DOCUMENT_TTL_S: Final = 3600.0
KEYS_AGAIN_S: Final = 30.0  # an unknown key is asked for again at most this often
LEEWAY_S: Final = 60
RETRY_AFTER_S: Final = 5
SECRET_TTL_S: Final = 300
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")  # none that shares a secret
_OK: Final = 200
_log = logs.get("openid")


class Document(Struct, frozen=True, kw_only=True):
    """Of OpenID Connect Discovery 1.0, what is needed here."""

    issuer: str
    authorization_endpoint: str
    jwks_uri: str
    token_endpoint: str = ""


class _Tokens(Struct, frozen=True):
    id_token: str


class OpenIdGateway:
    """``now_s`` is a monotonic clock."""

    def __init__(self, providers: Mapping[str, OpenIdProvider], now_s: Callable[[], float] = time.monotonic) -> None:
        self._providers = providers
        self._now_s = now_s
        self._documents: dict[str, tuple[float, Document]] = {}
        self._keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}

    async def where_to(self, name: str, attempt: Attempt, state: str, challenge: str) -> str:
        """The address to which a browser is sent. ProviderAway."""
        provider, document = self._providers[name], await self._document(name)
        asked = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": "openid email" if name == "apple" else "openid email profile",
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **({"response_mode": provider.answers_by} if provider.answers_by != "query" else {}),
        }
        joint = "&" if "?" in document.authorization_endpoint else "?"
        return document.authorization_endpoint + joint + urlencode(asked)

    async def claims(self, attempt: Attempt, code: str) -> Claims:
        """What the provider says of who brought this code. ProviderAway, ProviderRefused."""
        provider, document = self._providers[attempt.provider], await self._document(attempt.provider)
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "client_id": provider.client_id,
            "client_secret": _secret(provider),
            "code_verifier": attempt.verifier,
        }
        endpoint = document.token_endpoint or provider.token_endpoint
        answer = await self._call(attempt.provider, "POST", endpoint, given, refused=ProviderRefused)
        try:
            token = msgspec.json.decode(answer, type=_Tokens).id_token
        except msgspec.DecodeError as error:
            raise ProviderRefused from error
        return await self._checked(attempt, token, document, provider)

    async def _checked(self, attempt: Attempt, token: str, document: Document, provider: OpenIdProvider) -> Claims:
        """Signature, issuer, audience, time and nonce."""
        try:
            key = await self._key(attempt.provider, str(jwt.get_unverified_header(token).get("kid", "")), document)
            said: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=provider.client_id,
                issuer=document.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            _log.warning("id_token_refused", provider=attempt.provider, why=type(error).__name__)
            raise ProviderRefused from error
        nonce = str(said.get("nonce", ""))
        alone = not isinstance(said["aud"], list) or len(said["aud"]) == 1 or said.get("azp") == provider.client_id
        if not alone or not said["sub"] or not secrets.compare_digest(nonce.encode(), attempt.nonce.encode()):
            _log.warning("id_token_refused", provider=attempt.provider, why="nonce or party")
            raise ProviderRefused
        return claims_in(document.issuer, said)

    async def _key(self, name: str, key_id: str, document: Document) -> jwt.PyJWK:
        """The key that signed; asked for again if it is new. KeyError becomes ProviderRefused."""
        kept = self._keys.get(name)
        for age_s in (DOCUMENT_TTL_S, KEYS_AGAIN_S):
            if kept is None or self._now_s() - kept[0] >= age_s:
                raw = await self._call(name, "GET", document.jwks_uri)
                try:
                    kept = self._keys[name] = (self._now_s(), jwt.PyJWKSet.from_json(raw.decode()))
                except (jwt.PyJWTError, ValueError) as error:
                    raise ProviderAway(retry_after_s=RETRY_AFTER_S) from error
            found = [key for key in kept[1].keys if key.key_id == key_id or (not key_id and len(kept[1].keys) == 1)]
            if found:
                return found[0]
        raise ProviderRefused

    async def _document(self, name: str) -> Document:
        kept = self._documents.get(name)
        if kept is not None and self._now_s() - kept[0] < DOCUMENT_TTL_S:
            return kept[1]
        issuer = self._providers[name].issuer
        raw = await self._call(name, "GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            found = msgspec.json.decode(raw, type=Document)
        except msgspec.DecodeError as error:
            raise ProviderAway(retry_after_s=RETRY_AFTER_S) from error
        endpoints = (found.authorization_endpoint, found.jwks_uri, found.token_endpoint or issuer)
        if found.issuer != issuer or not all(is_private(each) for each in endpoints):
            _log.warning("discovery_refused", provider=name, issuer=found.issuer[:200])
            raise ProviderAway(retry_after_s=RETRY_AFTER_S)
        self._documents[name] = (self._now_s(), found)
        return found

    async def _call(
        self,
        name: str,
        method: str,
        url: str,
        form: dict[str, str] | None = None,
        *,
        refused: type[ProviderRefused] | None = None,
    ) -> bytes:
        """The bytes of a good answer. ``refused`` is raised for one that says it is our fault, else ProviderAway."""
        timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
        headers = {"Accept": "application/json"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.request(method, url, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                body = b""
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > ANSWER_BYTES_MAX:
                        break
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            _log.warning("provider_away", provider=name, why=type(error).__name__)
            raise ProviderAway(retry_after_s=RETRY_AFTER_S) from error
        if status == _OK and len(body) <= ANSWER_BYTES_MAX:
            return body
        _log.warning("provider_away", provider=name, status=status)
        if refused is not None and 400 <= status < 500:  # noqa: PLR2004 - whose fault it was
            raise refused
        raise ProviderAway(retry_after_s=RETRY_AFTER_S)


def _secret(provider: OpenIdProvider) -> str:
    """As it is sent; Apple's is signed afresh with a key (developer.apple.com, "Creating a client secret")."""
    kept = provider.client_secret.get_secret_value()
    if "PRIVATE KEY" not in kept:
        return kept
    now_s = now_ms() // 1000
    claims = {
        "iss": provider.team_id,
        "iat": now_s,
        "exp": now_s + SECRET_TTL_S,
        "aud": provider.issuer,
        "sub": provider.client_id,
    }
    return jwt.encode(claims, kept, algorithm="ES256", headers={"kid": provider.key_id})
