"""The organizer's colour, seen while it is typed, and the page with the line for their own site."""

from __future__ import annotations

from tests.admin.organizer import Organizer


async def test_a_colour_is_shown_as_it_will_be_and_one_that_cannot_be_read_is_said_at_its_field(
    organizer: Organizer,
) -> None:
    organization_id = await organizer.organization()
    at = f"/o/{organization_id}/settings"
    piece = await organizer.get(f"{at}/accent?accent=%23d6336c")
    assert piece.text.count("<svg") == 2
    assert 'fill="#d6336c"' in piece.text
    assert "field-error" not in piece.text
    pale = await organizer.get(f"{at}/accent?accent=%23ffd400")
    assert "the nearest that can be read on both is #af9200" in pale.words
    assert "six digits" in (await organizer.get(f"{at}/accent?accent=red")).words
    form = {"version": "1", "name": "House", "slug": "house-of-colour", "accent": "#ffd400"}
    refused = await organizer.post(at, form)
    assert refused.status == 422
    assert 'id="e-accent"' in refused.text
    assert 'value="#ffd400"' in refused.text
    saved = await organizer.post(at, {**form, "accent": "#D6336C"})
    assert 'value="#d6336c"' in saved.text


async def test_sites_are_named_one_a_line_and_each_public_event_has_its_line_to_copy(
    organizer: Organizer, chart: str
) -> None:
    organization_id, _, _ = await organizer.published(chart)
    at = f"/o/{organization_id}/embedding"
    page = await organizer.get(at)
    assert "widget.js&#34; data-event=" in page.text or 'widget.js" data-event=' in page.text
    refused = await organizer.post(at, {"version": "1", "embed_origins": "https://a.example\nhttp://b.example"})
    assert (refused.status, "Only public https sites" in refused.words) == (422, True)
    assert "http://b.example</textarea>" in refused.text
    saved = await organizer.post(at, {"version": "1", "embed_origins": "https://a.example/\n\nhttps://b.example"})
    assert "https://a.example\nhttps://b.example</textarea>" in saved.text
