"""Several events at once, over HTTP and real stores: each by itself, what is refused is told with its reason."""

from __future__ import annotations

import asyncpg

from engine.domain.catalogue.programme.bulk import BULK_MAX
from engine.foundation.ids import new_id


def _path(organization_id: str) -> str:
    return f"/v1/organizations/{organization_id}/events/bulk"


async def test_what_is_refused_keeps_no_other_event_from_it_and_each_leaves_a_line(register, pool: asyncpg.Pool):
    organizer, other = await register(), await register()
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id)
    ready, bare = [await organizer.event(organization_id, venue_id, title=title) for title in ("Gala", "Bare")]
    await organizer.ticket_type(ready["id"])
    await organizer.ok("PUT", f"/v1/events/{ready['id']}/on-sale", {"opens_at": ready["starts_at"]})
    theirs = await other.organization()
    foreign = await other.event(theirs, await other.venue(theirs), title="Foreign")
    ids = [ready["id"], bare["id"], foreign["id"], new_id("evt"), ready["id"]]
    done = await organizer.ok("POST", _path(organization_id), {"event_ids": ids, "deed": "publish"})
    assert done["event_ids"] == [ready["id"]]
    assert [(one["title"], one["code"]) for one in done["refused"]] == [
        ("Bare", "event_incomplete"), ("", "event_unknown"), ("", "event_unknown"),
    ]  # fmt: skip
    assert done["refused"][0]["missing"] == ["ticket_types", "on_sale"]
    change = {"category": "comedy", "add_tags": ["late"], "remove_tags": ["Early"], "allow_refunds_until": None}
    await pool.execute("UPDATE events SET tags = '{early,loud}' WHERE id = $1", bare["id"])
    done = await organizer.ok(
        "POST", _path(organization_id), {"event_ids": ids[:2], "deed": "change", "change": change}
    )
    assert (done["event_ids"], done["refused"]) == (ids[:2], [])
    rows = await pool.fetch("SELECT category, tags FROM events WHERE id = ANY($1) ORDER BY title", ids)
    assert [tuple(row) for row in rows[:1]] == [("comedy", ["loud", "late"])]
    lines = "SELECT action FROM audit_log WHERE target = $1 ORDER BY id"
    assert [row["action"] for row in await pool.fetch(lines, ready["id"])][-2:] == ["event.published", "event.changed"]
    done = await organizer.ok("POST", _path(organization_id), {"event_ids": ids[:2], "deed": "delete"})
    assert (done["event_ids"], [one["code"] for one in done["refused"]]) == ([bare["id"]], ["event_not_draft"])


async def test_more_events_than_a_call_takes_none_and_no_change_are_refused(register):
    organizer = await register()
    organization_id = await organizer.organization()
    many = [new_id("evt") for _ in range(BULK_MAX + 1)]
    for given in ({"event_ids": many, "deed": "delete"}, {"event_ids": [], "deed": "delete"},
                  {"event_ids": many[:1], "deed": "change"}, {"event_ids": many[:1], "deed": "cancel"}):  # fmt: skip
        await organizer.refused("invalid", "POST", _path(organization_id), given)
