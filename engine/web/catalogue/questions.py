"""What an event asks at the checkout, over HTTP."""

from __future__ import annotations

from aiohttp import web

from engine.domain.catalogue.errors import EventFrozen, EventNotInSeries, EventUnknown
from engine.domain.catalogue.questions import EventQuestions, QuestionsChange
from engine.foundation import bodies
from engine.foundation.errors import Forbidden, Malformed
from engine.services.appkeys import QUESTIONS
from engine.web.auth import person
from engine.web.catalogue.events import ApplyQuery
from engine.web.forms import form, versioned
from engine.web.route import Route


async def read_questions(request: web.Request) -> web.Response:
    """What is asked, in order, and after it what was asked once."""
    questions = await request.config_dict[QUESTIONS].get(person(request), request.match_info["event_id"])
    return versioned(request, questions, questions.version)


async def put_questions(request: web.Request) -> web.Response:
    """Ask these from now on, in this order; of a published event those left out are retired.

    ``apply`` following or all: the later events of its series ask the same, or all that are not over. What they asked
    in the same words keeps its answers.
    """
    actor, apply = person(request), bodies.query(request, ApplyQuery).apply
    given = await form(request, QuestionsChange)
    questions = await request.config_dict[QUESTIONS].put(actor, request.match_info["event_id"], given, apply)
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
        query=ApplyQuery,
    ).refuses(Forbidden, EventUnknown, EventFrozen, EventNotInSeries, Malformed),
)
