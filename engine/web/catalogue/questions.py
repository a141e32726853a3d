"""What an event asks at the checkout, over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.catalogue.errors import EventFrozen, EventUnknown
from engine.domain.catalogue.questions import EventQuestions, QuestionsChange
from engine.foundation.errors import Forbidden
from engine.services.appkeys import QUESTIONS
from engine.web.auth import person
from engine.web.forms import form, versioned
from engine.web.route import Route


async def read_questions(request: web.Request) -> web.Response:
    """What is asked, in order, and after it what was asked once."""
    questions = await request.config_dict[QUESTIONS].get(person(request), request.match_info["event_id"])
    return versioned(request, questions, questions.version)


async def put_questions(request: web.Request) -> web.Response:
    """Ask these from now on, in this order; of a published event those left out are retired."""
    actor = person(request)
    given = await form(request, QuestionsChange)
    questions = await request.config_dict[QUESTIONS].put(actor, request.match_info["event_id"], given)
    return versioned(request, questions, questions.version)


_ONE = "/v1/events/{event_id}/questions"
ROUTES: tuple[Route, ...] = (
    Route("GET", _ONE, read_questions, "organizer", "operate", needs="events.write", gives=EventQuestions).refuses(
        Forbidden, EventUnknown
    ),
    Route(
        "PUT",
        _ONE,
        put_questions,
        "organizer",
        "operate",
        needs="events.write",
        takes=QuestionsChange,
        gives=EventQuestions,
    ).refuses(Forbidden, EventUnknown, EventFrozen),
)
