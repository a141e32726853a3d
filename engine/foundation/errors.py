"""Every "no" this product can say is a class with a stable code.

Refusal                       something was asked that will not be done; nothing was written
├── Malformed            400  the bytes cannot be understood
│   └── IdempotencyKeyRequired
├── Unauthenticated      401  no credential, or one that does not verify
├── Forbidden            403  a good credential without the right
├── NotFound             404
├── MethodRefused        405
├── Conflict             409  the state of the world says no
│   └── IdempotencyInFlight   the first request is still running
├── Gone                 410  it was there and its time is over
├── PreconditionFailed   412  If-Match names an older version
├── TooLarge             413
├── UnsupportedMedia     415
├── Invalid              422  understood, but breaks rules; ``errors`` has a pointer for each
│   └── IdempotencyKeyReused  with another body
├── PreconditionRequired 428  If-Match is missing
├── TooMany              429  your quota
│   └── SlowDown         429  slow_down: too many from this part of the network
└── Unavailable          503  shedding, switched off, or a store is away; always with Retry-After

The nouns add their own below these (engine/domain/errors.py). A broken promise of our own is an AssertionError.
"""

from __future__ import annotations

from typing import Any, ClassVar

from engine.foundation.speech.tongue import later


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """Base of all refusals. ``facts`` stand next to the problem document's fields; ``headers`` go out with it.

    ``is_guess``: it tells that a code is wrong, and so counts against the caller's address block (guesses.py).
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"
    is_guess: ClassVar[bool] = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_s: int | None = None,
        headers: dict[str, str] | None = None,
        **facts: Any,
    ) -> None:
        self.detail = detail or self.title
        super().__init__(self.detail)
        self.facts = facts
        self.headers = headers or {}
        self.retry_after_s = retry_after_s


class Malformed(Refusal):
    status, code, title = 400, "malformed", later("The request cannot be understood")


class Unauthenticated(Refusal):
    status, code, title = 401, "unauthenticated", later("Sign in, or show a valid credential")


class Forbidden(Refusal):
    status, code, title = 403, "forbidden", later("This credential may not do that")


class NotFound(Refusal):
    status, code, title = 404, "not_found", later("There is no such thing here")


class MethodRefused(Refusal):
    status, code, title = 405, "method_not_allowed", later("This address does not take that method")


class Conflict(Refusal):
    status, code, title = 409, "conflict", later("The present state does not allow this")


class Gone(Refusal):
    status, code, title = 410, "gone", later("It was here, and its time is over")


class PreconditionFailed(Refusal):
    status, code, title = 412, "precondition_failed", "It was changed since you read it"


class TooLarge(Refusal):
    status, code, title = 413, "too_large", later("The body is larger than is taken here")


class UnsupportedMedia(Refusal):
    status, code, title = 415, "unsupported_media_type", later("This media type is not taken here")


class Invalid(Refusal):
    """``errors`` is a list of {pointer, code, message}; the pointer is a JSON pointer into the body."""

    status, code, title = 422, "invalid", later("Some of what was sent breaks a rule")

    def __init__(self, detail: str | None = None, *, errors: list[dict[str, str]] | None = None, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.errors = errors or []

    @classmethod
    def at(cls, pointer: str, code: str, message: str) -> Invalid:
        """One error at one place."""
        return cls(message, errors=[{"pointer": pointer, "code": code, "message": message}])


class PreconditionRequired(Refusal):
    status, code, title = 428, "precondition_required", "Send If-Match with the version you read"


class TooMany(Refusal):
    status, code, title = 429, "too_many_requests", later("Too many requests: slow down")


class SlowDown(TooMany):
    code, title = "slow_down", later("Too many requests from your part of the network")


class Unavailable(Refusal):
    status, code, title = 503, "unavailable", later("Not available right now: try again")

    def __init__(self, detail: str | None = None, *, retry_after_s: int | None = 2, **facts: Any) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, **facts)


class IdempotencyKeyRequired(Malformed):
    code, title = "idempotency_key_required", "Send an Idempotency-Key of 1 to 255 characters"


class IdempotencyKeyReused(Invalid):
    code, title = "idempotency_key_reused", "This Idempotency-Key was used with another body"


class IdempotencyInFlight(Conflict):
    code, title = "idempotency_in_flight", "The first request with this Idempotency-Key is still running"
