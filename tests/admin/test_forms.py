"""Forms hear every fault at once, keep what was typed, and know money, percentages and clocks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import orjson
import pytest
from multidict import MultiDict

from admin import chart_places, formats
from admin.forms import filled
from admin.forms.accounts import SignInForm
from admin.forms.devices import EntryRulesForm
from admin.forms.events import EventForm
from admin.forms.fields import at_place, basis_points, cents, words
from admin.forms.organizations import OrganizationForm
from admin.forms.promos import PromoForm
from admin.forms.ticket_types import TicketTypeForm
from admin.forms.venues import ChartForm, VenueForm
from engine.domain.catalogue.entry_rules import EntryRules
from engine.foundation.errors import Conflict, Forbidden, Invalid, PreconditionFailed
from tests.admin.organizer import Organizer

EVENT = [
    ("title", "Night"), ("venue_id", "ven_01JD3W0000000000000000000A"), ("starts_at", "2027-03-01T19:30"),
    ("ends_at", "2027-03-01T22:00"), ("currency", "CAD"), ("tax_name", "GST"), ("tax_rate", "5"),
    ("tax_name", ""), ("tax_rate", ""), ("tax_name", "PST"), ("tax_rate", "9.75 %"), ("fee_rate", "4"),
    ("fee_fixed", "1.50"),
]  # fmt: skip


def test_all_faults_of_a_form_are_told_at_once() -> None:
    posted = MultiDict(starts_at="soon", ends_at="later", fee_rate="4,5", hold_minutes="ten", fee_paid_by="nobody")
    form = filled.read(EventForm, posted)
    assert set(form.errors) == {"title", "starts_at", "ends_at", "fee_rate", "hold_minutes", "fee_paid_by"}
    assert form.errors["title"] == "Fill this in"
    assert form.value("starts_at") == "soon"
    assert form.form is None


def test_a_filled_form_means_what_was_typed() -> None:
    form = filled.read(EventForm, MultiDict(EVENT)).form
    assert form is not None
    event = form.new("org_01JD3W0000000000000000000A", "America/Vancouver")
    assert [(tax.name, tax.rate_bp) for tax in event.taxes] == [("GST", 500), ("PST", 975)]
    assert (event.fee.rate_bp, event.fee.fixed_cents) == (400, 150)
    assert event.starts_at.astimezone(UTC) > datetime(2027, 3, 2, 2, tzinfo=UTC)
    assert event.hold_ttl_s == 600


def test_a_broken_tax_row_is_named_by_its_place() -> None:
    pairs = [pair for pair in EVENT if not pair[0].startswith("tax_")]
    posted = MultiDict([*pairs, ("tax_name", "GST"), ("tax_rate", "five"), ("tax_name", ""), ("tax_rate", "7")])
    form = filled.read(EventForm, posted)

    async def act(typed: EventForm) -> object:
        return typed.new("org_01JD3W0000000000000000000A", "UTC")

    import asyncio

    assert asyncio.run(form.carry_out(act)) is None
    assert set(form.errors) == {"tax_rate_0", "tax_name_1"}


@pytest.mark.parametrize(
    ("refusal", "errors", "general"),
    [
        (Invalid.at("/name", "x", "Too long"), {"name": "Too long"}, []),
        (Invalid.at("/nowhere/3", "x", "Odd"), {}, ["Odd (nowhere, 3)"]),
        (Conflict("In use"), {}, ["In use"]),
        (PreconditionFailed(), {}, [filled.MOVED_ON]),
    ],
)
async def test_what_a_service_refuses_stands_where_it_belongs(
    refusal: Exception, errors: dict[str, str], general: list[str]
) -> None:
    form = filled.read(OrganizationForm, MultiDict(name="House"))

    async def act(_typed: OrganizationForm) -> None:
        raise refusal

    assert await form.carry_out(act) is None
    assert (form.errors, form.general) == (errors, general)
    assert form.status == 422


async def test_a_right_that_is_missing_is_not_a_fault_of_the_form() -> None:
    form = filled.read(OrganizationForm, MultiDict(name="House"))

    async def act(_typed: OrganizationForm) -> None:
        raise Forbidden

    with pytest.raises(Forbidden):
        await form.carry_out(act)


@pytest.mark.parametrize(
    ("typed", "currency", "expected"),
    [("45", "CAD", 4500), ("45.5", "CAD", 4550), ("1,234.50", "USD", 123450), ("1 234", "EUR", 123400),
     ("4500", "JPY", 4500), ("0", "CAD", 0), ("1,500,000", "IDR", 150_000_000), ("5000", "UGX", 5000),
     ("5000", "RSD", 500_000), ("5.120", "KWD", 5120)],
)  # fmt: skip
def test_money_is_typed_as_people_write_it(typed: str, currency: str, expected: int) -> None:
    form = filled.read(TicketTypeForm, MultiDict(name="Regular", price=typed)).form
    assert form is not None
    assert cents(form.price, currency, "/price_cents") == expected
    assert cents(Decimal(formats.amount(expected, currency)), currency, "/x") == expected


@pytest.mark.parametrize(("typed", "currency"), [("45.005", "CAD"), ("45.5", "JPY"), ("5.124", "KWD"), ("5.5", "UGX")])
def test_money_finer_than_the_currency_is_refused(typed: str, currency: str) -> None:
    with pytest.raises(Invalid):
        cents(Decimal(typed), currency, "/price_cents")


@pytest.mark.parametrize(("typed", "currency"), [("1000000", "EUR"), ("100000000", "JPY"), ("50000000", "IDR")])
def test_a_price_nobody_can_pay_is_refused_in_the_words_of_its_currency(typed: str, currency: str) -> None:
    with pytest.raises(Invalid, match=r"At most (€999,999\.99|¥99,999,999|IDR42,949,672\.95)"):
        cents(Decimal(typed), currency, "/price_cents")


@pytest.mark.parametrize("typed", ["-1", "45,00", "1,23", "NaN", "Infinity", "1e99", "forty"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    assert "price" in filled.read(TicketTypeForm, MultiDict(name="Regular", price=typed)).errors


def test_a_percentage_keeps_its_two_decimals() -> None:
    assert [basis_points(Decimal(text)) for text in ("0", "5", "9.75", "100")] == [0, 500, 975, 10_000]
    assert [formats.rate(rate) for rate in (0, 500, 975, 10_000)] == ["0", "5", "9.75", "100"]


def test_a_time_the_clocks_leap_over_is_refused_and_of_two_the_first_is_meant() -> None:
    with pytest.raises(Invalid):
        at_place(datetime(2027, 3, 28, 2, 30), "Europe/Berlin", "/starts_at")  # noqa: DTZ001 - as a form has it
    twice = at_place(datetime(2027, 10, 31, 2, 30), "Europe/Berlin", "/starts_at")  # noqa: DTZ001
    assert twice == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert formats.local(twice, "Europe/Berlin") == "2027-10-31T02:30"


def test_time_zones_are_those_of_the_pinned_database() -> None:
    """Vancouver stopped changing its clocks in 2026; machines of 2025 do not know."""
    assert formats.local(datetime(2026, 12, 20, 3, tzinfo=UTC), "America/Vancouver") == "2026-12-19T20:00"


def test_items_in_one_line_are_parted_trimmed_and_each_taken_once() -> None:
    assert words(" a, b ,,a\nc ") == ["a", "b", "c"]


def test_a_password_is_taken_blanks_and_all() -> None:
    form = filled.read(SignInForm, MultiDict(email=" a@b.test ", password=" x y ")).form
    assert form is not None
    assert (form.email, form.password) == ("a@b.test", " x y ")


@pytest.mark.parametrize("value", ["100.01", "12.345"])
def test_a_promo_percentage_has_its_bounds(value: str) -> None:
    form = filled.read(PromoForm, MultiDict(code="X", kind="percent", value=value)).form
    assert form is not None
    with pytest.raises(Invalid):
        form._value("CAD")


async def test_a_refused_form_shows_its_faults_linked_to_its_fields_and_keeps_what_was_typed(
    organizer: Organizer,
) -> None:
    organization_id = await organizer.organization()
    fields = {"name": "Opera & <Sons>", "city": "Vancouver", "timezone": "Mars/Olympus", "lat": "ninety"}
    page = await organizer.post(f"/o/{organization_id}/venues", fields)
    assert page.status == 422
    assert 'role="alert"' in page.text
    assert '<a href="#f-lat">' in page.text
    assert 'aria-invalid="true"' in page.text
    assert 'value="Opera &amp; &lt;Sons&gt;"' in page.text
    assert "<Sons>" not in page.text
    page = await organizer.post(f"/o/{organization_id}/venues", {**fields, "lat": "49.2"})
    assert "This is not an IANA time zone" in page.text
    assert "Latitude and longitude come together" in page.text


async def test_who_saves_an_old_version_hears_that_somebody_was_faster(organizer: Organizer, chart: str) -> None:
    organization_id = await organizer.organization()
    venue_id = await organizer.venue(organization_id, chart)
    event_id = await organizer.event(organization_id, venue_id)
    page = await organizer.get(f"/events/{event_id}/settings")
    version = page.text.split('name="version" value="')[1].partition('"')[0]
    fields = {
        "version": version, "title": "Later night", "venue_id": venue_id, "currency": "CAD", "hold_minutes": "10",
        "starts_at": "2027-03-01T19:30", "ends_at": "2027-03-01T22:00", "timezone": "America/Vancouver",
    }  # fmt: skip
    page = await organizer.post(f"/events/{event_id}/settings", fields)
    assert page.status == 200
    assert "Saved" in page.text
    page = await organizer.post(f"/events/{event_id}/settings", {**fields, "title": "Even later"})
    assert page.status == 422
    assert "Somebody else changed this" in page.text
    assert "Even later" in page.text


async def test_a_form_that_is_no_form_is_refused(organizer: Organizer) -> None:
    token = (await organizer.get("/account")).token
    async with organizer.client.post(
        organizer.base.join(organizer.base / "organizations"), json={"name": "x"}
    ) as answer:
        assert answer.status == 415
    page = await organizer.post("/organizations", [(f"f{i}", "1") for i in range(2100)], token=token)
    assert page.status == 400
    page = await organizer.post("/organizations", {"name": "x" * 1_100_000}, token=token)
    assert page.status == 413


async def test_codes_are_typed_one_a_line_kept_and_shown_again(organizer: Organizer, chart: str) -> None:
    organization_id = await organizer.organization()
    event_id = await organizer.event(organization_id, await organizer.venue(organization_id, chart))
    at = f"/events/{event_id}/on-sale"
    given = {"opens_at": "2026-01-01T10:00", "enabled": "true", "codes": "early-bird\r\n\r\n Friends \r\nEARLY-BIRD"}
    assert (await organizer.post(at, given)).status == 200
    assert ">EARLY-BIRD\nFRIENDS</textarea>" in (await organizer.get(at)).text
    page = await organizer.post(at, {"opens_at": "2026-01-01T10:00", "codes": "early-bird"})
    assert page.status == 422
    assert 'id="e-codes">The waiting room asks for codes: put one in front' in page.text
    assert ">early-bird</textarea>" in page.text


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Expected `float` <= 90.0", "At most 90"),
        ("Expected `int` >= 1", "At least 1"),
        ("Expected `str` of length <= 64", "At most 64 characters"),
        ("Expected `array` of length <= 8", "At most 8 of them"),
        ("Expected `int`, got `str`", "Expected `int`, got `str`"),
    ],
)
async def test_a_limit_is_told_without_the_decoders_words(message: str, told: str) -> None:
    form = filled.read(VenueForm, MultiDict(name="Opera", timezone="UTC"))

    async def act(_typed: VenueForm) -> None:
        raise Invalid.at("/lat", "invalid_value", message)

    assert await form.carry_out(act) is None
    assert form.errors == {"lat": told}
    assert form.label("lat") == "Latitude"


def test_limits_of_a_form_itself_are_told_in_the_same_words() -> None:
    form = filled.read(EventForm, MultiDict([*EVENT, ("summary", "x" * 5000), ("fee_fixed", "-1")]))
    assert form.errors["summary"].startswith("At most ")
    assert form.errors["summary"].endswith(" characters")
    assert filled.read(TicketTypeForm, MultiDict(name="R", price="-1")).errors["price"] == "At least 0"


async def test_limits_of_the_doors_without_coming_back_are_refused_not_dropped() -> None:
    form = filled.read(EntryRulesForm, MultiDict(max_entries="3", exit_all_at="04:00"))

    async def act(typed: EntryRulesForm) -> EntryRules:
        return typed.given(EntryRules())

    assert await form.carry_out(act) is None
    assert set(form.errors) == {"max_entries", "exit_all_at"}
    form = filled.read(EntryRulesForm, MultiDict(max_entries="3", allow_reentry="true"))
    rules = await form.carry_out(act)
    assert rules is not None
    assert (rules.allow_reentry, rules.max_entries) == (True, 3)


@pytest.mark.parametrize(
    ("pointer", "message", "told"),
    [
        ("/sections/0/rows/1/name", "taken", "Section 1 “Stalls”, row 2 “B”: taken"),
        ("/sections/0/rows/0/seats/1/x", "must be odd", "Section 1 “Stalls”, row 1 “A”, seat 2, “x”: must be odd"),
        ("/sections/1/capacity", "must be 1 to 200000", "Section 2, “capacity”: must be 1 to 200000"),
        ("/focal_point/y", '"y" is required', '“focal_point”: "y" is required'),
        ("/focal_point", '"focal_point" is required', '"focal_point" is required'),
        ("", "bad at line 2 column 21", "This is not JSON yet: bad at line 2 column 21"),
        ("", "must be an object", "The chart must be an object"),
        ("/sections/9/rows", "needs at least one", "Section 10: needs at least one"),
    ],
)  # fmt: skip
def test_a_fault_of_a_chart_is_told_by_section_row_and_seat(pointer: str, message: str, told: str) -> None:
    rows = [{"name": "A", "seats": [{"name": "1"}, {"x": "left"}]}, {"name": "B"}]
    chart = orjson.dumps({"focal_point": {}, "sections": [{"name": "Stalls", "rows": rows}, {"capacity": 0}]}).decode()
    assert ChartForm(chart=chart).told(pointer, message) == told


def test_names_in_a_chart_are_told_in_part() -> None:
    assert chart_places.words({"sections": [{"name": "x" * 500}]}, "/sections/0", "odd") == (
        f"Section 1 “{'x' * chart_places.NAME_CHARS_SHOWN}”"
    )


@pytest.mark.parametrize("given", [{}, {"chart": "  "}])
async def test_no_chart_at_all_is_told_so(given: dict[str, str]) -> None:
    form = filled.read(ChartForm, MultiDict(given))

    async def act(typed: ChartForm) -> bytes:
        return typed.given

    assert await form.carry_out(act) is None
    assert set(form.errors) == {"chart"}


async def test_every_fault_points_to_its_field_by_the_name_that_stands_there(organizer: Organizer, chart: str) -> None:
    organization_id, _, event_id = await organizer.published(chart)
    at = f"/events/{event_id}"
    taxes = [("tax_name", "GST"), ("tax_rate", "5"), ("tax_name", "PST"), ("tax_rate", "seven")]
    event = [(name, value) for name, value in EVENT if not name.startswith("tax_")]
    pages = [
        await organizer.post(f"/o/{organization_id}/events", {}),
        await organizer.post(f"/o/{organization_id}/events", [*event, *taxes]),
        await organizer.post(f"/o/{organization_id}/venues", {"name": "x", "timezone": "UTC", "lat": "900"}),
        await organizer.post(at + "/on-sale", {"capacity": "x", "claim_ttl_s": "x", "session_minutes": "x"}),
        await organizer.post(at + "/promos", {"value": "120", "code": "X"}),
        await organizer.post(at + "/ticket-types", {"sort": "x", "max_per_order": "x", "sales_end_at": "x"}),
        await organizer.post(at + "/allotments", {"by": "section", "name": "x"}),
        await organizer.post(at + "/devices", {}),
        await organizer.post(at + "/doors", {"max_entries": "x", "exit_all_at": "x"}),
        await organizer.post("/organizations", {}),
    ]
    for page in pages:
        assert page.status == 422, page.url
        links = re.findall(r'<li><a href="#(f-[\w-]+)">([^<]+): [^<]+</a></li>', page.text)
        assert links, page.words
        for target, called in links:
            label = re.search(rf'<label for="{target}">([^<]+?)\s*<', page.text)
            field = re.search(rf'id="{target}"[^>]* aria-label="([^"]+)"', page.text)
            found = label or field
            assert found, (page.url, target)
            assert unescape(found[1]) == unescape(called), page.url
