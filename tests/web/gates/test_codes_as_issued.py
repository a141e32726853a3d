"""A code that was mailed once admits, whatever its organizer changes about the event afterwards."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

import hotpath_rs
from engine.domain.tickets.tickets import code_window
from engine.foundation.ids import new_id
from engine.services.gates.gate_events import REMEMBERED_S
from tests.gate_world import sell
from tests.web.gates.gates_api import Api, auth

NOW = datetime.now(UTC).replace(microsecond=0)
EDITS: dict[str, list[dict[str, Any]]] = {
    "half an hour longer": [{"ends_at": NOW + timedelta(hours=5, minutes=30)}],
    "days later": [{"starts_at": NOW + timedelta(days=9), "ends_at": NOW + timedelta(days=9, hours=2)}],
    "earlier": [{"starts_at": NOW - timedelta(hours=3), "ends_at": NOW - timedelta(hours=1)}],
    "another zone": [{"timezone": "Asia/Kathmandu"}],
    "several in a row": [
        {"ends_at": NOW + timedelta(days=40)},
        {"starts_at": NOW + timedelta(days=39)},
        {"timezone": "Pacific/Chatham", "title": "Another night"},
        {"starts_at": NOW + timedelta(hours=1), "ends_at": NOW + timedelta(hours=2)},
    ],
}


async def change(api: Api, **fields: Any) -> None:
    body = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in fields.items()}
    headers = {**api.admin, "If-Match": "*"}
    answer = await api.client.patch(f"/v1/events/{api.world.event_id}", json=body, headers=headers)
    assert answer.status == 200, await answer.text()


async def issued(api: Api, unit: int) -> dict[str, Any]:
    answer = await api.client.get(f"/v1/tickets/{api.world.ticket_ids[unit]}", headers=api.admin)
    return dict(await answer.json())


async def listed(api: Api, device: dict[str, str], *codes: str) -> list[int | None]:
    """The unit under which the bundle of now has each code, None if it has not."""
    path = f"/v1/events/{api.world.event_id}/gate-bundle"
    payload = orjson.loads((await (await api.client.get(path, headers=auth(device))).json())["payload"])
    table, salt = base64.b64decode(payload["codes"]), base64.urlsafe_b64decode(payload["salt"] + "==")
    rows = {table[at : at + 12]: int.from_bytes(table[at + 12 : at + 16], "big") for at in range(0, len(table), 20)}
    return [rows.get(hashlib.sha256(salt + code.encode()).digest()[:12]) for code in codes]


@pytest.mark.parametrize("edits", EDITS)
async def test_a_mailed_code_admits_after_any_change_of_the_event(api: Api, edits: str) -> None:
    device = await api.new_device()
    mailed = (await issued(api, 3))["code"]
    assert mailed == api.world.code(3)
    image = await api.client.get(f"/v1/tickets/{api.world.ticket_ids[3]}/qr.svg", headers=api.admin)
    for edit in EDITS[edits]:
        await change(api, **edit)
    assert (await issued(api, 3))["code"] == mailed
    headers = {**api.admin, "If-None-Match": image.headers["ETag"]}
    again = await api.client.get(f"/v1/tickets/{api.world.ticket_ids[3]}/qr.svg", headers=headers)
    assert again.status == 304
    assert await listed(api, device, mailed) == [3]
    assert (await api.validate(device, code=mailed))["result"] == "admit"
    answer = await api.batch(device, [{"code": api.world.code(4), "scanned_at": datetime.now(UTC).isoformat()}])
    assert (await answer.json())["counts"] == {"admit": 1}


async def test_tickets_sold_between_edits_and_reissued_ones_admit_beside_the_first(api: Api) -> None:
    world, device = api.world, await api.new_device()
    await change(api, ends_at=NOW + timedelta(days=3))
    await sell(world.pool, world.event_id, world.ticket_type_id, [20], NOW)
    await world.pool.execute("UPDATE tickets SET version = 2 WHERE id = $1", world.ticket_ids[5])
    world.ticket_ids.append(await world.pool.fetchval("SELECT id FROM tickets WHERE unit = 20"))
    codes = [(await issued(api, unit))["code"] for unit in (3, 5, 20)]
    await change(api, starts_at=NOW + timedelta(days=20), ends_at=NOW + timedelta(days=21))
    assert [(await issued(api, unit))["code"] for unit in (3, 5, 20)] == codes
    assert await listed(api, device, *codes, world.code(5)) == [3, 5, 20, None]
    assert [(await api.validate(device, code=code))["result"] for code in codes] == ["admit"] * 3
    assert (await api.validate(device, code=world.code(5)))["reason"] == "stale_version"


async def test_a_code_whose_own_time_is_over_admits_while_its_event_is_not(api: Api) -> None:
    world, device = api.world, await api.new_device()
    long_ago = int((NOW - timedelta(hours=20)).timestamp())
    await world.pool.execute("UPDATE tickets SET code_not_before_s = $1 - 60, code_expires_s = $1", long_ago)
    mailed = [(await issued(api, unit))["code"] for unit in (1, 2, 3)]
    assert await listed(api, device, *mailed) == [1, 2, 3]
    assert (await api.validate(device, code=mailed[0]))["result"] == "admit"
    answer = await api.batch(device, [{"code": mailed[1], "scanned_at": datetime.now(UTC).isoformat()}])
    assert (await answer.json())["counts"] == {"admit": 1}
    await change(api, starts_at=NOW - timedelta(hours=15), ends_at=NOW - timedelta(hours=13))
    await asyncio.sleep(REMEMBERED_S)
    over = await api.new_device("Late")
    answer = await api.batch(over, [{"code": mailed[2], "scanned_at": datetime.now(UTC).isoformat()}], key="late")
    assert [one["reason"] for one in (await answer.json())["results"]] == ["expired"]


async def test_the_ledger_notes_the_times_of_a_code_as_the_rule_says(api: Api) -> None:
    world = api.world
    await world.pool.execute("UPDATE events SET ends_at = '2150-01-01T00:00:00Z'")
    await sell(world.pool, world.event_id, world.ticket_type_id, [21], NOW)
    rows = await world.pool.fetch("SELECT code_not_before_s, code_expires_s FROM tickets ORDER BY unit")
    assert tuple(rows[3].values()) == code_window(world.paid_at, world.ends_at)
    assert tuple(rows[-1].values()) == code_window(NOW, datetime(2150, 1, 1, tzinfo=UTC))


async def test_a_code_from_before_a_change_of_master_keys_is_listed_too(api: Api) -> None:
    world = api.world
    [(key_id, key)] = [(int(each.partition(":")[0]), bytes.fromhex(each.partition(":")[2]))
                       for each in world.settings.master_keys.get_secret_value().split(",")[:1]]  # fmt: skip
    newer = hotpath_rs.Keyring([(key_id + 1, b"n" * 32)])
    newer_code = newer.event(world.event_id).mint_ticket_code(3, 1, *code_window(world.paid_at, world.ends_at))
    bundles = _bundles(api)
    bundles._keyrings = [newer, hotpath_rs.Keyring([(key_id, key)])]
    assert await listed(api, await api.new_device(), world.code(3), newer_code, world.code(4)) == [3, 3, 4]


async def test_the_list_and_its_mark_are_of_one_moment(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that a list tells is changed while it is being read: the list is the old one under the old mark."""
    from engine.services.gates import gate_bundles

    world, device = api.world, await api.new_device()
    path = f"/v1/events/{world.event_id}/gate-bundle"
    first = await api.client.get(path, headers=auth(device))
    await world.pool.execute("UPDATE tickets SET status = 'blocked' WHERE unit = 1")
    real, changes = gate_bundles.store.live_tickets, [
        "UPDATE events SET title = 'Moved', entry_rules = '{\"allow_reentry\": true}', version = version + 1",
        "UPDATE ticket_types SET name = 'Other'",
        "UPDATE venues SET name = 'Elsewhere'",
        "UPDATE tickets SET status = 'blocked' WHERE unit = 2",
        "UPDATE tickets SET holder_name = 'Grace Hopper' WHERE unit = 3",
        "UPDATE events SET status = 'cancelled', version = version + 1",
    ]  # fmt: skip

    async def meanwhile(db: Any, event_id: str) -> Any:
        for statement in changes:
            await world.pool.execute(statement)
        changes.clear()
        return await real(db, event_id)

    monkeypatch.setattr(gate_bundles.store, "live_tickets", meanwhile)
    old = await api.client.get(path, headers={**auth(device), "If-None-Match": first.headers["ETag"]})
    payload = orjson.loads((await old.json())["payload"])
    assert (payload["count"], payload["event"]["title"], payload["event"]["status"]) == (19, "Night", "published")
    new = await api.client.get(path, headers={**auth(device), "If-None-Match": old.headers["ETag"]})
    assert new.status == 200
    payload = orjson.loads((await new.json())["payload"])
    assert (payload["count"], payload["event"]["title"], payload["event"]["status"]) == (18, "Moved", "cancelled")
    assert payload["event"]["venue"] == "Elsewhere"
    assert payload["ticket_type_names"] == ["Other"]
    assert payload["rules"] == {"allow_reentry": True}
    assert payload["sections"] == ["Floor"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tickets SET holder_name = 'Grace Hopper' WHERE unit = 3",
        "UPDATE venues SET name = 'Elsewhere'",
        "UPDATE events SET ends_at = ends_at + interval '1 hour', version = version + 1",
        "UPDATE tickets SET version = 2 WHERE unit = 3",
    ],
)
async def test_whatever_a_list_tells_moves_its_mark(api: Api, statement: str) -> None:
    device, path = await api.new_device(), f"/v1/events/{api.world.event_id}/gate-bundle"
    first = await api.client.get(path, headers=auth(device))
    headers = {**auth(device), "If-None-Match": first.headers["ETag"]}
    assert (await api.client.get(path, headers=headers)).status == 304
    await api.world.pool.execute(statement)
    assert (await api.client.get(path, headers=headers)).status == 200


