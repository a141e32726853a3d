"""What an event asks at the checkout: written, looked at, put in order and taken away in the admin app."""

from __future__ import annotations

from engine.services.wiring import Services
from tests.admin.organizer import Organizer

Row = dict[str, str]


def fields(*rows: Row, **more: str) -> list[tuple[str, str]]:
    empty = {"id": "", "place": "", "label": "", "help": "", "kind": "text", "per": "order", "required": "no",
             "choices": "", "chars_max": ""}  # fmt: skip
    return [*more.items(), *(pair for row in rows for pair in (empty | row).items())]


async def test_questions_are_previewed_saved_ordered_and_retired(
    organizer: Organizer, services: Services, chart: str
) -> None:
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/checkout"
    shirt = {"label": "Shirt", "kind": "choice", "choices": "S\n\n M ", "per": "attendee", "required": "yes"}
    asked = fields({"label": "News?", "place": "2"}, shirt | {"place": "1"}, {}, named_tickets="required")

    preview = await organizer.post(at, [*asked, ("do", "preview")])
    assert preview.status == 200
    assert all(words in preview.words for words in ("Nothing is saved yet", "What buyers would see", "Ticket 1"))
    assert not (await services.catalogue.events.get(None, event_id)).questions

    await organizer.post(at, [*asked, ("do", "save")])
    event = await services.catalogue.events.get(None, event_id)
    assert [(each.label, each.choices) for each in event.questions] == [("Shirt", ("S", "M")), ("News?", ())]
    assert event.named_tickets == "required"

    kept = [{"id": each.id, "label": each.label, "kind": each.kind, "per": each.per} for each in event.questions]
    wrong = await organizer.post(at, fields({"id": kept[1]["id"], "label": ""}, kept[0] | {"choices": "S"}))
    assert (wrong.status, "A choice has at least two" in wrong.words) == (422, True)
    assert 'id="e-choices_0"' in wrong.text

    page = await organizer.post(at, fields(kept[1], kept[0] | {"label": ""}))
    assert "Asked no longer" in page.words
    assert [each.label for each in (await services.catalogue.events.get(None, event_id)).questions] == ["News?"]
