"""Checkout questions set for one date of a series, for the later ones, for all."""

from __future__ import annotations

from typing import Any

from tests.web.catalogue.programme.test_series import weekly
from tests.web.organizer import Someone


async def _asked(organizer: Someone, event_id: str) -> dict[str, Any]:
    return await organizer.ok("GET", f"/v1/events/{event_id}/questions")


async def _labels(organizer: Someone, ids: list[str]) -> list[list[str]]:
    every = [await _asked(organizer, event_id) for event_id in ids]
    return [[each["label"] for each in one["questions"] if not each["retired"]] for one in every]


async def test_questions_are_for_one_date_or_for_all_or_from_one_on(register):
    organizer = await register()
    _, ids = await weekly(organizer)

    async def ask(which: int, apply: str, *labels: str, **more: Any) -> None:
        given = {"questions": [{"label": label} for label in labels], **more}
        await organizer.ok("PUT", f"/v1/events/{ids[which]}/questions?apply={apply}", given)

    await ask(0, "all", "Diet", named_tickets="optional")
    await ask(1, "this", "Shirt")
    await ask(2, "following", "Allergies", "Diet")
    assert await _labels(organizer, ids) == [["Diet"], ["Shirt"], ["Allergies", "Diet"], ["Allergies", "Diet"]]
    assert {(await _asked(organizer, one))["named_tickets"] for one in ids} == {"optional"}


async def test_another_date_knows_a_question_under_an_id_of_its_own_and_keeps_its_answers(register):
    organizer = await register()
    event, ids = await weekly(organizer, 3)
    path = f"/v1/events/{ids[0]}/questions"
    await organizer.ok("PUT", f"{path}?apply=all", {"questions": [{"label": "Shirt", "kind": "text"}]})
    await organizer.ok("POST", f"/v1/series/{event['series_id']}/publish")
    await organizer.ok("POST", f"/v1/events/{ids[2]}/cancel", {})
    before = [(await _asked(organizer, one))["questions"] for one in ids]
    worded = {**before[0][0], "label": "Shirt size"}
    await organizer.ok("PUT", f"{path}?apply=all", {"questions": [worded]})
    after = [(await _asked(organizer, one))["questions"] for one in ids]
    assert len({one[0]["id"] for one in after}) == 3
    assert [[each["id"] for each in one] for one in after] == [[each["id"] for each in one] for one in before]
    assert [one[0]["label"] for one in after] == ["Shirt size", "Shirt size", "Shirt"], "what is cancelled stays"


async def test_questions_that_one_date_refuses_change_none(register):
    organizer = await register()
    _, ids = await weekly(organizer, 2)
    path = f"/v1/events/{ids[0]}/questions"
    given = {"questions": [{"label": "Mine", "kind": "choice", "choices": ["one"]}]}
    await organizer.refused("invalid", "PUT", f"{path}?apply=all", given)
    assert await _labels(organizer, ids) == [[], []]
    await organizer.refused("malformed", "PUT", f"{path}?apply=some", {"questions": []})
    organization_id = await organizer.organization()
    alone = await organizer.event(organization_id, await organizer.venue(organization_id))
    asked = f"/v1/events/{alone['id']}/questions?apply=following"
    await organizer.refused("event_not_in_series", "PUT", asked, {"questions": []})
