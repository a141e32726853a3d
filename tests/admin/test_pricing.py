"""An organizer's forms for ways to price: steps, group discounts, taxes, a code's terms, and the price while typing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from engine.foundation.bearer import Person
from engine.services.wiring import Services
from tests.admin.organizer import Organizer

ROOT = Person("usr_root", is_admin=True)


async def test_price_steps_are_typed_shown_again_and_refused_where_they_overlap(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    organizer = await somebody()
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/ticket-types"
    (kind,) = await services.catalogue.ticket_types.of_event(None, event_id)
    typed = [
        ("version", str(kind.version)), ("name", "Regular"), ("price", "50"), ("taxable", "true"),
        ("max_per_order", "9"),
        ("step_name", "Early"), ("step_price", "30"), ("step_until", "2027-01-01T10:00"), ("step_sold", ""),
        ("step_name", "Later"), ("step_price", "40.50"), ("step_until", ""), ("step_sold", "80"),
        ("step_name", ""), ("step_price", ""), ("step_until", ""), ("step_sold", ""),
    ]  # fmt: skip
    assert (await organizer.post(f"{at}/{kind.id}", typed)).status == 200
    (kind,) = await services.catalogue.ticket_types.of_event(None, event_id)
    assert [(step.name, step.price_cents, step.until_sold) for step in kind.price_steps] == [
        ("Early", 3000, None),
        ("Later", 4050, 80),
    ]
    page = await organizer.get(f"{at}/{kind.id}")
    assert 'value="40.50"' in page.text
    typed[0] = ("version", str(kind.version))
    typed[7] = ("step_until", "")
    refused = await organizer.post(f"{at}/{kind.id}", typed)
    assert (refused.status, "Only the last step may be without an end" in refused.text) == (422, True)


async def test_the_buyers_price_is_told_while_one_types(
    somebody: Callable[[], Awaitable[Organizer]], chart: str
) -> None:
    organizer = await somebody()
    _, _, event_id = await organizer.published(chart)
    path = f"/events/{event_id}/ticket-types/price"
    told = await organizer.post(path, {"price": "20", "taxable": "true"})
    assert "A buyer pays" in told.text
    assert "Write an amount" in (await organizer.post(path, {"price": "twenty"})).text


async def test_group_discounts_are_typed_in_rows(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    organizer = await somebody()
    _, _, event_id = await organizer.published(chart)
    event = await services.catalogue.events.get(None, event_id)
    (kind,) = await services.catalogue.ticket_types.of_event(None, event_id)
    typed = [
        ("version", str(event.version)),
        ("from_quantity", "5"), ("off", "12.5"), ("off_kind", "percent"), ("types", ""), ("codes", "too"),
        ("from_quantity", "8"), ("off", "20"), ("off_kind", "fixed"), ("types", kind.id), ("codes", "instead"),
        ("from_quantity", ""), ("off", ""), ("off_kind", "percent"), ("types", ""), ("codes", "too"),
    ]  # fmt: skip
    path = f"/events/{event_id}/discounts"
    assert (await organizer.post(path, typed)).status == 200
    rules = (await services.catalogue.events.get(None, event_id)).discount_rules
    assert [(rule.quantity_min, rule.percent_bp, rule.fixed_cents, rule.stackable) for rule in rules] == [
        (5, 1250, None, True),
        (8, None, 2000, False),
    ]
    refused = await organizer.post(path, [("version", "99"), ("from_quantity", "one"), ("off", "lots")])
    assert refused.status == 422
    assert 'id="e-from_quantity_0"' in refused.text


async def test_usual_taxes_are_taken_by_province_and_registrations_kept(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    organizer = await somebody()
    _, venue_id, event_id = await organizer.published(chart)
    event = await services.catalogue.events.get(None, event_id)
    common = {
        "title": event.title, "venue_id": venue_id, "starts_at": "2027-03-01T19:30", "ends_at": "2027-03-01T22:00",
        "currency": "CAD", "message": "Moved", "tax_mode": "inclusive",
    }  # fmt: skip
    path = f"/events/{event_id}/settings"
    assert (await organizer.post(path, {**common, "version": str(event.version), "tax_preset": "CA-QC"})).status == 200
    event = await services.catalogue.events.get(None, event_id)
    assert (event.tax_mode, [(tax.name, tax.rate_bp) for tax in event.taxes]) == (
        "inclusive",
        [("GST", 500), ("QST", 997.5)],
    )
    page = await organizer.get(path)
    assert 'value="9.975"' in page.text


async def test_a_codes_terms_are_changed_on_its_own_page(
    somebody: Callable[[], Awaitable[Organizer]], services: Services, chart: str
) -> None:
    organizer = await somebody()
    _, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}/promos"
    await organizer.post(at, {"code": "EARLY", "kind": "percent", "value": "10", "min_quantity": "2"})
    event = await services.catalogue.events.get(None, event_id)
    (promo,) = await services.catalogue.promos.of_event(ROOT, event.id)
    page = await organizer.get(f"{at}/{promo.id}")
    assert "Orders with this code" in page.text
    typed = {"version": str(promo.version), "code": "EARLY", "kind": "fixed", "value": "5", "min_amount": "60",
             "per_buyer_max": "1"}  # fmt: skip
    assert (await organizer.post(f"{at}/{promo.id}", typed)).status == 200
    (promo,) = await services.catalogue.promos.of_event(ROOT, event.id)
    assert (promo.kind, promo.value, promo.min_amount_cents, promo.min_quantity, promo.per_buyer_max) == (
        "fixed", 500, 6000, None, 1,
    )  # fmt: skip
