"""The public listing: what it finds, and pages that hold still while events come and go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from urllib.parse import quote

import asyncpg
import pytest

from engine.foundation import local_time
from tests import factories
from tests.web.organizer import Someone

Make = Callable[..., Awaitable[str]]
DAY_TWO = f"{factories.NEXT_YEAR}-06-02"


@pytest.fixture
async def organizer(register) -> Someone:
    return await register()


async def found(guest, query: str = "") -> list[str]:
    return [each["id"] for each in (await guest.ok("GET", f"/v1/events{query}"))["data"]]


async def test_only_published_events_that_are_not_over_are_listed_by_start(make: Make, guest):
    later, sooner = await make(day=2), await make(day=1)
    await make(status="draft")
    await make(status="cancelled")
    over = await make(day=-800)
    assert await found(guest) == [sooner, later]
    assert await found(guest, "?from=2020-01-01") == [over, sooner, later]


async def test_words_are_found_in_any_field_by_their_beginnings(make: Make, guest):
    jazz = await make(title="Winter Jazz", summary="Trios", tags=["swing"])
    rock = await make(title="Rock", description="loud jazzless evening", venue={"name": "Orpheum"})
    assert await found(guest, "?q=jazz") == sorted([jazz, rock])
    assert await found(guest, "?q=WINT%20ja") == [jazz]
    assert await found(guest, "?q=swing") == [jazz]
    assert await found(guest, "?q=orph") == [rock]
    for nothing in ("jazz%20polka", "%27", "%21%21", "a%27%3A*%7C", ""):
        assert await found(guest, f"?q={nothing}") == []


@pytest.mark.parametrize(
    ("title", "sought"),
    [("Łódź O’Clock", "lodz o'clock"), ("Straßenfest", "STRASSEN"), ("Σίσυφος", "ΣΙΣΥΦΟΣ"), ("İstanbul", "istanbul"),
     ("Night of Songs", "songs night"), ("東京の夜", "夜"), ("Jean-Luc", "jeanluc"), ("ＮＥＯＮ", "neon hall")],
)  # fmt: skip
async def test_a_title_is_found_however_it_is_typed(make: Make, guest, title, sought):
    event = await make(title=title)
    await make(title="Another")
    assert await found(guest, f"?q={quote(sought)}") == [event]


async def test_cities_and_categories_are_found_whatever_their_case_and_accents(make: Make, guest):
    here, there = await make(category="Music"), await make(venue={"city": "Montréal"})
    assert await found(guest, "?city=vancouver") == [here]
    assert await found(guest, "?city=MONTR%C3%89AL") == [there]
    assert await found(guest, "?city=montreal") == [there]
    assert await found(guest, "?q=Montreal") == [there]
    assert await found(guest, "?q=montr%C3%A9al%20HALL") == [there]
    for word in ("music", "Concert", "CONCERTS", "live%20music", "Gig%20"):
        assert await found(guest, f"?category={word}") == [here]
    for word in ("opera", "nothing"):
        assert await found(guest, f"?category={word}") == []


async def test_one_taxonomy_finds_what_was_typed_in_any_way(organizer, guest):
    typed = ["sport", "Sports ", "SPORTS", "Games"]
    events = [await organizer.published(category=word) for word in typed]
    assert {event["category"] for event in events} == {"sports"}
    for word in ("sport", "sports", "Sport%20"):
        assert set(await found(guest, f"?category={word}")) == {event["id"] for event in events}
    changed = await organizer.ok(
        "PATCH", f"/v1/events/{events[0]['id']}", {"category": "Théâtre"}, headers={"If-Match": "*"}
    )
    assert changed["category"] == "theatre"


@pytest.mark.parametrize("word", ["zumba", "sports!!x", "1"])
async def test_a_category_that_is_none_of_ours_is_refused_with_the_list(organizer, word):
    organization_id = await organizer.organization()
    body = {"organization_id": organization_id, "venue_id": await organizer.venue(organization_id), "title": "Night",
            "starts_at": "2031-01-01T20:00:00Z", "ends_at": "2031-01-01T22:00:00Z", "currency": "CAD"}  # fmt: skip
    answer = await organizer.ask("POST", "/v1/events", body | {"category": word})
    fault = (await answer.json())["errors"][0]
    assert (answer.status, fault["pointer"]) == (422, "/category")
    assert "concert" in fault["message"]
    assert "sports" in fault["message"]


async def test_prices_are_compared_in_the_units_of_each_currency(make: Make, guest):
    yen = await make(currency="JPY", price_from_cents=5000, price_to_cents=9000)
    dollars = await make(currency="CAD", price_from_cents=5000, price_to_cents=9000)
    assert await found(guest, "?price_max=5000") == [yen, dollars]
    assert await found(guest, "?price_max=5000&currency=CAD") == [dollars]
    assert await found(guest, "?price_max=5000&currency=JPY") == [yen]
    assert await found(guest, "?currency=USD") == []
    assert await found(guest, "?price_max=4999&currency=JPY") == []


async def test_days_are_whole_days_and_moments_are_exact(make: Make, guest):
    first, second, third = [await make(day=day) for day in range(3)]
    assert await found(guest, f"?from={DAY_TWO}") == [second, third]
    assert await found(guest, f"?to={DAY_TWO}") == [first, second]
    assert await found(guest, f"?from={DAY_TWO}&to={DAY_TWO}") == [second]
    assert await found(guest, f"?from={DAY_TWO}T20:00:01Z") == [third]
    assert await found(guest, f"?to={DAY_TWO}T20:00:00Z") == [first]
    assert await found(guest, f"?from={DAY_TWO}T22:00:01+02:00") == [third]


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("America/Vancouver", "01-20T20:00"),  # 03:00 UTC of the next day
        ("America/Vancouver", "01-20T00:00"),
        ("America/Vancouver", "01-20T23:59"),
        ("Pacific/Auckland", "07-01T09:00"),  # 21:00 UTC of the day before
        ("Pacific/Kiritimati", "03-01T01:00"),
        ("Pacific/Pago_Pago", "02-28T23:30"),
        ("Asia/Kathmandu", "12-31T00:10"),
    ],
)
async def test_a_day_is_the_day_on_the_calendar_of_the_place(make: Make, guest, zone, local):
    wall = datetime.fromisoformat(f"{factories.NEXT_YEAR}-{local}")
    show = local_time.instant(wall, zone)
    event = await make(timezone=zone, starts_at=show, ends_at=show + timedelta(hours=2))
    day = wall.date()
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    for query in (f"from={day}&to={day}", f"from={day}", f"to={day}", f"from={before}&to={after}"):
        assert await found(guest, f"?{query}") == [event], query
    for query in (f"from={before}&to={before}", f"from={after}", f"to={before}"):
        assert await found(guest, f"?{query}") == [], query


async def test_prices_are_compared_with_the_range_of_all_in_prices(make: Make, guest):
    cheap = await make(day=0, price_from_cents=1000, price_to_cents=2000)
    wide = await make(day=1, price_from_cents=1500, price_to_cents=9000)
    await make(day=2)  # without a public ticket type: no price to compare
    assert await found(guest, "?price_max=1200") == [cheap]
    assert await found(guest, "?price_min=2001") == [wide]
    assert await found(guest, "?price_min=1800&price_max=1900") == [cheap, wide]


async def test_events_near_a_place_are_found_by_great_circle_distance(make: Make, guest):
    vancouver = await make()
    seattle = await make(day=1, venue={"city": "Seattle", "lat": 47.6062, "lng": -122.3321})  # 193 km away
    await make(day=2, venue={"lat": None, "lng": None})
    near = "?lat=49.2827&lng=-123.1207"
    assert await found(guest, near) == [vancouver]
    assert await found(guest, f"{near}&radius_km=190") == [vancouver]
    assert await found(guest, f"{near}&radius_km=200") == [vancouver, seattle]
    assert await found(guest, f"{near}&radiusKm=200") == [vancouver, seattle]


async def test_pages_hold_still_while_events_are_inserted_and_withdrawn(make: Make, guest, pool: asyncpg.Pool):
    same_start = sorted([await make(day=1) for _ in range(3)])
    last = await make(day=2)
    page = await guest.ok("GET", "/v1/events?limit=2")
    assert ([each["id"] for each in page["data"]], page["has_more"]) == (same_start[:2], True)
    await make(day=0)
    await pool.execute("UPDATE events SET status = 'draft' WHERE id = $1", same_start[0])
    rest = await guest.ok("GET", f"/v1/events?limit=2&cursor={page['next_cursor']}")
    assert [each["id"] for each in rest["data"]] == [same_start[2], last]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)


async def test_a_filtered_listing_walks_to_its_end_without_repeating(make: Make, guest):
    made = [await make(day=day % 3) for day in range(11)]
    seen, cursor = list[str](), ""
    for _ in range(6):
        page = await guest.ok("GET", f"/v1/events?city=Vancouver&limit=2{cursor}")
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 11
    assert set(seen) == set(made)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "unknown=1", "city=a&city=b", "lat=1", "lat=91&lng=0", "lat=1&lng=nan",
        "lat=1&lng=1&radius_km=0", "radius_km=5", "from=soon", "to=0001-01-01", "to=9999-12-31", "from=2027-13-01",
        "price_min=-1", "price_min=99999999999999999999", "cursor=%21", "cursor=AAAA", "cursor=" + "A" * 300,
        "city=%00", "q=a%00",
    ],
)  # fmt: skip
async def test_a_query_that_makes_no_sense_is_malformed_and_says_why(guest, query):
    document = await guest.refused("malformed", "GET", f"/v1/events?{query}")
    assert document["status"] == 400


async def test_the_requirement_documents_listings_are_the_same_list(make: Make, guest):
    event_id = await make()
    for path in (
        "/api/v1/events",
        "/api/events",
        "/api/tickets/events/public?city=Vancouver",
        "/api/events/search?q=ni",
    ):
        assert [each["id"] for each in (await guest.ok("GET", path))["data"]] == [event_id]
    await guest.ok("GET", f"/api/events/{event_id}")
