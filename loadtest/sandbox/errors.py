"""Stripe's own refusals, with the status, the type and the body its SDK turns into exceptions.

StripeError
├── InvalidRequest       400 invalid_request_error
│   ├── ResourceMissing  404 resource_missing
│   ├── Unauthorized     401
│   └── KeyInUse         409 idempotency_key_in_use
├── IdempotencyMismatch  400 idempotency_error
├── CardError            402 card_error
├── RateLimited          429 rate_limit
└── ApiError             500 api_error
"""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]


class StripeError(Exception):
    """One "no" of the payment provider. `facts` are written next to the message (decline_code, payment_intent, ...)."""

    status = 400
    type = "invalid_request_error"

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.message, self.code, self.param, self.facts = message, code, param, facts

    def body(self, request_id: str) -> Obj:
        error: Obj = {"message": self.message, "type": self.type}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        error |= {name: fact for name, fact in self.facts.items() if fact is not None}
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


class InvalidRequest(StripeError):  # noqa: N818 - named for the no, as everywhere in this house
    """The parameters, or the object's state, do not allow the call."""


class ResourceMissing(InvalidRequest):
    status = 404

    def __init__(self, kind: str, identifier: str, *, param: str = "id") -> None:
        super().__init__(f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


class Unauthorized(InvalidRequest):
    status = 401


class KeyInUse(InvalidRequest):
    """A request under the same idempotency key is still being answered."""

    status = 409


class IdempotencyMismatch(StripeError):  # noqa: N818
    type = "idempotency_error"


class CardError(StripeError):
    """The card's issuer said no. `code` and `decline_code` are Stripe's published ones."""

    status, type = 402, "card_error"


class RateLimited(InvalidRequest):
    status = 429

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            code="rate_limit",
        )
        self.reason = reason


class ApiError(StripeError):
    """The provider itself failed."""

    status, type = 500, "api_error"
