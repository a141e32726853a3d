"""The box office: a clerk sells over the counter, prints, and counts the drawer."""

from __future__ import annotations

import base64
import contextlib
import secrets
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from admin import frozen, reach
from admin.forms import filled
from admin.forms.box_office import CloseDrawerForm, OpenDrawerForm, SaleForm
from admin.visit import Visit, address
from engine.domain.catalogue.events import Event
from engine.domain.money.box_office.drawers import Drawer
from engine.domain.money.box_office.sales import PAID_BY, CounterPayment
from engine.domain.money.orders import Order
from engine.domain.sale.selling import TicketTypeTerms
from engine.domain.tickets.tickets import TicketPage
from engine.foundation import http
from engine.foundation.callers import caller_of
from engine.foundation.errors import Conflict, IdempotencyKeyReused, NotFound, Refusal, Unavailable
from engine.foundation.idempotency import scope_of
from engine.services.sale.hold_prices import listed

KEY_BYTES: Final = 18
SENT_BEFORE: Final = "This form was sent before with something else in it. Look at the orders, then try again."


@dataclass(frozen=True, slots=True)
class Offered:
    """A ticket type on the counter; ``price_cents`` is all in, ``free`` are left at this moment."""

    kind: TicketTypeTerms
    price_cents: int
    free: int | None


async def show(visit: Visit) -> web.Response:
    """The counter."""
    return await _counter(visit, await reach.event(visit, "box_office.read"), filled.Filled())


async def total(visit: Visit) -> web.Response:
    """What the tickets chosen so far cost, for a counter that is open."""
    event = await reach.event(visit, "box_office.read")
    kinds, quantities = visit.query.getall("kinds", []), visit.query.getall("quantities", [])
    price, said = None, ""
    try:
        typed = SaleForm(
            key="-" * KEY_BYTES,
            kinds=tuple(kinds[: filled.ITEMS_MAX]),
            quantities=tuple(quantities[: filled.ITEMS_MAX]),
            seats=visit.query.get("seats", ""),
        )
        snapshot = await visit.services.sale.selling.get(event.id)
        price = await visit.services.sale.staff_holds.price(snapshot, typed.items())
    except Refusal as refusal:
        said = str(refusal.detail)
    except ValidationError:
        said = ""
    free = visit.query.get("paid_by", "") == "comp"
    return visit.piece("box_office/total.html", event=event, price=price, said=said, free=free)


async def sell(visit: Visit) -> web.Response:
    """Sell, and show the receipt. The same form sent twice sells once."""
    event = await reach.event(visit, "box_office.write")
    form = filled.read(SaleForm, visit.form)

    async def act(typed: SaleForm) -> web.Response:
        scope = scope_of(f"admin:{visit.person.user_id}", visit.request, typed.key)

        async def run() -> web.Response:
            caller = caller_of(visit.request, trust_forwarded=visit.services.common.settings.trust_forwarded)
            sold = await visit.services.money.box_office.sell(
                visit.person, event.id, typed.given(event.currency), caller=caller, once_as=scope
            )
            return web.Response(text=sold.order.id)

        try:
            return await visit.services.common.idempotency.once(scope, typed.model_dump_json().encode(), run)
        except IdempotencyKeyReused as reused:
            raise Conflict(SENT_BEFORE) from reused

    done = await form.carry_out(act)
    if done is None or done.text is None:
        return await _counter(visit, event, form)
    return await visit.go(address("events", event.id, "box-office", "sold", done.text))


async def receipt(visit: Visit) -> web.Response:
    """A sale, large: what was paid, the change, and what to print."""
    event = await reach.event(visit, "box_office.read")
    order, payment = await _sale(visit, event)
    types = await visit.services.catalogue.ticket_types.of_event(visit.person, event.id)
    return await visit.page(
        "box_office/receipt.html",
        event=event,
        order=order,
        payment=payment,
        names={kind.id: kind.name for kind in types},
        may_write=await visit.may(event.organization_id, "box_office.write"),
    )