UNREADABLE = [
    "yesterday", "", "2026-02-30T20:00:00Z", "2026-11-30", 1_796_000_000, 1.5e400, True, {"at": 1}, [],
    "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2099-01-01T00:00:00+05:45",
]  # fmt: skip


@pytest.mark.parametrize("said", UNREADABLE, ids=str)
async def test_a_good_code_with_a_time_that_cannot_be_is_counted_at_receipt_with_its_clock_flagged(
    api: Api, said: Any
) -> None:
    device, text = await api.new_device(), "1e400" if said == float("inf") else orjson.dumps(said).decode()
    codes = [api.world.code(unit) for unit in range(6)]
    headers = {**auth(device), "Content-Type": "application/json"}
    body = f'{{"code": "{codes[0]}", "scannedAt": {text}}}'
    one = await (await api.client.post("/v1/tickets/validate", data=body, headers=headers)).json()
    scans = ", ".join(f'{{"code": "{code}", "nonce": "{code[-9:]}", "scanned_at": {text}}}' for code in codes[1:3])
    path = f"/v1/events/{api.world.event_id}/checkins/batch"
    keyed = {**headers, "Idempotency-Key": "a"}
    batch = await (await api.client.post(path, data=f'{{"scans": [{scans}]}}', headers=keyed)).json()
    lines = "\n".join(f'{{"qrSecret": "{code}", "scannedAt": {text}, "offline": true}}' for code in codes[3:5])
    keyed = {**headers, "Idempotency-Key": "b", "Content-Type": "application/x-ndjson"}
    ndjson = await (await api.client.post(path, data=lines, headers=keyed)).json()
    for verdict in [one, *batch["results"], *ndjson["results"]]:
        assert (verdict["result"], verdict.get("clock_flagged")) == ("admit", True)
    for row in await api.world.log():
        assert row["counted_at"] == row["received_at"]


async def test_a_batch_without_times_and_with_an_unreadable_clock_of_its_own_is_judged(api: Api) -> None:
    device = await api.new_device()
    scan = {"code": api.world.code(1), "nonce": "a"}
    timed = {"code": api.world.code(2), "nonce": "b", "scanned_at": datetime.now(UTC).isoformat()}
    off = {**timed, "code": api.world.code(3), "nonce": "c", "clock_offset_ms": "a lot"}
    answer = await api.batch(device, [scan, timed, off], sent_at="noon", key=new_id("k"))
    told = (await answer.json())["results"]
    assert [(one["result"], one.get("clock_flagged", False)) for one in told] == [
        ("admit", True), ("admit", False), ("admit", True),
    ]  # fmt: skip


def _bundles(api: Api) -> Any:
    from engine.services.appkeys import GATE_BUNDLES

    app = api.client.app
    assert app is not None
    return app[GATE_BUNDLES]
