"""Finding events among 20,000: names while somebody types, what narrows a search, lists, asked of the ledger itself."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.domain.catalogue.event_search import ListingFilter, Near
from engine.foundation.ids import new_id
from engine.stores.catalogue import event_search
from engine.stores.catalogue.discovery import chosen, facets, names
from tests.bench.method import Plan, Row
from tests.bench.stage import Stage

EVENTS, ORGANIZERS, VENUES, CITIES, WORDS = 20_000, 200, 800, 150, 8_000
ASKED, ASKED_QUICK = 300, 60
SUGGESTED_MUST_MS, NARROWED_MUST_MS = 20.0, 50.0
PERCENTILE = 95
CATEGORIES = ("concert", "festival", "theatre", "dance", "comedy", "film", "sports", "exhibition", "workshop", "family")
COMMON = (
    "night", "live", "jazz", "rock", "festival", "concert", "tour", "symphony", "evening", "gala", "winter", "the",
)  # fmt: skip
SYLLABLES = [c + v for c in "bklmnrstvz" for v in "aeiou"]


async def discovery(stage: Stage, plan: Plan) -> list[Row]:
    """A row a kind of question; the 95th percentile of the time that the ledger takes, one question at a time."""
    chance = random.Random(7)
    words = await _published(stage, chance)
    times = ASKED_QUICK if plan.quick else ASKED
    typed = [chance.choice(words)[: chance.randint(1, 6)] for _ in range(times)]
    misspelt = [_misspelt(chance, word) for word in chance.sample([each for each in words if len(each) > 4], times)]
    cities = [row["city"] for row in await stage.pool.fetch("SELECT DISTINCT city FROM listed_events ORDER BY 1")]
    ids = [row["event_id"] for row in await stage.pool.fetch("SELECT event_id FROM listed_events LIMIT 300")]
    near = Near(lat=10.0, lng=10.0, radius_km=2_000.0)
    db = stage.pool

    async def suggested(at: int) -> Any:
        return await names.suggested(db, typed[at], 8)

    async def corrected(at: int) -> Any:
        return await names.suggested(db, misspelt[at], 8)

    async def everything(at: int) -> Any:
        return await facets.of_listing(db, ListingFilter(category=CATEGORIES[at % 10] if at % 2 else None))

    async def narrowed(at: int) -> Any:
        city = cities[at % len(cities)] if at % 2 else None
        return await facets.of_listing(db, ListingFilter(q=words[at], city=city))

    async def listed(at: int) -> Any:
        return await event_search.published(db, ListingFilter(q=words[at] if at % 2 else misspelt[at]), None, 51)

    async def nearest(at: int) -> Any:
        return await event_search.published(db, ListingFilter(near=near), None, 51)

    async def goes_with(at: int) -> Any:
        return await chosen.related(db, ids[at % len(ids)], 6)

    questions: list[tuple[str, Callable[[int], Awaitable[Any]], float | None]] = [
        ("names while typing", suggested, SUGGESTED_MUST_MS),
        ("names, misspelt", corrected, SUGGESTED_MUST_MS),
        ("facets of everything", everything, NARROWED_MUST_MS),
        ("facets of words", narrowed, NARROWED_MUST_MS),
        ("list by words", listed, NARROWED_MUST_MS),
        ("list by distance", nearest, NARROWED_MUST_MS),
        ("what goes with an event", goes_with, NARROWED_MUST_MS),
    ]
    return [await _row(name, ask, times, must) for name, ask, must in questions]


async def _row(name: str, ask: Callable[[int], Awaitable[Any]], times: int, must: float | None) -> Row:
    await ask(0)
    taken_ms = []
    for at in range(times):
        began_s = time.perf_counter()
        await ask(at)
        taken_ms.append((time.perf_counter() - began_s) * 1000)
    cuts = statistics.quantiles(taken_ms, n=100)
    return Row(
        f"discovery, {name}",
        f"the ledger's answer among {EVENTS:,} events, 95th percentile",
        round(cuts[PERCENTILE - 1], 1),
        unit="ms",
        must=must,
        better="lower",
        spread=(round(statistics.median(taken_ms), 1), round(max(taken_ms), 1)),
        facts={"asked": times},
        group="discovery",
    )


async def _published(stage: Stage, chance: random.Random) -> list[str]:
    """EVENTS published events; the words of their titles."""
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(WORDS)]
    organizers = [(new_id("org"), f"{chance.choice(words)} presents") for _ in range(ORGANIZERS)]
    await stage.pool.executemany(
        "INSERT INTO organizations (id, name, slug) VALUES ($1, $2, $3)",
        [(organization_id, name, organization_id.lower()) for organization_id, name in organizers],
    )
    cities = chance.sample(words, CITIES)
    venues = [
        (new_id("ven"), chance.choice(organizers)[0], f"{chance.choice(words)} hall", chance.choice(cities),
         chance.uniform(-60, 60), chance.uniform(-180, 180), "Europe/Paris", chance.choice(["", "Step-free"]))
        for _ in range(VENUES)
    ]  # fmt: skip
    await stage.pool.executemany(
        "INSERT INTO venues (id, organization_id, name, city, lat, lng, timezone, accessibility)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        venues,
    )
    now, texts = datetime.now(UTC), [*words, *COMMON * 200]
    rows, said = [], list[str]()
    for _ in range(EVENTS):
        venue, event_id = chance.choice(venues), new_id("evt")
        starts_at = now + timedelta(hours=chance.randint(5, 9_600))
        title = [*chance.choices(words, k=2), *chance.choices(COMMON, k=2)]
        said.append(title[0])
        price = chance.choice([0, 1_500, 2_500, 4_500, 15_000])
        rows.append((
            event_id, event_id.lower(), venue[1], venue[0], " ".join(title), " ".join(chance.choices(texts, k=60)),
            chance.choice(CATEGORIES), chance.choices(words, k=2), starts_at, starts_at + timedelta(hours=3), venue[6],
            chance.choice(["CAD", "EUR", "JPY"]), price, price + 3_000,
        ))  # fmt: skip
    await stage.pool.executemany(
        "INSERT INTO events (id, slug, organization_id, venue_id, title, description, category, tags, starts_at,"
        " ends_at, timezone, currency, price_from_cents, price_to_cents, status)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'published')",
        rows,
    )
    await stage.pool.execute("ANALYZE")
    return said


def _misspelt(chance: random.Random, word: str) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + chance.choice("xyqw") + word[at + 1 :]
