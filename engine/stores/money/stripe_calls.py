"""How Stripe is asked, and its refusals as ours.

ProviderBusy     429, or the same idempotency key is still running: back off, then repeat with the same key
ProviderAway     no connection, no answer in time, 5xx: it may or may not have happened; repeat with the same key
ProviderRefused  an answer that will not change: ``code`` is the provider's word

``translated`` is around whatever the SDK does. The two calls of every order go through ``StripeCallGateway``: the SDK's
connections, version and words on the wire, without what its client and aiohttp's do before and after (headers made each
time, lines for a log that nobody keeps, dictionaries, objects), which cost more than the call itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
import stripe
from msgspec import Struct

from engine.foundation.lean_calls import LeanCalls

BUSY = frozenset({409, 429})  # 409: lock_timeout, and a first call with the same key that still runs
REFUSED = frozenset({400, 401, 402, 403, 404})
ANSWERED = range(200, 300)


class ProviderError(Exception):
    """Base of the three. ``code`` is the provider's word if it gave one."""

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.retry_after_s = retry_after_s


class ProviderBusy(ProviderError):  # noqa: N818 - says what the provider is
    pass


class ProviderAway(ProviderError):  # noqa: N818 - as above
    pass


class ProviderRefused(ProviderError):  # noqa: N818 - as above
    pass


class StripeCallGateway:
    """Asks in the SDK's words over the SDK's connections; answers as bytes."""

    def __init__(
        self, http: stripe.AIOHTTPClient, *, url: str, secret_key: str, timeout: aiohttp.ClientTimeout
    ) -> None:
        # The SDK opens its session when it is first asked for, and shows it nowhere else.
        self._calls = LeanCalls(url, lambda: http._session, timeout)  # noqa: SLF001
        self._headers = {
            "Authorization": f"Bearer {secret_key}",
            "Stripe-Version": stripe.api_version,
            "User-Agent": f"Stripe/v1 PythonBindings/{stripe.VERSION}",
        }

    async def ask(
        self, method: str, path: str, params: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> bytes:
        """The answer's body. ``key``: asked again with it, it is done once; ``params`` become a form."""
        headers, form = self._headers, None
        if params is not None:
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
            form = urlencode(list(_fields(params))).encode()
        if key is not None:
            headers = {**headers, "Idempotency-Key": key}
        with translated():
            told = await self._calls.ask(method, path, headers, form, again=method == "GET" or key is not None)
        if told.status not in ANSWERED:
            raise _refusal(told.status, told.body, told.headers)
        return told.body


@contextmanager
def translated() -> Iterator[None]:
    """Stripe's exceptions as ours, and those of the connection that the SDK lets through."""
    try:
        yield
    except stripe.RateLimitError as error:
        raise ProviderBusy("rate limited", code=error.code, retry_after_s=_retry_after_s(error.headers)) from error
    except stripe.IdempotencyError as error:
        if error.http_status == 409:  # noqa: PLR2004 - the first call with this key is still running
            raise ProviderBusy("in progress", code=error.code) from error
        raise ProviderRefused(str(error.user_message or error), code=error.code or "idempotency_error") from error
    except (stripe.APIConnectionError, aiohttp.ClientError, TimeoutError) as error:
        raise ProviderAway("no connection or no answer") from error
    except (stripe.InvalidRequestError, stripe.CardError, stripe.AuthenticationError, stripe.PermissionError) as error:
        if error.http_status == 409:  # noqa: PLR2004 - lock_timeout and idempotency_key_in_use
            raise ProviderBusy("in progress", code=error.code) from error
        raise ProviderRefused(str(error.user_message or error), code=error.code) from error
    except stripe.StripeError as error:
        raise ProviderAway(f"answered {error.http_status}", code=error.code) from error


class _Why(Struct):
    type: str | None = None
    code: str | None = None
    message: str | None = None


class _Refusal(Struct):
    error: _Why


_decoder = msgspec.json.Decoder(_Refusal)


def _refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ProviderError:
    """What an answer other than yes means."""
    try:
        why = _decoder.decode(body).error
    except msgspec.MsgspecError:  # something between us and the provider answered
        why = None
    if status in BUSY or (why is not None and why.code == "rate_limit"):
        return ProviderBusy("busy", code=why.code if why else None, retry_after_s=_retry_after_s(headers))
    if status in REFUSED and why is not None:
        return ProviderRefused(why.message or f"answered {status}", code=why.code or _kind(why))
    return ProviderAway(f"answered {status}", code=why.code if why else None)


def _kind(why: _Why) -> str | None:
    """A key that was used for something else has a type and no code."""
    return why.type if why.type == "idempotency_error" else None


def _fields(params: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Names and values as Stripe's forms have them: ``metadata[order_id]``, ``true``."""
    for name, value in params.items():
        at = f"{within}[{name}]" if within else name
        if isinstance(value, Mapping):
            yield from _fields(value, at)
        elif isinstance(value, bool):
            yield at, "true" if value else "false"
        else:
            yield at, str(value)


def _retry_after_s(headers: Mapping[str, str] | None) -> float | None:
    """Seconds from now on; None for what is no time to wait, as ``nan`` or a date."""
    try:
        seconds = float((headers or {})["retry-after"])
    except (KeyError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
