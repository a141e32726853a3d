"""A thousand names at the gate and in tables: shown as they were bought, found as they are typed."""

from __future__ import annotations

import csv
import io
import random

import orjson
import pytest

from engine.domain.money.buyers import checked_name
from engine.foundation import sheets
from engine.foundation.errors import Invalid
from engine.foundation.folding import name_kept
from tests import gate_world
from tests.names import made
from tests.web.gates.gates_api import Api, auth

FOUND_TRIED = 60


def bought() -> list[str]:
    """The names that the checkout takes, as it keeps them; web addresses among them are refused."""
    names = []
    for name in made():
        try:
            names.append(checked_name(name.typed, "/user_info/name"))
        except Invalid:
            assert "." in name_kept(name.typed), name
    assert len(names) > 950
    return names


@pytest.mark.slow
async def test_a_thousand_names_are_told_at_the_gate_and_found_there(api: Api) -> None:
    names, world = bought(), api.world
    units = list(range(100, 100 + len(names)))
    await gate_world.sell(world.pool, world.event_id, world.ticket_type_id, units, world.paid_at)
    await world.pool.execute(
        "UPDATE tickets t SET holder_name = n.name FROM unnest($2::int[], $3::text[]) AS n(unit, name)"
        " WHERE t.event_id = $1 AND t.unit = n.unit",
        world.event_id, units, names,
    )  # fmt: skip
    device = await api.new_device()
    lines = [orjson.dumps({"code": world.code(unit), "nonce": f"n{unit}"}) for unit in units]
    answer = await api.client.post(
        f"/v1/events/{world.event_id}/checkins/batch",
        data=b"\n".join(lines),
        headers={**auth(device), "Idempotency-Key": "all", "Content-Type": "application/x-ndjson"},
    )
    results = orjson.loads(await answer.read())["results"]
    assert [one["result"] for one in results] == ["admit"] * len(names)
    assert [one["attendee"] for one in results] == names
    pick = random.Random(7)
    for name in pick.sample(names, FOUND_TRIED):
        words = name.split()
        pick.shuffle(words)
        for sought in (name, name.upper(), "  ".join(words)):
            path = f"/v1/events/{world.event_id}/attendees"
            found = await (await api.client.get(path, params={"q": sought}, headers=auth(device))).json()
            shown = [one["attendee"] for one in found["data"]]
            assert name in shown or len(shown) == 25, (name, sought)


def test_a_thousand_names_are_read_back_from_a_table_as_they_were() -> None:
    names = bought()
    raw = sheets.begun(["name", "n"]) + sheets.rows([[name, at] for at, name in enumerate(names)])
    table = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [row["n"] for row in table] == [str(at) for at in range(len(names))]
    changed = [(row["name"], name) for row, name in zip(table, names, strict=True) if row["name"] != name]
    assert all(shown.startswith("'") and shown.replace("'", "") == name.replace("'", "") for shown, name in changed)
    assert len(changed) < 120, "only what a spreadsheet would run"
