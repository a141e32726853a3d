"""What every resource of the sandbox is handed: the sandbox itself and one decoded, authenticated call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtest.sandbox.controls import Board
from loadtest.sandbox.errors import Obj, Unauthorized
from loadtest.sandbox.events import Events
from loadtest.sandbox.store import Store
from loadtest.sandbox.timers import Timers
from loadtest.sandbox.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The parts the resources stand on."""

    store: Store
    board: Board
    events: Events
    timers: Timers
    webhooks: Webhooks


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `params` as decoded text, `path` the id in the URL, `account` the connected account it acts for."""

    box: Sandbox
    params: Obj
    path: str
    publishable: bool
    account: str | None
    origin: str
    request_id: str

    def secret_only(self) -> None:
        if self.publishable:
            raise Unauthorized(
                "This API call cannot be made with a publishable API key. Please use a secret API key.",
                code="secret_key_required",
            )

    def emit(self, kind: str, about: Obj, before: Obj | None = None) -> None:
        self.box.events.emit(kind, about, before=before, request_id=self.request_id)


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `takes` are the parameters Stripe documents for it; any other is refused as Stripe refuses it."""

    method: str
    pattern: str
    answer: Callable[[Call], Obj]
    takes: frozenset[str]
    publishable: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.pattern}"


def takes(names: str) -> frozenset[str]:
    return frozenset(names.split()) | {"expand"}
