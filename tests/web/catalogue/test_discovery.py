"""What is found by words that are nearly right, what a search can be narrowed by, and names while somebody types."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import asyncpg
import orjson
import pytest

from engine.foundation.ids import new_id
from engine.foundation.world.currencies import AMOUNT_MAX
from engine.foundation.world.price_bands import BEGINNINGS, bounds
from tests import factories
from tests.web.organizer import PASSWORD, Someone

Make = Callable[..., Awaitable[str]]
DATA = Path(__file__).parent / "data"


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def _titles(guest, query: str, path: str = "/v1/events") -> list[str]:
    return [each["title"] for each in (await guest.ok("GET", f"{path}?{query}"))["data"]]


@pytest.fixture
async def town(make: Make) -> None:
    """The events of the relevance cases."""
    for day, row in enumerate(_rows("relevance_events.csv")):
        await make(
            day=day,
            title=row["title"],
            organizer=row["organizer"],
            venue={"name": row["venue"], "city": row["city"]},
            category=row["category"],
            tags=row["tags"].split(),
            summary=row["summary"],
        )


@pytest.mark.usefixtures("town")
async def test_every_query_of_the_relevance_cases_finds_first_what_was_meant(guest):
    cases = _rows("relevance.csv")
    found = {row["query"]: (await _titles(guest, f"q={quote(row['query'])}"))[:1] for row in cases}
    wrong = [
        f"{row['query']!r} found {found[row['query']]}, not {row['first']!r}: {row['why']}"
        for row in cases
        if found[row["query"]] != ([row["first"]] if row["first"] else [])
    ]
    assert not wrong, "\n".join(wrong)


async def test_the_best_answer_stands_first_and_of_two_as_good_the_sooner(make: Make, guest):
    await make(day=0, title="An evening", description="with jazz")
    await make(day=3, title="Jazz")
    await make(day=2, title="Jazz")
    answer = (await guest.ok("GET", "/v1/events?q=jazz"))["data"]
    starts = [each["starts_at"] for each in answer]
    assert [each["title"] for each in answer] == ["Jazz", "Jazz", "An evening"]
    assert starts[0] < starts[1]
    assert await _titles(guest, "q=jazz&sort=start") == ["An evening", "Jazz", "Jazz"]


@pytest.mark.parametrize("query", ["q=night", "q=night&sort=start", "lat=49.28&lng=-123.12&radius_km=500"])
async def test_a_list_in_any_order_is_walked_to_its_end_without_repeating(make: Make, guest, query):
    made = {
        await make(
            day=number % 3,
            title="Night" if number % 2 else "Day of nights",
            venue={"name": f"Hall {number}", "lat": 49.28 + number / 50},
        )
        for number in range(9)
    }
    seen, cursor = list[str](), ""
    for _ in range(5):
        page = await guest.ok("GET", f"/v1/events?{query}&limit=2{cursor}")
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 9
    assert set(seen) == made


async def test_the_nearest_stands_first_and_says_how_far_it_is(make: Make, guest):
    await make(day=0, venue={"name": "Far", "lat": 49.5, "lng": -123.12})
    await make(day=1, venue={"name": "Near", "lat": 49.29, "lng": -123.12})
    here = "lat=49.28&lng=-123.12&radius_km=100"
    answer = (await guest.ok("GET", f"/v1/events?{here}"))["data"]
    assert [(each["venue"]["name"], each["distance_km"]) for each in answer] == [("Near", 1.1), ("Far", 24.5)]
    soonest = (await guest.ok("GET", f"/v1/events?{here}&sort=start"))["data"]
    assert [each["venue"]["name"] for each in soonest] == ["Far", "Near"]
    assert (await guest.ok("GET", "/v1/events"))["data"][0]["distance_km"] is None


async def test_a_new_name_of_a_venue_or_an_organizer_finds_its_events_at_once(make: Make, guest, pool: asyncpg.Pool):
    await make(title="Gala", organizer="Old Friends", venue={"name": "Old Hall", "city": "Hull"})
    assert await _titles(guest, "q=friends%20hull") == ["Gala"]
    await pool.execute("UPDATE venues SET name = 'New Barn', city = 'York'")
    await pool.execute("UPDATE organizations SET name = 'Bright Lights'")
    assert await _titles(guest, "q=bright%20york%20barn") == ["Gala"]
    assert await _titles(guest, "q=hull") == []
    assert await _titles(guest, "city=york&q=gala") == ["Gala"]


async def test_what_is_no_longer_published_is_not_found_under_any_name(make: Make, guest, pool: asyncpg.Pool):
    await make(title="Zarathustra", venue={"name": "Zinnober", "city": "Zwickau"})
    await pool.execute("UPDATE events SET status = 'draft'")
    assert await _titles(guest, "q=zarathustra") == []
    for typed in ("zara", "zinn", "zwick"):
        assert (await guest.ok("GET", f"/v1/search/autocomplete?q={typed}"))["data"] == []
    assert (await guest.ok("GET", "/v1/search/venues?q=zinnober"))["data"] == []


async def test_facets_count_what_each_of_their_values_finds(make: Make, guest):
    marked = {**factories.seated("A", 1, 3), "rows": [factories.row("1", 3, 0.0, accessible=[2])]}
    accessible = orjson.dumps(factories.chart(marked))
    await make(category="concert", price_from_cents=1500, price_to_cents=6000, chart=accessible)
    await make(day=40, category="concert", price_from_cents=0, price_to_cents=0)
    there = {"city": "Montréal", "accessibility": "Ramps"}
    await make(category="dance", venue=there, currency="JPY", price_from_cents=5000, price_to_cents=5000)
    facets = await guest.ok("GET", "/v1/events/facets")
    assert facets["total"] == 3
    for name in ("city", "category", "accessibility"):
        assert facets[name], name
        for value in facets[name]:
            counted = await guest.ok("GET", f"/v1/events?{name}={quote(value['value'])}")
            assert len(counted["data"]) == value["count"], (name, value)
    for month in facets["month"]:
        counted = await guest.ok("GET", f"/v1/events?from={month['from']}&to={month['to']}")
        assert len(counted["data"]) == month["count"], month
    for price in facets["price"]:
        asked = {name: price[name] for name in ("currency", "price_min", "price_max")}
        counted = await guest.ok("GET", f"/v1/events?{urlencode(asked)}")
        assert len(counted["data"]) == price["count"], price
    assert {(each["value"], each["title"]) for each in facets["city"]} == {
        ("vancouver", "Vancouver"),
        ("montreal", "Montréal"),
    }
    assert {each["value"]: each["count"] for each in facets["accessibility"]} == {"seats": 1, "described": 1}
    assert [(each["currency"], each["price_min"]) for each in facets["price"]] == [
        ("CAD", 0), ("CAD", 1000), ("CAD", 2000), ("CAD", 5000), ("JPY", 5000),
    ]  # fmt: skip


async def test_a_facet_that_was_chosen_still_shows_its_neighbours(make: Make, guest):
    await make(category="concert")
    await make(category="dance")
    await make(category="dance", venue={"city": "Hull"})
    facets = await guest.ok("GET", "/v1/events/facets?category=concert&city=vancouver")
    assert facets["total"] == 1
    assert {each["value"]: each["count"] for each in facets["category"]} == {"concert": 1, "dance": 1}
    assert {each["value"]: each["count"] for each in facets["city"]} == {"vancouver": 1}
    assert (await guest.ok("GET", "/v1/events/facets?q=zzzz"))["total"] == 0


async def test_a_month_is_the_month_on_the_calendar_of_the_place(make: Make, guest):
    last_evening = datetime(factories.NEXT_YEAR, 6, 1, 3, tzinfo=UTC)  # still May in Vancouver
    await make(timezone="America/Vancouver", starts_at=last_evening, ends_at=last_evening + timedelta(hours=2))
    facets = await guest.ok("GET", "/v1/events/facets")
    assert [each["value"] for each in facets["month"]] == [f"{factories.NEXT_YEAR}-05"]


@pytest.mark.usefixtures("town")
async def test_names_are_suggested_while_somebody_types_mistakes_forgiven(guest):
    async def named(typed: str) -> list[tuple[str, str]]:
        data = (await guest.ok("GET", f"/v1/search/autocomplete?q={quote(typed)}"))["data"]
        return [(each["kind"], each["title"]) for each in data]

    assert await named("beeth") == [("event", "Beethoven: The Nine Symphonies")]
    assert await named("bethov") == [("event", "Beethoven: The Nine Symphonies")]
    assert await named("vanc") == [("city", "Vancouver")]
    assert await named("vanie") == [("venue", "Vanier Park")]
    assert ("city", "Montréal") in await named("MONTRE")
    assert await named("the nine") == [("event", "Beethoven: The Nine Symphonies")]
    assert await named("лебед") == [("event", "Лебединое озеро")]
    assert await named("!!") == []
    assert len(await named("s")) <= 8
    assert await guest.ok("GET", "/v1/events/suggest?q=vanc") == await guest.ok("GET", "/v1/search/autocomplete?q=vanc")


async def test_a_show_of_many_nights_is_one_suggestion_and_leads_to_the_first(make: Make, guest):
    nights = [await make(day=day, title="Hamlet") for day in (3, 1, 2)]
    (one,) = (await guest.ok("GET", "/v1/search/autocomplete?q=ham"))["data"]
    assert one == {"kind": "event", "id": nights[1], "title": "Hamlet", "slug": nights[1].lower()}


async def test_venues_are_found_by_name_and_city_and_say_how_much_is_to_come(make: Make, guest):
    await make(venue={"name": "Orpheum", "city": "Vancouver"})
    await make(day=1, venue={"name": "Orpheum", "city": "Vancouver"})
    await make(venue={"name": "Orpheum", "city": "Boston"})
    await make(venue={"name": "Arena"})
    await make(day=-900, venue={"name": "Closed House"})
    everything = (await guest.ok("GET", "/v1/search/venues"))["data"]
    assert [(each["kind"], each["title"]) for each in everything] == [
        ("venue", "Arena"), ("venue", "Orpheum"), ("venue", "Orpheum"),
    ]  # fmt: skip
    (one,) = (await guest.ok("GET", "/v1/search/venues?q=orpehum&city=vancouver"))["data"]
    assert (one["title"], one["city"], one["events"]) == ("Orpheum", "Vancouver", 2)
    first = await guest.ok("GET", "/v1/search/venues?limit=2")
    rest = await guest.ok("GET", f"/v1/search/venues?limit=2&cursor={first['next_cursor']}")
    assert first["data"] + rest["data"] == everything


@pytest.mark.parametrize(
    "path",
    ["/v1/search/autocomplete", "/v1/search/autocomplete?q=a&limit=21", "/v1/search/venues?cursor=AAAA",
     "/v1/events?sort=name", "/v1/events/facets?limit=3", "/v1/events?accessibility=lift",
     "/v1/search/autocomplete?q=" + "a" * 201],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_malformed(guest, path):
    document = await guest.refused("malformed", "GET", path)
    assert document["status"] == 400


def test_price_bands_leave_no_amount_out_and_hold_none_twice():
    held = [bounds(band) for band in range(len(BEGINNINGS) + 1)]
    assert held[0] == (0, 0)
    assert held[-1][1] == AMOUNT_MAX
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(held))


async def test_the_ledger_and_the_domain_have_the_same_price_bands(pool: asyncpg.Pool):
    held = [bounds(band) for band in range(len(BEGINNINGS) + 1)]
    for amounts in zip(*held, strict=True):
        bands = await pool.fetch("SELECT price_band(a) AS band FROM unnest($1::bigint[]) AS a", amounts)
        assert [row["band"] for row in bands] == list(range(len(held)))


async def test_what_the_platform_features_is_listed_in_its_order(make: Make, guest, register, pool: asyncpg.Pool):
    first, second, third = [await make(day=day, title=f"Night {day}") for day in range(3)]
    assert [each["id"] for each in (await guest.ok("GET", "/v1/events/featured"))["data"]] == [first, second, third]
    admin = await register("platform@example.test")
    await pool.execute("UPDATE users SET is_admin = true WHERE email = 'platform@example.test'")
    session = await guest.ok("POST", "/v1/auth/login", {"email": "platform@example.test", "password": PASSWORD})
    admin = Someone(guest.client, session["access_token"], admin.email, session)
    chosen = await admin.ok("PUT", "/v1/platform/featured", {"event_ids": [third, first, third]})
    assert [each["id"] for each in chosen["data"]] == [third, first]
    assert [each["id"] for each in (await guest.ok("GET", "/v1/events/featured"))["data"]] == [third, first]
    await admin.ok("PUT", "/v1/platform/featured", {"event_ids": [second]})
    assert [each["id"] for each in (await guest.ok("GET", "/v1/events/featured?limit=5"))["data"]] == [second]
    deeds = await pool.fetch("SELECT action, target FROM audit_log WHERE action LIKE 'event.%featured' ORDER BY id")
    assert sorted((row["action"], row["target"]) for row in deeds) == sorted(
        [("event.featured", third), ("event.featured", first), ("event.featured", second),
         ("event.unfeatured", third), ("event.unfeatured", first)]
    )  # fmt: skip
    fault = await admin.refused("invalid", "PUT", "/v1/platform/featured", {"event_ids": [first, new_id("evt")]})
    assert (fault["errors"][0]["pointer"], fault["errors"][0]["code"]) == ("/event_ids/1", "unknown_event")
    assert [each["id"] for each in (await guest.ok("GET", "/v1/events/featured"))["data"]] == [second]


async def test_only_a_platform_admin_features(make: Make, register, guest):
    event = await make()
    await (await register()).refused("forbidden", "PUT", "/v1/platform/featured", {"event_ids": [event]})
    await guest.refused("unauthenticated", "PUT", "/v1/platform/featured", {"event_ids": [event]})


async def test_what_goes_with_an_event_is_of_its_organizer_kind_or_city_and_never_the_same_show(make: Make, guest):
    ours = await make(title="Hamlet", organizer="Bard", category="theatre")
    await make(day=1, title="Hamlet", organizer="Bard", category="theatre")
    kin = await make(day=2, title="Lear", organizer="Bard", category="theatre")
    alike = await make(day=1, title="Swan Lake", category="theatre", venue={"city": "Hull"})
    await make(title="Chess", category="sports")
    await make(day=-900, title="Old", organizer="Bard", category="theatre")
    related = await guest.ok("GET", f"/v1/events/{ours}/related")
    assert [each["id"] for each in related["data"]] == [kin, alike]
    assert len((await guest.ok("GET", f"/v1/events/{ours}/related?limit=1"))["data"]) == 1
    await guest.refused("event_unknown", "GET", "/v1/events/evt_nothing/related")


async def test_what_two_people_bought_both_of_goes_together_and_what_one_did_does_not(
    make: Make, guest, pool: asyncpg.Pool
):
    ours, theirs, single = [
        await make(title=title, organizer=title, category=kind, venue={"city": title})
        for title, kind in (("Opera", "theatre"), ("Chess", "sports"), ("Wine", "food"))
    ]
    for buyer, bought in (("a", [ours, theirs]), ("b", [ours, theirs]), ("c", [ours, single])):
        for event_id in bought:
            order_id = new_id("ord")
            await pool.execute(
                "INSERT INTO orders (id, order_number, event_id, hold_id, status, buyer_name, buyer_email, currency,"
                " amount_cents, price, expires_at, reconcile_at)"
                " VALUES ($1, $1, $2, $3, 'paid', 'A', $4, 'CAD', 0, '{}', now(), now())",
                order_id,
                event_id,
                new_id("hld"),
                f"{buyer}@example.test",
            )
    related = await guest.ok("GET", f"/v1/events/{ours}/related")
    assert [each["id"] for each in related["data"]] == [theirs]
