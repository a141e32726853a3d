"""What scanners are told so that they can judge alone, and what they may still deliver when they are revoked."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from engine.services.gates.devices import DELIVERS_FOR, REMEMBERED_S
from tests.web.gates.gates_api import Api, auth


async def test_the_bundle_has_what_a_device_needs_to_judge_as_the_server_does(api: Api) -> None:
    rules = {"allow_reentry": True, "max_entries_per_day": 2, "exit_all_at": "04:00", "gates": {"North": {}}}
    path = f"/v1/events/{api.world.event_id}"
    await api.world.pool.execute("UPDATE events SET timezone = 'America/Vancouver'")
    assert (await api.client.put(f"{path}/entry-rules", json=rules, headers=api.admin)).status == 200
    device = await api.new_device()
    document = await (await api.client.get(f"{path}/gate-bundle", headers=auth(device))).json()
    payload = orjson.loads(document["payload"])
    assert payload["rules"] == rules
    assert payload["event"]["timezone"] == "America/Vancouver"
    assert payload["ticket_type_names"] == ["Type 0"]
    code = base64.urlsafe_b64decode(api.world.code(7) + "==")
    assert payload["event_tag"] == code[2:10].hex()
    zone = ZoneInfo("America/Vancouver")
    for moment in payload["emptied_at_ms"]:
        assert datetime.fromtimestamp(moment / 1000, zone).strftime("%H:%M:%S") == "04:00:00"
    assert payload["emptied_at_ms"][0] <= payload["issued_at_ms"] < payload["emptied_at_ms"][-1] + 24 * 3_600_000
    for start, day in payload["days"][1:]:
        assert datetime.fromtimestamp(start / 1000, zone).isoformat()[:19] == f"{day}T00:00:00"
    assert payload["days"][-1][0] + 24 * 3_600_000 >= payload["valid_until_ms"]


async def test_a_changed_name_of_a_ticket_type_reaches_the_scanners(api: Api) -> None:
    device = await api.new_device()
    path = f"/v1/events/{api.world.event_id}/gate-bundle"
    first = await api.client.get(path, headers=auth(device))
    assert (await api.validate(device, code=api.world.code(1)))["ticket_type"] == "Type 0"
    await api.world.pool.execute("UPDATE ticket_types SET name = 'Wheelchair + companion'")
    await asyncio.sleep(REMEMBERED_S)
    again = await api.client.get(path, headers={**auth(device), "If-None-Match": first.headers["ETag"]})
    assert orjson.loads((await again.json())["payload"])["ticket_type_names"] == ["Wheelchair + companion"]
    assert (await api.validate(device, code=api.world.code(2)))["ticket_type"] == "Wheelchair + companion"


async def test_the_feed_of_entries_tells_how_tickets_stand_at_the_gates(api: Api) -> None:
    await api.client.put(
        f"/v1/events/{api.world.event_id}/entry-rules", json={"allow_reentry": True}, headers=api.admin
    )
    north, south = await api.new_device("North"), await api.new_device("South")
    path = f"/v1/events/{api.world.event_id}/entries"
    empty = await (await api.client.get(path, headers=auth(south))).json()
    assert empty == {"data": [], "cursor": 0, "again_from": 0, "has_more": False}
    for unit in (1, 2):
        await api.validate(north, code=api.world.code(unit))
    await api.validate(north, code=api.world.code(1), direction="exit")
    await api.validate(north, code="junk")
    answer = await api.client.get(path, headers=auth(south))
    assert abs(int(answer.headers["X-Server-Now-Ms"]) / 1000 - datetime.now(UTC).timestamp()) < 5
    told = await answer.json()
    rows = {row["unit"]: row for row in told["data"]}
    assert {unit: (row["inside"], row["entries"], row["last_entry_gate"]) for unit, row in rows.items()} == {
        1: (False, 1, "North"), 2: (True, 1, "North"),
    }  # fmt: skip
    later = await (await api.client.get(path, params={"since": told["cursor"]}, headers=auth(south))).json()
    assert later["data"] == []
    assert later["cursor"] == told["cursor"]
    assert (await api.client.get(path)).status == 401


@pytest.mark.parametrize("offline", [True, False, None])
async def test_a_revoked_scanner_delivers_what_it_saw_before_and_nothing_else(api: Api, offline: bool | None) -> None:
    device, other = await api.new_device("Lost phone"), await api.new_device("Other")
    seen_at = datetime.now(UTC)
    await asyncio.sleep(0.05)
    devices = f"/v1/events/{api.world.event_id}/devices"
    assert (await api.client.delete(f"{devices}/{device['device_id']}", headers=api.admin)).status == 204
    before = {"code": api.world.code(1), "nonce": "before", "scanned_at": seen_at.isoformat(), "offline": offline}
    scans = [
        before,
        {"code": api.world.code(2), "nonce": "after", "scanned_at": datetime.now(UTC).isoformat()},
        {"code": api.world.code(3), "nonce": "whenever"},
        {"code": "junk", "nonce": "junk", "scanned_at": seen_at.isoformat()},
    ]
    for _ in range(2):  # delivered again, it is answered the same
        answer = await api.batch(device, scans)
        assert answer.status == 200
        told = (await answer.json())["results"]
        assert [(one["result"], one["reason"]) for one in told] == [
            ("admit", "ok"), ("reject", "revoked_device"), ("reject", "revoked_device"), ("reject", "malformed"),
        ]  # fmt: skip
    log = await api.world.log()
    assert sorted(row["nonce"] for row in log) == ["after", "before", "junk", "whenever"]
    assert all(row["facts"] == {"delivered_after_revocation": True} for row in log)
    assert (await api.validate(other, code=api.world.code(1)))["result"] == "duplicate"
    assert (await api.validate(other, code=api.world.code(2)))["result"] == "admit"
    # Nothing else opens for it: no verdicts, no names, no list, no batch that says nothing of the past, no other event.
    event = f"/v1/events/{api.world.event_id}"
    for path in ("/v1/devices/me", f"{event}/gate-bundle", f"{event}/entries", f"{event}/attendees?q=ada"):
        assert (await api.client.get(path, headers=auth(device))).status == 401
    body = {"code": api.world.code(4)}
    assert (await api.client.post("/v1/tickets/validate", json=body, headers=auth(device))).status == 401
    for scan in ({"code": api.world.code(4)}, {"code": api.world.code(4), "offline": True}):
        refused = await api.batch(device, [scan], key=json.dumps(scan)[-8:])
        assert (refused.status, (await refused.json())["code"]) == (401, "revoked_device")


async def test_a_revoked_scanner_delivers_for_a_while_only(api: Api) -> None:
    device = await api.new_device()
    revoked_at = datetime.now(UTC) - DELIVERS_FOR - timedelta(seconds=1)
    await api.world.pool.execute("UPDATE devices SET revoked_at = $1", revoked_at)
    await asyncio.sleep(REMEMBERED_S)
    scan = {"code": api.world.code(1), "nonce": "n", "scanned_at": (revoked_at - timedelta(hours=1)).isoformat()}
    answer = await api.batch(device, [scan])
    assert (answer.status, (await answer.json())["code"]) == (401, "revoked_device")
    assert await api.world.log() == []
