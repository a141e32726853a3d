"""Every component that pages are made of, in every state, on one page: for those who make pages, so in English alone.

What is shown is made up here, and drawn by the macros that the pages use.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from aiohttp import web
from markupsafe import Markup

import hotpath_rs
from engine.domain.catalogue.event_cards import CardVenue, EventCard
from engine.domain.catalogue.event_news import TimeAndPlace, Told
from engine.domain.catalogue.events import EventOrganization
from engine.domain.catalogue.programme.series import SeriesDate
from engine.domain.prices import Discount, Fee, Line, quote
from engine.domain.sale.ticket_groups import groups_of
from engine.domain.taxes import Tax
from engine.foundation import charts, manners
from engine.foundation.clock import now, now_ms
from engine.foundation.world.categories import CATEGORIES
from engine.pages import frame
from engine.pages.catalogue.dates import WORDS, DateChoice
from engine.pages.catalogue.faces import BADGES, BUYABLE, Face, Kind
from engine.pages.catalogue.search import Search
from engine.pages.money.checkout import ShownGroup

PATH: Final = "/styleguide"
CODE: Final = "A SAMPLE THAT ADMITS NOBODY"
HOURS: Final = tuple((f"{hour}:00", sold) for hour, sold in enumerate((0, 3, 12, 40, 31, 18, 9, 4, 0, 1), start=9))


def setup(app: web.Application) -> None:
    """Register the page."""
    manners.serve(app, "GET", PATH, page, manners.PAGE)


async def page(request: web.Request) -> web.Response:
    """All of them. The countdown is to three days from now."""
    starts_at = now() + timedelta(days=3, hours=2)
    price = quote(
        currency="EUR",
        lines=[Line("tt_stalls", 4_500), Line("tt_stalls", 4_500), Line("tt_standing", 2_000)],
        taxes=[Tax("VAT", 700)],
        fee=Fee(rate_bp=500, fixed_cents=50),
        discount=Discount("percent", 1_000),
    )
    groups = groups_of(price.lines, {"tt_stalls": price.lines[0].total_cents})
    before = TimeAndPlace(
        starts_at=starts_at - timedelta(days=1), ends_at=starts_at - timedelta(hours=22), timezone="UTC", venue="Hall"
    )
    after = TimeAndPlace(
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), timezone="UTC", venue="Opera", city="Leipzig"
    )
    context: dict[str, Any] = {
        "server_now_ms": now_ms(),
        "starts_at": starts_at,
        "cards": [(_card(number, kind), _face(kind)) for number, kind in enumerate(BADGES)],
        "search": Search(q="lanterns"),
        "city": "Leipzig",
        "categories": list(CATEGORIES),
        "currencies": ["EUR", "CAD"],
        "price": price,
        "one": quote(currency="EUR", lines=[Line("tt", 4_500)], taxes=[Tax("VAT", 700)], fee=Fee(rate_bp=500)),
        "plain": quote(currency="EUR", lines=[Line("tt", 4_500)], taxes=[], fee=Fee()),
        "groups": [ShownGroup("Stalls", ["Stalls, row F, seats 12 and 13"], groups[0])],
        "event": _card(0, "open"),
        "choices": _choices(),
        "tickets": _tickets(),
        "told": Told(kind="changed", before=before, after=after, message="We move to a larger house."),
        "bar": charts.bar([("sold", 420), ("ordered", 60), ("held", 35), ("apart", 80)], 800),
        "bar_empty": charts.bar([], 0),
        "columns": charts.columns(HOURS, "Tickets by hour, at most 40"),
        "columns_empty": charts.columns([(name, 0) for name, _ in HOURS], "Tickets by hour, none yet"),
        "line": charts.line([float(index % 7) for index in range(60)], "People waiting, last minutes"),
        "seat_colours": range(8),
    }
    return frame.render(request, "styleguide/styleguide.html", context)


def _card(number: int, kind: Kind) -> EventCard:
    """A card of its own length of title and kind of price."""
    starts_at = now() + timedelta(days=9 + number)
    titles = ("Lanterns", "The very long winter night of a thousand lanterns and one band that plays until the morning")
    return EventCard(
        id=f"evt_{kind.upper()}",
        slug="sample",
        organization_id="org_SAMPLE",
        venue_id="ven_SAMPLE",
        title=titles[number % len(titles)],
        summary="One night.",
        category=CATEGORIES[number % len(CATEGORIES)],
        tags=(),
        cover=None,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        timezone="Europe/Berlin",
        currency="EUR",
        status="published",
        price_from_cents=(None, 0, 4_725)[number % 3],
        price_to_cents=(None, 0, 9_950)[number % 3],
        version=1,
        published_at=None,
        venue=CardVenue(
            id="ven_SAMPLE",
            name="Opera",
            address="Augustusplatz 12",
            city="Leipzig",
            region="",
            country="DE",
            lat=None,
            lng=None,
            timezone="Europe/Berlin",
        ),
        organization=EventOrganization(id="org_SAMPLE", name="House", slug="house"),
        on_sale=None,
        distance_km=1.4 if number == 1 else None,
        series_dates=12 if number == 1 else 0,
    )


def _face(kind: Kind) -> Face:
    waits = kind not in BUYABLE and kind in {"soon", "queue_soon"}
    return Face(kind, BADGES[kind], now() + timedelta(days=1) if waits else None)


def _choices() -> list[DateChoice]:
    """A date in every phase that is shown, the first of them chosen."""
    first = now() + timedelta(days=9)
    return [
        DateChoice(
            SeriesDate(
                id=f"evt_{phase}",
                slug="sample",
                title="Lanterns",
                starts_at=first + timedelta(days=number),
                ends_at=first + timedelta(days=number, hours=3),
                timezone="Europe/Berlin",
                status="published",
                phase=phase,
            ),
            *said,
            chosen=number == 0,
        )
        for number, (phase, said) in enumerate(WORDS.items())
    ]


def _tickets() -> list[dict[str, Any]]:
    """As the order's page has them: valid, without a seat, used, and one that admits nobody any more."""
    code = Markup(hotpath_rs.QrCode(CODE).svg().decode())  # noqa: S704 - drawn by us
    seat = {"section": "Stalls", "row": "F", "seat": "12", "kind": "Regular", "holder": "Ada Lovelace"}
    return [
        {**seat, "status": "valid", "words": "Valid", "code": code},
        {**seat, "section": "Standing", "row": None, "seat": None, "status": "valid", "words": "Valid", "code": code},
        {**seat, "status": "used", "words": "Used", "code": code},
        {**seat, "status": "refunded", "words": "Refunded", "code": None},
    ]
