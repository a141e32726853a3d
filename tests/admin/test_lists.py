"""Lists are looked through, put in order, and taken into a spreadsheet."""

from __future__ import annotations

from engine.services.wiring import Services
from tests.admin.estate import everything
from tests.admin.organizer import Organizer


async def test_events_are_found_by_title_and_come_in_the_order_asked_for(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id, venue_id, first = await organizer.published(chart)
    second = await organizer.event(organization_id, venue_id)
    await services.common.pool.execute("UPDATE events SET title = 'Ängström' WHERE id = $1", second)
    await services.common.pool.execute("UPDATE events SET title = 'Bal 100%' WHERE id = $1", first)
    at = f"/o/{organization_id}/events"
    page = (await organizer.get(at + "?q=angstrom")).text
    assert f"/events/{second}" in page
    assert f"/events/{first}" not in page
    assert f"/events/{first}" in (await organizer.get(at + "?q=100%25")).text
    assert "No event here fits" in (await organizer.get(at + "?q=10_%25")).words
    for sort, order in (("title", [second, first]), ("newest", [second, first])):
        page = (await organizer.get(f"{at}?sort={sort}")).text
        places = [page.index(f'href="/events/{event_id}"') for event_id in order]
        assert places == sorted(places), sort
    assert (await organizer.get(at + "?page=999&sort=no&phase=no")).status == 200


async def test_each_list_goes_into_a_spreadsheet(organizer: Organizer, services: Services, chart: str) -> None:
    things = await everything(organizer, services, chart)
    await services.common.pool.execute("UPDATE venues SET name = '=HYPERLINK()'")
    house, event = f"/o/{things['organization']}", f"/events/{things['event']}"
    for path, shown in (
        (house + "/events.csv", things["event"]),
        (house + "/venues.csv", "'=HYPERLINK()"),
        (house + "/members.csv", organizer.email),
        (house + "/disputes.csv", things["dispute"]),
        (event + "/promos.csv", "EARLY"),
        (event + "/allotments.csv", "Guests"),
        (event + "/devices.csv", "North"),
    ):
        page = await organizer.get(path)
        assert page.headers["Content-Type"].startswith("text/csv"), path
        assert shown in page.text, path


async def test_the_way_to_the_first_sale_says_what_is_next_until_it_is_made(
    organizer: Organizer, services: Services, chart: str
) -> None:
    organization_id = await organizer.organization()
    page = await organizer.get(f"/o/{organization_id}")
    assert "From nothing to the first sale" in page.words
    assert "0 of 9 done" in page.words
    house, _, event_id = await organizer.published(chart)
    assert "6 of 9 done" in (await organizer.get(f"/o/{house}")).words
    assert f'href="/events/{event_id}/devices"' in (await organizer.get(f"/o/{house}")).text
    await everything(organizer, services, chart)
    sold = await services.common.pool.fetchval(
        "UPDATE orders SET status = 'paid', event_id = $1 RETURNING id", event_id
    )
    assert sold
    assert "From nothing" not in (await organizer.get(f"/o/{house}")).words
