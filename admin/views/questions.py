"""What an event asks at the checkout, with what buyers will see of it."""

from __future__ import annotations

from aiohttp import web

from admin import reach
from admin.forms import filled
from admin.forms import questions as forms
from admin.forms.questions import QuestionsForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.questions import CHOICES_MAX, QUESTIONS_MAX, EventQuestions, QuestionsChange, kept


async def show(visit: Visit) -> web.Response:
    event = await reach.event(visit, "events.write")
    questions = await visit.services.catalogue.questions.get(visit.person, event.id)
    return await _page(visit, event, forms.of(questions), questions)


async def put(visit: Visit) -> web.Response:
    """Save, or only show what it would look like."""
    event = await reach.event(visit, "events.write")
    form = forms.read(visit.form)
    before = await visit.services.catalogue.questions.get(visit.person, event.id)

    async def look(typed: QuestionsForm) -> QuestionsChange:
        given = typed.given()
        kept(given.questions, before.questions, published=event.published_at is not None)
        return given

    if visit.form.get("do") == "preview":
        seen = await form.carry_out(look)
        return await _page(visit, event, form, before, seen)
    saved = await form.carry_out(
        lambda typed: visit.services.catalogue.questions.put(visit.person, event.id, typed.given(), typed.apply)
    )
    if saved is None:
        return await _page(visit, event, form, before)
    return await visit.go(address("events", event.id, "checkout"), "Saved.")


async def _page(
    visit: Visit,
    event: Event,
    form: filled.Filled[QuestionsForm],
    before: EventQuestions,
    seen: QuestionsChange | None = None,
) -> web.Response:
    of_order, of_attendee = forms.split(seen.questions if seen else before.questions)
    return await visit.page(
        "questions/show.html",
        event=event,
        form=form,
        rows=len(form.all("label")),
        rows_max=QUESTIONS_MAX,
        choices_max=CHOICES_MAX,
        retired=[question for question in before.questions if question.retired],
        of_order=of_order,
        of_attendee=of_attendee,
        named=seen.named_tickets if seen else before.named_tickets,
        is_preview=seen is not None,
        status=form.status,
    )