async def labels(visit: Visit) -> web.Response:
    """The tickets one to a page, for a printer of labels."""
    event, pages = await _tickets(visit)
    tickets = visit.services.tickets.tickets
    shown = [
        (page, base64.b64encode(tickets.image(page, "png")).decode())
        for page in pages
        if tickets.code(page) is not None
    ]
    return await visit.page("box_office/labels.html", event=event, tickets=shown, sale=visit.at("sale"))


async def sheet(visit: Visit) -> web.StreamResponse:
    """The tickets as PDF, one page each."""
    _, pages = await _tickets(visit)
    tickets = visit.services.tickets.tickets
    document = tickets.document(pages)
    return http.pdf(await tickets.printed(document), document.mark, f"tickets-{pages[0].order_number}.pdf")


async def open_drawer(visit: Visit) -> web.Response:
    """Begin with a float."""
    event = await reach.event(visit, "box_office.write")
    form = filled.read(OpenDrawerForm, visit.form)
    opened = await form.carry_out(
        lambda typed: visit.services.money.drawers.open(visit.person, event.id, typed.given(event.currency))
    )
    return await _drawer_done(visit, event, form, opened, "Your drawer is open.")


async def close_drawer(visit: Visit) -> web.Response:
    """End with a count; the difference stands in the list."""
    event = await reach.event(visit, "box_office.write")
    form = filled.read(CloseDrawerForm, visit.form)
    closed = await form.carry_out(
        lambda typed: visit.services.money.drawers.close(visit.person, event.id, typed.given(event.currency))
    )
    return await _drawer_done(visit, event, form, closed, "Your drawer is closed. Its difference stands below.")


async def _drawer_done(
    visit: Visit, event: Event, form: filled.Filled[filled.F], drawer: Drawer | None, note: str
) -> web.Response:
    path = address("events", event.id, "box-office")
    if drawer is None:
        return await visit.go(path, " ".join([*form.general, *form.errors.values()]), tone="bad")
    return await visit.go(path, note, tone="warn" if drawer.difference_cents else "good")


async def _sale(visit: Visit, event: Event) -> tuple[Order, CounterPayment]:
    """(the order that the address names, how it was paid here). NotFound if it was not sold at this box office."""
    try:
        order = await visit.services.money.orders.read(visit.at("sale"), person=visit.person, token=None)
    except Refusal as refusal:
        raise NotFound("There is no such sale") from refusal
    payment = await visit.services.money.box_office.payment_of(order.id)
    if payment is None or order.event_id != event.id:
        raise NotFound("There is no such sale")
    return order, payment


async def _tickets(visit: Visit) -> tuple[Event, list[TicketPage]]:
    """(the event, the sale's tickets) for those who may sell: a code is the right of entry itself."""
    event = await reach.event(visit, "box_office.write")
    order, _ = await _sale(visit, event)
    return event, await visit.services.tickets.tickets.of_order(order.id)


async def _counter(visit: Visit, event: Event, form: filled.Filled[SaleForm]) -> web.Response:
    may_write = await visit.may(event.organization_id, "box_office.write")
    may_give = await visit.may(event.organization_id, "comps.write")
    selling = event.status == "published"
    return await visit.page(
        "box_office/counter.html",
        event=event,
        form=form,
        offered=await _offered(visit, event) if selling else [],
        sections=await frozen.sections(visit, event) if selling else (),
        ways=[kind for kind in PAID_BY if kind != "comp" or may_give],
        key=secrets.token_urlsafe(KEY_BYTES),
        drawer=await visit.services.money.drawers.own(visit.person, event.id),
        drawers=await visit.services.money.drawers.of_event(visit.person, event.id),
        may_write=may_write and selling,
        may_count=may_write,
        status=form.status,
    )


async def _offered(visit: Visit, event: Event) -> list[Offered]:
    """Every ticket type, hidden ones too: at the counter nothing is hidden."""
    snapshot = await visit.services.sale.selling.get(event.id)
    prices, free = listed(snapshot), dict[str, int]()
    with contextlib.suppress(Unavailable):
        exact = await visit.services.sale.availability.exact(event.id)
        free = {row.id: row.free for row in exact.ticket_types}
    return [Offered(kind, prices[kind.id], free.get(kind.id)) for kind in snapshot.ticket_types.values()]
