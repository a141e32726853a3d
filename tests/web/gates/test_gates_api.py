"""Tickets, scanners and gates over HTTP, as docs/openapi.json binds them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image

from engine.foundation.bearer import Bearers, Person
from tests import papers
from tests.web.gates.gates_api import Api, auth

CODE_ROW_BYTES = 12 + 4 + 2 + 2


async def test_a_ticket_is_read_by_its_orders_capability_and_by_nobody_else(api: Api) -> None:
    world = api.world
    path = f"/v1/tickets/{world.ticket_ids[3]}"
    assert (await api.client.get(path)).status == 401
    keys = world.settings.keyring.platform()
    mine = {"X-Order-Token": keys.mint_order_token(world.order_ids[0])}
    theirs = {"X-Order-Token": keys.mint_order_token("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV")}
    assert (await api.client.get(path, headers=theirs)).status == 404
    stranger = Bearers(world.settings.jwt_key.get_secret_value().encode()).sign(Person("usr_x", is_admin=False))
    assert (await api.client.get(path, headers={"Authorization": f"Bearer {stranger}"})).status == 404
    ticket = await (await api.client.get(path, headers=mine)).json()
    assert ticket["id"] == world.ticket_ids[3]
    assert (ticket["unit"], ticket["version"], ticket["status"]) == (3, 1, "valid")
    assert ticket["code"] == ticket["qrSecret"]
    device = await api.new_device()
    assert (await api.validate(device, code=ticket["code"]))["result"] == "admit"
    assert (await (await api.client.get(path, headers=mine)).json())["status"] == "used"
    assert (await (await api.client.get(path, headers=api.admin)).json())["code"] == ticket["code"]


async def test_the_qr_in_every_form_reads_as_the_code(api: Api) -> None:
    world = api.world
    path = f"/v1/tickets/{world.ticket_ids[3]}"
    mine = {"X-Order-Token": world.settings.keyring.platform().mint_order_token(world.order_ids[0])}
    code = (await (await api.client.get(path, headers=mine)).json())["code"]
    png = await api.client.get(f"{path}/qr.png", headers=mine)
    assert png.content_type == "image/png"
    image = Image.open(io.BytesIO(await png.read())).convert("L")
    assert zxingcpp.read_barcode(image).text == code
    svg = await api.client.get(f"{path}/qr.svg", headers=mine)
    assert svg.content_type == "image/svg+xml"
    assert (await svg.read()).startswith(b"<svg")
    again = await api.client.get(f"{path}/qr.svg", headers={**mine, "If-None-Match": svg.headers["ETag"]})
    assert again.status == 304
    pdf = await api.client.get(f"{path}/pdf", headers=mine)
    assert pdf.content_type == "application/pdf"
    assert (await pdf.read()).startswith(b"%PDF")
    fresh = {**mine, "If-None-Match": pdf.headers["ETag"]}
    assert (await api.client.get(f"{path}/pdf", headers=fresh)).status == 304
    await world.pool.execute(
        "UPDATE tickets SET holder_name = 'Żółć Ναυσικά 王小明' WHERE id = $1", world.ticket_ids[3]
    )
    changed = await api.client.get(f"{path}/pdf", headers=fresh)
    assert changed.status == 200
    [page] = papers.read(await changed.read())
    assert "Żółć Ναυσικά 王小明" in page.text
    assert page.codes == [world.code(3)]
    await world.pool.execute("UPDATE tickets SET status = 'refunded' WHERE id = $1", world.ticket_ids[3])
    assert (await (await api.client.get(path, headers=mine)).json())["code"] is None
    assert (await api.client.get(f"{path}/qr.png", headers=mine)).status == 409


async def test_both_spellings_and_the_alias_reach_the_same_verdict(api: Api) -> None:
    device = await api.new_device()
    code, scanned_at = api.world.code(1), datetime.now(UTC) - timedelta(days=10)  # as its wrong clock has it
    verdict = await api.validate(device, qrSecret=code, scannerId="s1", scannedAt=scanned_at.isoformat())
    assert verdict["status"] == "VALID"
    assert verdict["ticketId"]
    assert verdict["checkedInAt"]
    for path in ("/api/v1/tickets/validate", "/api/tickets/validate"):
        response = await api.client.post(path, json={"code": code}, headers=auth(device))
        again = await response.json()
        assert (again["status"], again["result"]) == ("ALREADY_CHECKED_IN", "duplicate")
        assert again["previous"]["gate"] == "Gate A"
    [row, *_] = await api.world.log()
    assert row["facts"]["scanner_id"] == "s1"
    gap = row["received_at"] - row["scanned_at"] - timedelta(milliseconds=row["clock_offset_ms"])
    assert abs(gap) < timedelta(seconds=1)


async def test_a_request_that_shows_nothing_is_invalid_and_one_that_is_no_json_malformed(api: Api) -> None:
    device = await api.new_device()
    response = await api.client.post("/v1/tickets/validate", json={}, headers=auth(device))
    assert response.status == 422
    assert (await response.json())["errors"][0]["pointer"] == "/code"
    response = await api.client.post(
        "/v1/tickets/validate", data=b"{", headers={**auth(device), "Content-Type": "application/json"}
    )
    assert response.status == 400
    assert (await api.validate(device, code=""))["reason"] == "malformed"
    assert (await api.validate(device, code="a\0b"))["reason"] == "malformed"
    for body in ({"code": "x", "nonce": "a\0"}, {"code": "x", "gate": "\0"}, {"code": "x", "deviceInfo": {"a": "\0"}}):
        response = await api.client.post("/v1/tickets/validate", json=body, headers=auth(device))
        assert response.status == 422, body


async def test_a_scanner_needs_its_secret_and_its_own_event(api: Api) -> None:
    device = await api.new_device()
    good = device["Authorization"]
    for header in ("", "Device x", good[:-1] + "_", good.replace("Device", "Bearer"), good + "x", "Device dev_x.y"):
        response = await api.client.post("/v1/tickets/validate", json={"code": "x"}, headers={"Authorization": header})
        assert response.status == 401, header
    other = await api.client.get("/v1/events/evt_01ARZ3NDEKTSV4RRFFQ69G5FAV/gate-bundle", headers=auth(device))
    assert other.status == 403


async def test_a_revoked_scanner_is_out_at_once_and_its_secret_is_never_shown_again(api: Api) -> None:
    device = await api.new_device()
    assert (await api.validate(device, code=api.world.code(1)))["result"] == "admit"
    path = f"/v1/events/{api.world.event_id}/devices"
    listed = await (await api.client.get(path, headers=api.admin)).json()
    assert [row["device_id"] for row in listed["data"]] == [device["device_id"]]
    assert "secret" not in listed["data"][0]
    assert (await api.client.delete(f"{path}/{device['device_id']}", headers=api.admin)).status == 204
    response = await api.client.post("/v1/tickets/validate", json={"code": api.world.code(2)}, headers=auth(device))
    assert response.status == 401
    assert (await response.json())["code"] == "revoked_device"


async def test_only_the_organizers_people_manage_scanners(api: Api) -> None:
    path = f"/v1/events/{api.world.event_id}/devices"
    bearers = Bearers(api.world.settings.jwt_key.get_secret_value().encode())
    stranger = {"Authorization": f"Bearer {bearers.sign(Person('usr_x', is_admin=False))}"}
    assert (await api.client.post(path, json={"name": "x"})).status == 401
    assert (await api.client.post(path, json={"name": "x"}, headers=stranger)).status == 404
    assert (await api.client.post(path, json={"name": ""}, headers=api.admin)).status == 422


async def test_a_json_batch_keeps_its_order_and_junk_never_sinks_it(api: Api) -> None:
    device = await api.new_device()
    scans = [
        {"code": api.world.code(1), "nonce": "a", "scanned_at": datetime.now(UTC).isoformat()},
        {"code": 7},
        "what",
        {"code": api.world.code(1), "nonce": "b"},
        {"code": api.world.code(2), "nonce": "c", "direction": "sideways"},
        {},
        {"qrSecret": api.world.code(3)},
        None,
        {"code": api.world.code(4), "nonce": "a\0b"},
    ]
    response = await api.batch(device, scans)
    assert response.status == 200, await response.text()
    told = await response.json()
    assert [verdict["result"] for verdict in told["results"]] == [
        "admit", "reject", "reject", "duplicate", "reject", "reject", "admit", "reject", "reject",
    ]  # fmt: skip
    assert told["counts"] == {"admit": 2, "reject": 6, "duplicate": 1}
    replayed = await api.batch(device, scans)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert await replayed.json() == told
    assert (await api.batch(device, scans[:1])).status == 422
    other_key = await (await api.batch(device, scans[:1], key="k2")).json()
    assert other_key["results"] == told["results"][:1]


IMPOSSIBLE_TIMES = [
    "2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00-23:59", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59",
]  # fmt: skip


async def test_a_scan_from_a_clock_that_no_ledger_knows_is_judged_and_sinks_no_other(api: Api) -> None:
    device = await api.new_device()
    scans = [
        {
            "code": api.world.code(n),
            "nonce": f"n{n}",
            "scanned_at": moment,
            "clock_offset_ms": (-1) ** n * 2_000_000_000,
        }
        for n, moment in enumerate(IMPOSSIBLE_TIMES)
    ]
    response = await api.batch(device, [*scans, {"code": api.world.code(9)}])
    assert response.status == 200, await response.text()
    assert (await response.json())["counts"] == {"admit": len(scans) + 1}
    for n, moment in enumerate(IMPOSSIBLE_TIMES, start=10):
        verdict = await api.validate(device, code=api.world.code(n), scannedAt=moment)
        assert verdict["result"] == "admit"
    sent = await api.batch(device, [{"code": api.world.code(17)}], key="k2", sent_at=IMPOSSIBLE_TIMES[2])
    assert (await sent.json())["counts"] == {"admit": 1}


async def test_a_repeated_upload_gets_the_same_bytes_from_a_small_recipe_and_its_packed_rows(api: Api) -> None:
    device = await api.new_device()
    scans = [{"code": api.world.code(number % 20), "nonce": f"n{number % 90}"} for number in range(100)]
    first = await (await api.batch(device, scans)).read()
    kept = await api.world.pool.fetchval("SELECT length(body) FROM idempotency_keys WHERE status = 200")
    assert kept < len(first) / 100
    assert await (await api.batch(device, scans)).read() == first
    await api.world.packs.unpack(api.world.event_id)
    replayed = await api.batch(device, scans)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert await replayed.read() == first
    mixed = [*scans, {"code": api.world.code(3), "nonce": "new"}]
    by_log_and_pack = await (await api.batch(device, mixed, key="k2")).read()
    await api.world.packs.unpack(api.world.event_id)
    assert await (await api.batch(device, mixed, key="k2")).read() == by_log_and_pack


async def test_an_answer_that_was_kept_whole_before_there_were_recipes_is_repeated_as_it_is(api: Api) -> None:
    device = await api.new_device()
    scans = [{"code": api.world.code(1), "nonce": "n"}]
    await api.batch(device, scans)
    await api.world.pool.execute("UPDATE idempotency_keys SET body = '{\"results\":[]}' WHERE status = 200")
    assert await (await api.batch(device, scans)).json() == {"results": []}


async def test_a_batch_needs_a_key_and_knows_its_limits(api: Api) -> None:
    device = await api.new_device()
    path = f"/v1/events/{api.world.event_id}/checkins/batch"
    response = await api.client.post(path, json={"scans": []}, headers=auth(device))
    assert response.status == 400
    assert (await response.json())["code"] == "idempotency_key_required"
    assert (await api.batch(device, [{}] * 10_001)).status == 413
    assert (await api.client.post(path, json=[], headers={**auth(device), "Idempotency-Key": "z"})).status == 422


async def test_lines_of_ndjson_are_a_batch_too(api: Api) -> None:
    device = await api.new_device()
    lines = [json.dumps({"code": api.world.code(n % 20), "nonce": f"n{n}"}) for n in range(50)] + ["{junk", ""]
    path = f"/v1/events/{api.world.event_id}/checkins/batch"
    headers = {**auth(device), "Idempotency-Key": "k", "Content-Type": "application/x-ndjson"}
    response = await api.client.post(path, data="\n".join(lines), headers=headers)
    told = await response.json()
    assert told["counts"] == {"admit": 20, "duplicate": 30, "reject": 1}


async def test_a_gate_finds_tickets_by_name_without_seeing_codes_or_whole_addresses(api: Api) -> None:
    device = await api.new_device()
    path = f"/v1/events/{api.world.event_id}/attendees"
    found = (await (await api.client.get(path, params={"q": "lovelace"}, headers=auth(device))).json())["data"]
    assert len(found) == 20
    assert found[0]["email"] == "ad…@example.org"
    assert "code" not in found[0]
    verdict = await api.validate(device, ticketId=found[0]["ticketId"])
    assert verdict["result"] == "admit"
    assert (await (await api.client.get(path, params={"q": "100%_"}, headers=auth(device))).json())["data"] == []


@pytest.mark.parametrize(
    ("name", "sought"),
    [
        ("Anna Müller", "MÜLLER"), ("José Núñez", "jose"), ("Łukasz Ćwik", "lukasz"), ("Seán O’Brien", "o'brien"),
        ("Zzz Plain", "plain zzz"), ("Grace  Hopper", "grace  hopper"), ("İbrahim", "ibrahim"), ("Weiß", "WEISS"),
        ("Σίσυφος", "ΣΙΣΥΦΟΣ"), ("王小明", "小明"), ("ＢＯＢ", "bob"), ("Grace Hopper", "  hopper grace "),
    ],
)  # fmt: skip
async def test_a_steward_finds_a_name_however_it_is_typed(api: Api, name: str, sought: str) -> None:
    device = await api.new_device()
    ticket_id = api.world.ticket_ids[3]
    await api.world.pool.execute("UPDATE tickets SET holder_name = $2 WHERE id = $1", ticket_id, name)
    path = f"/v1/events/{api.world.event_id}/attendees"
    for text in (sought, name, name.upper()):
        found = (await (await api.client.get(path, params={"q": text}, headers=auth(device))).json())["data"]
        assert [(one["ticketId"], one["attendee"]) for one in found] == [(ticket_id, name)], text


async def test_a_steward_finds_an_order_by_its_number_as_it_was_heard(api: Api) -> None:
    device = await api.new_device()
    await api.world.pool.execute("UPDATE orders SET order_number = '0K1M9Q2X0B' WHERE id = $1", api.world.order_ids[0])
    path = f"/v1/events/{api.world.event_id}/attendees"
    for text in ("0K1M9Q2X0B", "ok1m 9q2x ob", "OKIM-9Q2X-OB", "0kLm9q", "0K1M9Q2X0B "):
        found = (await (await api.client.get(path, params={"q": text}, headers=auth(device))).json())["data"]
        assert len(found) == 20, text
    for text in ("0K1M8Q2X0B", "K1M9Q2X0B", "0K1"):
        assert (await (await api.client.get(path, params={"q": text}, headers=auth(device))).json())["data"] == [], text


async def test_the_bundle_checks_codes_offline_and_cannot_make_them(api: Api) -> None:
    device = await api.new_device()
    path = f"/v1/events/{api.world.event_id}/gate-bundle"
    response = await api.client.get(path, headers=auth(device))
    document = await response.json()
    raw = document["payload"].encode()
    key = Ed25519PublicKey.from_public_bytes(_unb64(document["public_key"]))
    key.verify(_unb64(document["signature"]), raw)
    payload = orjson.loads(raw)
    assert payload["count"] == 20
    assert payload["event"]["id"] == api.world.event_id
    table, salt = base64.b64decode(payload["codes"]), _unb64(payload["salt"])
    rows = [table[at : at + CODE_ROW_BYTES] for at in range(0, len(table), CODE_ROW_BYTES)]
    code = api.world.code(7).encode()
    [place] = [n for n, row in enumerate(rows) if row[:12] == hashlib.sha256(salt + code).digest()[:12]]
    assert int.from_bytes(rows[place][12:16], "big") == 7
    names, at = base64.b64decode(payload["names"]), 0
    for _ in range(place):
        at += 2 + int.from_bytes(names[at : at + 2], "big")
    sealed = names[at + 2 : at + 2 + int.from_bytes(names[at : at + 2], "big")]
    name_key = hashlib.sha256(b"name" + salt + code).digest()[:16]
    assert orjson.loads(AESGCM(name_key).decrypt(bytes(12), sealed, None)) == ["Ada Lovelace", "Floor", "Floor"]
    for n in range(20):
        assert api.world.code(n) not in raw.decode()
    again = await api.client.get(path, headers={**auth(device), "If-None-Match": response.headers["ETag"]})
    assert again.status == 304
    await api.world.pool.execute("UPDATE tickets SET status = 'blocked' WHERE unit = 7")
    changed = await api.client.get(path, headers={**auth(device), "If-None-Match": response.headers["ETag"]})
    assert changed.status == 200
    assert orjson.loads((await changed.json())["payload"])["count"] == 19


async def test_the_feed_tells_revocations_and_their_undoing_in_order(api: Api) -> None:
    device = await api.new_device()
    path = f"/v1/events/{api.world.event_id}/revocations"
    for status in ("refunded", "valid", "blocked"):
        await api.world.pool.execute("UPDATE tickets SET status = $1 WHERE unit = 4", status)
    await api.world.pool.execute("UPDATE tickets SET version = 2 WHERE unit = 5")
    told = await (await api.client.get(path, headers=auth(device))).json()
    assert [(row["unit"], row["reason"], row["min_version"]) for row in told["data"]] == [
        (4, "refunded", 65536), (4, "valid", 1), (4, "blocked", 65536), (5, "reissued", 2),
    ]  # fmt: skip
    rest = await (await api.client.get(path, params={"since": told["data"][1]["seq"]}, headers=auth(device))).json()
    assert rest["data"] == told["data"][2:]
    assert rest["cursor"] == told["cursor"]
    assert (await api.client.get(path, params={"sinse": 1}, headers=auth(device))).status == 400


async def test_attendance_counts_heads_and_raises_the_alarm(api: Api) -> None:
    north, south = await api.new_device("North"), await api.new_device("South")
    for unit in range(5):
        await api.validate(north, code=api.world.code(unit))
    for _ in range(3):
        await api.validate(south, code=api.world.code(0))
    await api.validate(south, code="junk")
    path = f"/v1/events/{api.world.event_id}/attendance"
    for headers in (api.admin, auth(north)):
        told = await (await api.client.get(path, headers=headers)).json()
        assert (told["issued"], told["checked_in"], told["inside"]) == (20, 5, 5)
        assert (told["entries"], told["duplicates"], told["rejects"]) == (5, 3, 1)
        assert {gate["gate"] for gate in told["by_gate"]} == {"North", "South"}
        assert told["alerts"][0]["duplicates"] == 3
    assert (await api.client.get(path)).status == 401


async def test_conflicts_are_listed_with_both_scans_and_exported(api: Api) -> None:
    north, south = await api.new_device("North"), await api.new_device("=South")
    now = datetime.now(UTC)
    for device, minutes, key in ((north, 5, "a"), (south, 9, "b")):
        scan = {"code": api.world.code(1), "nonce": key, "scanned_at": (now - timedelta(minutes=minutes)).isoformat()}
        assert (await api.batch(device, [{**scan, "offline": True}], key=key)).status == 200
    path = f"/v1/events/{api.world.event_id}/checkins/conflicts"
    told = await (await api.client.get(path, headers=api.admin)).json()
    [pair] = told["data"]
    assert (pair["canonical"]["gate"], pair["conflict"]["gate"]) == ("=South", "North")
    assert abs(pair["gap_s"] - 240) < 0.01
    table = await (await api.client.get(path, params={"format": "csv"}, headers=api.admin)).text()
    assert table.splitlines()[0].startswith("\ufeffticket_id,attendee,seat,gap_s,canonical_id")
    assert "'=South" in table
    assert ",=South" not in table


async def test_entry_rules_are_the_organizers_and_are_checked(api: Api) -> None:
    path = f"/v1/events/{api.world.event_id}/entry-rules"
    assert (await (await api.client.get(path, headers=api.admin)).json())["allow_reentry"] is False
    rules = {"allow_reentry": True, "max_entries": 3, "exit_all_at": "04:00"}
    assert (await api.client.put(path, json=rules, headers=api.admin)).status == 200
    assert (await api.client.put(path, json={"exit_all_at": "tea"}, headers=api.admin)).status == 422
    assert (await api.client.put(path, json={"max_entries": 2}, headers=api.admin)).status == 422
    device = await api.new_device()
    assert (await api.client.put(path, json=rules, headers=auth(device))).status == 401
    strange = {"gates": {"N/W": {"sections": ["Floor", "Roof"], "ticket_type_ids": [api.world.ticket_type_id, "tt_X"]}}}
    refused = await api.client.put(path, json=strange, headers=api.admin)
    assert refused.status == 422
    assert [(each["pointer"], each["code"]) for each in (await refused.json())["errors"]] == [
        ("/gates/N~1W/sections/1", "unknown_section"), ("/gates/N~1W/ticket_type_ids/1", "unknown_ticket_type"),
    ]  # fmt: skip
    assert (await (await api.client.get(path, headers=api.admin)).json())["max_entries"] == 3


async def test_fifty_simultaneous_scans_over_http_admit_one(api: Api) -> None:
    devices = [await api.new_device(f"D{n}") for n in range(10)]
    told = await asyncio.gather(*(api.validate(devices[n % 10], code=api.world.code(9)) for n in range(50)))
    assert sorted(verdict["result"] for verdict in told) == ["admit"] + ["duplicate"] * 49
    assert all(verdict["previous"]["gate"] for verdict in told if verdict["result"] == "duplicate")
    path = f"/v1/events/{api.world.event_id}/checkins"
    first = await (await api.client.get(path, params={"limit": 30}, headers=api.admin)).json()
    rest = await (await api.client.get(path, params={"cursor": first["next_cursor"]}, headers=api.admin)).json()
    log = first["data"] + rest["data"]
    assert len({row["id"] for row in log}) == 50
    assert rest["has_more"] is False
    assert sorted(row["result"] for row in log) == ["admit"] + ["duplicate"] * 49
    admitted = await (await api.client.get(path, params={"result": "admit"}, headers=api.admin)).json()
    assert [row["ticketId"] for row in admitted["data"]] == [api.world.ticket_ids[9]]
    assert (await api.client.get(path, headers=auth(devices[0]))).status == 401


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
