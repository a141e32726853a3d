"""Rules of the catalogue that need no store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.accounts.organizations import allows
from engine.domain.accounts.people import email_normal
from engine.domain.catalogue import on_sales, promos
from engine.domain.catalogue.on_sales import NewOnSale
from engine.domain.catalogue.promos import NewPromo, PromoChange, PromoCode
from engine.domain.slugs import slug_of
from engine.domain.versions import expect
from engine.foundation.errors import Invalid, PreconditionFailed

NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("owner", {"members.write", "payouts.write", "events.publish"}, set()),
        ("manager", {"events.publish", "refunds.write", "members.read"}, {"members.write", "payouts.read"}),
        ("finance", {"orders.read", "refunds.write", "reports.read"}, {"events.write", "devices.write"}),
        ("box_office", {"orders.write", "box_office.write", "comps.write", "devices.write", "events.read"},
         {"refunds.write", "events.write", "reports.read", "payouts.read", "members.write"}),
        ("stranger", set(), {"events.read", "orders.read"}),
    ],
)  # fmt: skip
def test_each_role_may_what_its_work_needs_and_nothing_else(role, may, may_not):
    assert {permission for permission in may | may_not if allows(role, permission)} == may


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Montréal — Jazz! 2027", "montreal-jazz-2027"),
        ("  Ünïcode  ", "unicode"),
        ("日本", "event"),
        ("a" * 200, "a" * 80),
    ],
)
def test_a_slug_is_plain_words_joined_by_hyphens(title, slug):
    assert slug_of(title) == slug


@pytest.mark.parametrize("text", ["A@Example.Test ", "a@localhost", "a+b@x.example"])
def test_an_address_has_one_spelling(text):
    assert email_normal(text) == text.strip().lower()


@pytest.mark.parametrize("text", ["", "a", "a@", "@b", "a b@c.d", "a@b..c", "a@b\n.c", "a@" + "b" * 300])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(Invalid):
        email_normal(text)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"prequeue_opens_at": NOON + HOUR}, "/prequeue_opens_at"),
        ({"closes_at": NOON}, "/closes_at"),
        ({"opens_at": NOON + 48 * HOUR}, "/opens_at"),
        ({"opens_at": datetime(1999, 1, 1, tzinfo=UTC)}, "/opens_at"),
    ],
)
def test_an_on_sale_has_its_times_in_order(changes, pointer):
    with pytest.raises(Invalid) as caught:
        on_sales.check(NewOnSale(**{"opens_at": NOON, **changes}), NOON + 24 * HOUR)
    assert pointer in [fault["pointer"] for fault in caught.value.errors]


def test_a_percentage_off_is_at_most_all_of_it():
    promos.check_terms(NewPromo(code="ALL", kind="percent", value=10_000), "CAD")
    promos.check_terms(NewPromo(code="BIG", kind="fixed", value=10_001), "CAD")
    with pytest.raises(Invalid):
        promos.check_terms(NewPromo(code="MORE", kind="percent", value=10_001), "CAD")


@pytest.mark.parametrize(
    ("moment", "active", "found"),
    [(9, True, "early"), (10, True, "usable"), (19, True, "usable"), (20, True, "over"), (15, False, "off")],
)
def test_a_code_may_be_used_from_its_beginning_until_just_before_its_end(moment, active, found):
    assert promos.standing(moment, active=active, begin=10, end=20) == found
    assert promos.standing(moment, active=True, begin=None, end=None) == "usable"


def test_a_change_of_a_code_is_checked_with_what_it_leaves_as_it_was():
    before = PromoCode(
        id="pro_1", event_id="evt_1", code="TEN", kind="fixed", value=20_000, max_uses=None, valid_from=NOON,
        valid_until=None, status="active", used_count=0, discount_given_cents=0, version=1, created_at=NOON,
        updated_at=NOON,
    )  # fmt: skip
    promos.check_terms(PromoChange(valid_until=NOON + HOUR), "CAD", before)
    for change in (PromoChange(kind="percent"), PromoChange(valid_until=NOON)):
        with pytest.raises(Invalid):
            promos.check_terms(change, "CAD", before)


@pytest.mark.parametrize("expected", ["3", "3-abcdef", "*"])
def test_if_match_names_the_row_whatever_else_the_document_shows(expected):
    expect(expected, 3)


@pytest.mark.parametrize("expected", ["2", "33", "", "-3", "3x"])
def test_if_match_of_another_version_is_refused(expected):
    with pytest.raises(PreconditionFailed):
        expect(expected, 3)
