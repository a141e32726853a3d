"""One order, looked at: the order, how far it is, its tickets. Made once a version of it, given to those who may read.

``express.py`` gives the same answers before the router. Who asks is looked at each time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from engine.domain.order_states import OPEN
from engine.domain.tickets.tickets import TicketPage
from engine.foundation import bodies, errors, http, lists, manners
from engine.foundation.bearer import Person
from engine.foundation.cookies import tls_promise
from engine.foundation.own_answers import REVALIDATED, UNKEPT, OwnAnswer
from engine.services.appkeys import LIMITS, ORDER_READS, ORDER_WAITS, ORDERS, SETTINGS, TICKETS
from engine.services.money.order_reads import KnownOrder
from engine.web import auth
from engine.web.money.orders_shapes import StatusQuery, order_document
from engine.web.tickets.tickets_shapes import ticket_document

STATUS: Final = "status"
TICKETS_SHOWN: Final = "tickets"
ORDER_TO_BUYER: Final = "order"
ORDER_TO_STAFF: Final = "order to staff"
WAITED: Final = web.RequestKey("waited", bool)  # the express path waited already


async def get_order(request: web.Request) -> web.StreamResponse:
    """The order with its frozen price."""
    known, person = await _known(request)
    to_buyer = request.config_dict[ORDERS].owns(known.head, person, auth.order_token(request))
    name = ORDER_TO_BUYER if to_buyer else ORDER_TO_STAFF
    answer = known.answers.get(name)
    if answer is None:
        reads = request.config_dict[ORDER_READS]
        order, of_this = await reads.order(known)
        answer = own_answer(request, order_document(order, to_buyer=to_buyer))
        if of_this:
            reads.remember(known, name, answer)
    return answer.response(request)


async def get_status(request: web.Request) -> web.StreamResponse:
    """What hold, payment and tickets do, each apart; cheap to poll with If-None-Match, and to wait for."""
    wait_s = _wait_s(request)
    known, person = await _known(request)
    answer = status_answer(request.app, known)
    if knows_another(request, answer) and known.head.status not in OPEN:
        known = await _again(request, known)
        answer = status_answer(request.app, known)
    if wait_s and WAITED not in request and waits_for(request.app, request, known, answer):
        promise: asyncio.Future[KnownOrder | None] = asyncio.get_running_loop().create_future()
        request.config_dict[ORDER_WAITS].wait(known, promise, wait_s, stays(request.app, request))
        known = await promise or known
        await request.config_dict[ORDERS].require_read(known.head, person, auth.order_token(request))
        answer = status_answer(request.app, known)
    return answer.response(request)


async def get_tickets(request: web.Request) -> web.StreamResponse:
    """The order's tickets, with codes for those who may see them; an empty list until it is paid."""
    known, person = await _known(request)
    codes_shown = await request.config_dict[ORDERS].shows_codes(known.head, person, auth.order_token(request))
    answer = known.answers.get(TICKETS_SHOWN) if codes_shown and not request.query_string else None
    if answer is None:
        reads = request.config_dict[ORDER_READS]
        found = await reads.tickets_of(known)
        answer = tickets_answer(request.app, request, found.tickets, codes_shown=codes_shown)
        if found.of_this and codes_shown and not request.query_string:
            reads.remember(known, TICKETS_SHOWN, answer)
    return answer.response(request)


def tickets_answer(
    app: web.Application, request: web.Request, found: Sequence[TicketPage], *, codes_shown: bool
) -> OwnAnswer:
    """The page of these tickets that the request asks for. Malformed."""
    tickets = app[TICKETS]
    documents = [ticket_document(each, tickets.code(each) if codes_shown else None) for each in found]
    return _own_answer(app, lists.page_of(request, documents, lambda ticket: ticket.id), UNKEPT)


def status_answer(app: web.Application, known: KnownOrder) -> OwnAnswer:
    """How far the order is, made once a version."""
    answer = known.answers.get(STATUS)
    if answer is None:
        answer = _own_answer(app, known.status, REVALIDATED)
        app[ORDER_READS].remember(known, STATUS, answer)
    return answer


def knows_another(request: web.Request, answer: OwnAnswer) -> bool:
    """Whether the caller shows another answer than this: an older one, or a newer one that another process gave."""
    return "If-None-Match" in request.headers and not answer.is_known_to(request)


def waits_for(app: web.Application, request: web.Request, known: KnownOrder, answer: OwnAnswer) -> bool:
    """Whether there is something to wait for, and room to wait.

    Who shows the answer that is true now waits for the next, whatever it says. Who shows none is taken to follow a
    payment: once it is through there is nothing more to wait for, even if it was before they asked.
    """
    has_to = answer.is_known_to(request) if "If-None-Match" in request.headers else known.head.status in OPEN
    return has_to and not app[ORDER_WAITS].is_full and not app[LIMITS].open_of("wait").is_full(_address(app, request))


def stays(app: web.Application, request: web.Request) -> contextlib.AbstractContextManager[None]:
    """What counts a request that waits against its address block."""
    return app[LIMITS].open_of("wait").opened(_address(app, request), errors.SlowDown)


def own_answer(request: web.Request, document: Any) -> OwnAnswer:
    """The document under the digest of its bytes."""
    return _own_answer(request.app, document, REVALIDATED)


def _own_answer(app: web.Application, document: Any, cache: str) -> OwnAnswer:
    headers = {"X-Content-Type-Options": "nosniff", **tls_promise(app[SETTINGS].engine_url)}
    return OwnAnswer(http.dumps(document), headers, cache=cache)


def _address(app: web.Application, request: web.Request) -> str:
    return manners.address_of(request, app[manners.TRUST].forwarded)


def _wait_s(request: web.Request) -> int:
    """Invalid if it is no number of seconds that one may wait."""
    try:
        return bodies.query(request, StatusQuery).wait_s
    except errors.Malformed as error:
        if error.facts or len(request.query) != 1:  # an unknown parameter, or a repeated one
            raise
        raise errors.Invalid.at("/wait_s", "invalid_value", error.detail) from error


async def _known(request: web.Request) -> tuple[KnownOrder, Person | None]:
    """The order for those who may read it, and the person who asks. Unauthenticated, NotFound, CapabilityWrong."""
    person = auth.optional_person(request)
    known = await request.config_dict[ORDERS].look(
        request.match_info["order_id"], person=person, token=auth.order_token(request)
    )
    return known, person


async def _again(request: web.Request, known: KnownOrder) -> KnownOrder:
    again = await request.config_dict[ORDER_READS].read_again(known.head.id)
    if again is None:
        raise errors.NotFound("There is no such order")
    person = auth.optional_person(request)
    await request.config_dict[ORDERS].require_read(again.head, person, auth.order_token(request))
    return again
