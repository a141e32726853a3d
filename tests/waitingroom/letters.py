"""The mailed links of a queue, read from a real mailbox and opened as browsers do."""

from __future__ import annotations

import re
from typing import Any

from aiohttp.test_utils import TestClient

from engine.services.outbox import Outbox
from loadtest.mailbox import Mailbox
from tests.waitingroom.conftest import post, until

ANN = "ann@example.com"


class Post:
    """The worker's half: it sends what the room left in Postgres to a real mailbox."""

    def __init__(self, outbox: Outbox, box: Mailbox) -> None:
        self._outbox, self._box = outbox, box

    async def mails(self) -> list[dict[str, Any]]:
        """Everything that was sent so far, newest first."""
        while await self._outbox.step():
            pass
        return self._box.newest(None)

    async def link(self, to: str = ANN) -> str:
        """Path and query of the newest link to this address."""
        mails = [mail for mail in await self.mails() if mail["to"] == [to]]
        assert mails, "no mail came"
        found = re.search(r"https?://[^/\s]+(/\S+\?token=\S+)", mails[0]["text"])
        assert found, mails[0]["text"]
        return found.group(1)


async def opened(client: TestClient, path: str, **cookies: str) -> tuple[int, str | None, str]:
    """GET a link as a browser without our cookies: (status, the ticket it was given, the page)."""
    client.session.cookie_jar.clear()
    head = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    answer = await client.get(path, headers=head, allow_redirects=False)
    return answer.status, given(answer), await answer.text()


def given(answer: Any) -> str | None:
    return next((cookie.value for name, cookie in answer.cookies.items() if name.startswith("onsale_queue_")), None)


async def clicked(client: TestClient, path: str, **headers: str) -> tuple[int, str | None]:
    """Press the button of a link that asks first."""
    client.session.cookie_jar.clear()
    place, _, token = path.partition("?token=")
    answer = await client.post(place, data={"token": token}, headers=headers, allow_redirects=False)
    return answer.status, given(answer)


async def claim(client: TestClient, event_id: str, ticket: str) -> tuple[int, Any]:
    return await post(client, event_id, "claim", queue_ticket=ticket)


async def let_in(client: TestClient, event_id: str, ticket: str) -> dict[str, Any]:
    async def granted() -> Any:
        code, answer = await claim(client, event_id, ticket)
        return answer if code == 200 else None

    return await until(granted)
