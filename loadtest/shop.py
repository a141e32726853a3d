"""Speaking to the shop before and after the surge: plain JSON calls, one at a time, with the standard library."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from loadtest import limits

Obj = dict[str, Any]


class ShopRefused(RuntimeError):  # noqa: N818
    """The shop did not do what a rehearsal needs; the message is the whole story."""


class Shop:
    """The three processes of one running shop; `bearer` is set once somebody logs in."""

    def __init__(self, *, engine: str, waitingroom: str) -> None:
        self.engine, self.waitingroom = engine.rstrip("/"), waitingroom.rstrip("/")
        self._bearer: str | None = None

    def log_in(self, email: str, password: str) -> None:
        answer = self.call("POST", "/v1/auth/login", {"email": email, "password": password})
        self._bearer = str(answer["access_token"])

    def call(self, method: str, path: str, body: Obj | None = None) -> Obj:
        """The JSON answer of the engine. Raises ShopRefused for everything but 2xx."""
        return ask(method, self.engine + path, body, bearer=self._bearer)

    def room(self, event_id: str) -> Obj | None:
        """The room's status document, None if the event has no room."""
        try:
            return ask("GET", f"{self.waitingroom}/v1/rooms/{event_id}")
        except ShopRefused as refused:
            if refused.args[1:] == (404,):
                return None
            raise


def ask(method: str, url: str, body: Obj | None = None, *, bearer: str | None = None) -> Obj:
    if not url.startswith(("http://", "https://")):
        raise ShopRefused(f"{url} is not an http address")
    request = Request(url, method=method, data=json.dumps(body).encode() if body is not None else None)  # noqa: S310
    request.add_header("Content-Type", "application/json")
    if method == "POST":
        request.add_header("Idempotency-Key", str(uuid.uuid4()))
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    try:
        with urlopen(request, timeout=limits.SETUP_TIMEOUT_S) as answer:  # noqa: S310 - checked above
            text = answer.read()
    except HTTPError as refused:
        detail = refused.read(2_000).decode("utf-8", "replace")
        raise ShopRefused(f"{method} {url} answered {refused.code}: {detail}", refused.code) from refused
    except (URLError, TimeoutError, OSError) as error:
        raise ShopRefused(f"{method} {url} did not answer: {error}") from error
    found = json.loads(text or b"{}")
    return found if isinstance(found, dict) else {"data": found}
