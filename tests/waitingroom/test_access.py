"""Who may call what: every guarded row of the room's contract, asked by everybody who must not."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from engine.foundation.ids import new_id
from tests.waitingroom.conftest import NewRoom, post, room_of, status, until, until_phase
from tests.waitingroom.steps import bearer
from waitingroom.routes import ROUTES
from waitingroom.settings import Settings

GUARDED = [
    route for route in ROUTES if route.who in {"ticket", "visitor", "operator"} and route.path.startswith("/v1/")
]


async def admitted(client: TestClient, event_id: str) -> tuple[str, str, str]:
    """(queue ticket, admission token, lease id) of somebody who was let in."""
    _, place = await post(client, event_id, "join", 201)

    async def claim() -> Any:
        code, answer = await post(client, event_id, "claim", queue_ticket=place["queue_ticket"])
        return answer if code == 200 else None

    answer = await until(claim)
    return place["queue_ticket"], answer["admission_token"], answer["lease_id"]


async def test_every_guarded_row_refuses_everybody_but_its_own_people(
    room_client: TestClient, new_room: NewRoom, room_settings: Settings
) -> None:
    here, there = await new_room(capacity=5), await new_room(capacity=5)
    for event_id in (here, there):
        await until_phase(room_client, event_id, "open")
    ticket, admission, _ = await admitted(room_client, there)
    own_ticket, own_admission, own_lease = await admitted(room_client, here)
    mac = own_ticket[:-4] + ("AAAA" if own_ticket[-4:] != "AAAA" else "BBBB")
    stranger = bearer(room_settings, admin=False, user_id=new_id("usr"))
    forged = bearer(room_settings.model_copy(update={"jwt_key": type(room_settings.jwt_key)("k" * 40)}))
    asks: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("nobody", {}, {}),
        ("a stranger", stranger, {}),
        ("a forger", forged, {}),
        ("no kind of bearer", {"Authorization": f"Bearer {own_admission}"}, {}),
        ("a ticket of another room", {}, {"queue_ticket": ticket}),
        ("an admission of another room", {}, {"admission_token": admission}),
        ("an admission of another room, in the header", {"Authorization": f"Admission {admission}"}, {}),
        ("a forged ticket", {}, {"queue_ticket": mac}),
        ("an admission as a ticket", {}, {"queue_ticket": own_admission}),
        ("a ticket as an admission", {}, {"admission_token": own_ticket}),
        ("a cookie of another room", {"Cookie": f"onsale_queue_{here}={ticket}; onsale_admission={admission}"}, {}),
    ]
    for route in GUARDED:
        for who, headers, body in asks:
            room_client.session.cookie_jar.clear()
            answer = await room_client.request(
                route.method, route.path.format(event_id=here), json={**body, "capacity": 1}, headers=headers
            )
            assert answer.status in {401, 403, 404}, (who, route.path, answer.status, await answer.text())
            assert answer.content_type == "application/problem+json"
    assert (await room_of(room_client, here)).rules.capacity == 5
    assert (await status(room_client, here))["phase"] == "open"
    code, again = await post(room_client, here, "claim", queue_ticket=own_ticket)
    assert (code, again["lease_id"]) == (200, own_lease)
