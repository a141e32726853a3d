"""The tickets that a visitor holds, as the shop shows them, and what may be done to them without scripts."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from engine.domain.errors import CapabilityWrong, HoldExpired, HoldLifetimeExceeded
from engine.domain.sale.holds import Hold, HoldLine
from engine.domain.sale.places import place
from engine.domain.sale.selling import SellingEvent
from engine.foundation import bodies, manners
from engine.foundation.errors import NotFound
from engine.foundation.manners import FORM, Manners
from engine.pages import cookies, csrf
from engine.services.appkeys import HOLDS, SELLING
from engine.services.sale.inventory import HOLD_LIFE_MS_MAX

FORM_BYTES_MAX = 16 * 1024
LONGER_LEAST_MS = 1_000  # a gain that is worth a button
UNIT_CHARS_MAX = 10


def setup(app: web.Application) -> None:
    manners.serve(app, "POST", "/checkout/{hold_id}/longer", longer, Manners("hold", takes=FORM))
    manners.serve(app, "POST", "/checkout/{hold_id}/drop", drop, Manners("hold", takes=FORM))


async def longer(request: web.Request) -> web.Response:
    """Another full life from now, as far as there is one."""
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    hold_id, token = request.match_info["hold_id"], cookies.kept(request, cookies.HOLD_COOKIE)
    try:
        hold = await request.config_dict[HOLDS].extend(hold_id, token)
    except HoldLifetimeExceeded:
        hold = await request.config_dict[HOLDS].of_token(hold_id, token)
    raise await _back(request, form, hold)


async def drop(request: web.Request) -> web.Response:
    """Give one ticket back; the shop again once none is left. Giving the same one back twice does it once."""
    form = await bodies.form(request, FORM_BYTES_MAX)
    csrf.check(request, form)
    hold_id, token = request.match_info["hold_id"], cookies.kept(request, cookies.HOLD_COOKIE)
    holds = request.config_dict[HOLDS]
    hold = await holds.of_token(hold_id, token)
    try:
        left = await holds.shrink(hold_id, token, form.get("unit", "")[:UNIT_CHARS_MAX])
    except NotFound:
        left = hold
    if left is None:
        event = await request.config_dict[SELLING].get(hold.event_id)
        response = web.HTTPSeeOther(f"/e/{event.slug}/shop")
        cookies.drop_hold(request, response)
        raise response
    raise await _back(request, form, left)


async def _back(request: web.Request, form: dict[str, str], hold: Hold) -> web.HTTPSeeOther:
    """Back to the page of the button: the shop, or the checkout."""
    if form.get("back") != "shop":
        return web.HTTPSeeOther(f"/checkout/{hold.id}")
    event = await request.config_dict[SELLING].get(hold.event_id)
    return web.HTTPSeeOther(f"/e/{event.slug}/shop?hold={hold.id}")


def can_be_longer(hold: Hold) -> bool:
    """Whether the hold can live longer than it will."""
    return longest_ms(hold) - hold.expires_at_ms >= LONGER_LEAST_MS


def longest_ms(hold: Hold) -> int:
    """When it ends at the latest, whatever anybody presses."""
    return hold.placed_at_ms + HOLD_LIFE_MS_MAX


@dataclass(frozen=True, slots=True)
class HeldTicket:
    """One ticket of a hold: its place, its kind, and the price of its line."""

    unit: int
    seat: str | None
    place: str
    kind: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class HeldTickets:
    """A live hold as pages list it. Seats can be changed if all of its tickets have one."""

    hold: Hold
    tickets: list[HeldTicket]
    longer: bool

    @property
    def swappable(self) -> bool:
        return all(ticket.seat is not None for ticket in self.tickets)

    def data(self) -> dict[str, object]:
        """What scripts need of it."""
        return {
            "id": self.hold.id,
            "expires_at_ms": self.hold.expires_at_ms,
            "seats": [ticket.seat for ticket in self.tickets],
        }


async def held_by(request: web.Request, event: SellingEvent) -> HeldTickets | None:
    """What the visitor holds of this event, if the address says that they do and they show its token."""
    hold_id = request.query.get("hold")
    if hold_id is None:
        return None
    try:
        hold = await request.config_dict[HOLDS].of_token(hold_id, cookies.kept(request, cookies.HOLD_COOKIE))
    except (CapabilityWrong, HoldExpired):
        return None
    if hold.event_id != event.id or hold.state != "held":
        return None
    return held_tickets(event, hold)


def held_tickets(event: SellingEvent, hold: Hold) -> HeldTickets:
    prices = zip(hold.lines, hold.price.lines, strict=True)
    return HeldTickets(hold, [_ticket(event, line, priced.total_cents) for line, priced in prices], can_be_longer(hold))


def _ticket(event: SellingEvent, line: HoldLine, total_cents: int) -> HeldTicket:
    kind = event.ticket_types[line.ticket_type_id].name
    return HeldTicket(line.unit, line.seat, place(line.section, line.seat), kind, total_cents)
