"""Events: what an organizer types, what the world sees, and what may still change after publication."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from engine.domain.catalogue import entry_rules, questions
from engine.domain.catalogue.charts.standing import PLACES_MAX
from engine.domain.catalogue.entry_rules import EntryRules
from engine.domain.catalogue.media import videos
from engine.domain.catalogue.media.images import Picture
from engine.domain.catalogue.media.videos import VideoUrl
from engine.domain.catalogue.phases import Phase
from engine.domain.catalogue.pricing import refund_policies
from engine.domain.catalogue.pricing.discount_rules import DiscountRule, DiscountRules, rule_faults
from engine.domain.catalogue.pricing.refund_policies import RefundPolicy
from engine.domain.catalogue.questions import NamedTickets, Question, Questions
from engine.domain.fields import (
    BasisPoints,
    Currency,
    Faults,
    Id,
    Line,
    Moment,
    Name,
    OptionalShort,
    Short,
    TaxBasisPoints,
    Text,
    fault,
    is_currency,
    is_moment,
    is_timezone,
    mailed_name,
)
from engine.domain.taxes import PPM_OF_BP, TAXES_MAX
from engine.foundation.errors import Invalid
from engine.foundation.world import categories
from engine.foundation.world.currencies import AMOUNT_MAX, find, money

EVENTS_PER_ORGANIZATION_MAX = 10_000
TAGS_MAX = 20
HOLD_TTL_S_MIN, HOLD_TTL_S_MAX, HOLD_TTL_S_DEFAULT = 300, 900, 600
TICKETS_PER_BUYER_MAX = 1000
MAX_TRANSFERS_MAX, MAX_TRANSFERS_DEFAULT = 100, 3
FEE_FIXED_PARTS = 1000  # the fixed fee of a ticket is at most this part of the greatest amount: 1,000 dollars
# Frozen by publication: what people already paid in, and the inventory of a standing event. A chart is frozen by
# itself, at whatever venue the event is.
FROZEN_FIELDS = ("currency", "capacity")
# What ticket holders are told of when it changes after publication.
MOVING_FIELDS = ("starts_at", "ends_at", "timezone", "venue_id")

OwnOrder = Literal["newest", "start", "title"]  # of an organization's own events
TaxMode = Literal["configured", "inclusive"]  # on top of the prices, or part of them
OrphanPolicy = Literal["auto", "strict", "lenient", "off"]
HoldTtl = Annotated[int, Meta(ge=HOLD_TTL_S_MIN, le=HOLD_TTL_S_MAX)]
Places = Annotated[int, Meta(ge=1, le=PLACES_MAX)]
PerBuyer = Annotated[int, Meta(ge=1, le=TICKETS_PER_BUYER_MAX)]
Transfers = Annotated[int, Meta(ge=0, le=MAX_TRANSFERS_MAX)]
TransferFee = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Tags = Annotated[list[Short], Meta(max_length=TAGS_MAX)]
Cover = Annotated[str, Meta(max_length=2000, pattern=r"^https?://[^\s\x00]+$(?!\n)")]


class TaxRule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``rate_bp`` 500 is five percent; ``registration``, the number it is collected under, stands on receipts."""

    name: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^(?=.*\S)[^\x00-\x1f\x7f]+$(?!\n)")]
    rate_bp: TaxBasisPoints
    registration: OptionalShort = ""


class FeeRule(Struct, frozen=True, kw_only=True):
    """The service fee per ticket: a rate of the price plus a fixed part, on top for the buyer or from the organizer."""

    rate_bp: BasisPoints = 0
    fixed_cents: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    paid_by: Literal["buyer", "organizer"] = "buyer"


Taxes = Annotated[list[TaxRule], Meta(max_length=TAXES_MAX)]


class NewEvent(Struct, kw_only=True):
    """``timezone`` is the venue's if it is left out; ``capacity`` makes it a standing event, also in a seated hall."""

    organization_id: Id
    venue_id: Id
    title: Name
    summary: Line = ""
    description: Text = ""
    category: Short = "other"
    tags: Tags = []
    terms: Text = ""
    cover_url: Cover | None = None
    video_url: VideoUrl | None = None
    starts_at: Moment
    ends_at: Moment
    timezone: Short | None = None
    currency: Currency
    hold_ttl_s: HoldTtl = HOLD_TTL_S_DEFAULT
    orphan_policy: OrphanPolicy = "auto"
    taxes: Taxes = []
    tax_mode: TaxMode = "configured"
    fee: FeeRule = FeeRule()
    discount_rules: DiscountRules = []
    max_tickets_per_buyer: PerBuyer | None = None
    capacity: Places | None = None
    allow_refunds_until: Moment | None = None
    refund_policy: RefundPolicy = RefundPolicy()
    entry_rules: EntryRules = EntryRules()
    named_tickets: NamedTickets = "off"
    questions: Questions = []
    allow_transfers: bool = True
    max_transfers: Transfers = MAX_TRANSFERS_DEFAULT
    transfer_fee_cents: TransferFee = 0
    reminders: bool = True


class EventChange(Struct, kw_only=True):
    """Only what is sent changes. FROZEN_FIELDS are refused once the event was published."""

    venue_id: Id | UnsetType = UNSET
    title: Name | UnsetType = UNSET
    summary: Line | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    category: Short | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    terms: Text | UnsetType = UNSET
    cover_url: Cover | UnsetType | None = UNSET
    video_url: VideoUrl | UnsetType | None = UNSET
    cover_image_id: Id | UnsetType | None = UNSET
    starts_at: Moment | UnsetType = UNSET
    ends_at: Moment | UnsetType = UNSET
    timezone: Short | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    hold_ttl_s: HoldTtl | UnsetType = UNSET
    orphan_policy: OrphanPolicy | UnsetType = UNSET
    taxes: Taxes | UnsetType = UNSET
    tax_mode: TaxMode | UnsetType = UNSET
    fee: FeeRule | UnsetType = UNSET
    discount_rules: DiscountRules | UnsetType = UNSET
    max_tickets_per_buyer: PerBuyer | UnsetType | None = UNSET
    capacity: Places | UnsetType | None = UNSET
    allow_refunds_until: Moment | UnsetType | None = UNSET
    refund_policy: RefundPolicy | UnsetType = UNSET
    entry_rules: EntryRules | UnsetType = UNSET
    named_tickets: NamedTickets | UnsetType = UNSET
    allow_transfers: bool | UnsetType = UNSET
    max_transfers: Transfers | UnsetType = UNSET
    transfer_fee_cents: TransferFee | UnsetType = UNSET
    reminders: bool | UnsetType = UNSET


class EventVenue(Struct, frozen=True, kw_only=True):
    """The venue as an event shows it; ``slug`` names it in the address of its page."""

    id: str
    slug: str
    name: str
    address: str
    city: str
    region: str
    country: str
    lat: float | None
    lng: float | None
    timezone: str
    accessibility: str


class EventOrganization(Struct, frozen=True, kw_only=True):
    """``sells`` is False while it is suspended."""

    id: str
    name: str
    slug: str
    sells: bool = True
    logo: Picture | None = None


class EventOrganizer(EventOrganization, frozen=True, kw_only=True):
    """With how its pages look: its colour, and the sites that may show them inside of their own."""

    accent: str | None = None
    embed_origins: tuple[str, ...] = ()


class EventOnSale(Struct, frozen=True, kw_only=True):
    """When selling is open, and whether one queues for it."""

    prequeue_opens_at: datetime | None
    opens_at: datetime
    closes_at: datetime | None
    room_enabled: bool


class OwnEvents(Struct, frozen=True, kw_only=True):
    """What an organization's people look for among their events; without a ``phase``, all but the archived ones."""

    organization_id: str
    text: str | None = None
    phase: Phase | None = None
    order: OwnOrder = "newest"
    offset: int = 0
    limit: int = 50


class PublicationFailed(Struct, frozen=True, kw_only=True):
    """A planned publication that came due while something was missing."""

    at: datetime
    missing: tuple[str, ...]


class Event(Struct, frozen=True, kw_only=True):
    """An event with all that its card needs. Prices from..to are all-in: what the buyer pays for one ticket.

    ``phase`` is what its status means at this moment; a draft is published by itself at ``publish_at``.
    ``hidden_at``: the platform took it down then, for ``hidden_reason``; only its people and the platform's see it.
    """

    id: str
    slug: str
    organization_id: str
    venue_id: str
    title: str
    summary: str
    description: str
    category: str
    tags: tuple[str, ...]
    terms: str
    cover_url: str | None  # of a picture elsewhere: our pages load none, previews and search engines are told of it
    video_url: str | None
    cover_image_id: str | None
    cover: Picture | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    currency: str
    hold_ttl_s: int
    orphan_policy: OrphanPolicy
    taxes: tuple[TaxRule, ...]
    tax_mode: TaxMode = "configured"
    fee: FeeRule
    discount_rules: tuple[DiscountRule, ...] = ()
    max_tickets_per_buyer: int | None
    capacity: int | None = None
    allow_refunds_until: datetime | None
    refund_policy: RefundPolicy = RefundPolicy(mode="none")  # with its time and its mode
    entry_rules: EntryRules
    named_tickets: NamedTickets = "off"
    allow_transfers: bool = True
    max_transfers: int = MAX_TRANSFERS_DEFAULT  # of one ticket
    transfer_fee_cents: int = 0
    questions: tuple[Question, ...] = ()  # asked at the checkout, in this order; retired ones are left out
    status: str
    units: int | None
    price_from_cents: int | None
    price_to_cents: int | None
    version: int
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    venue: EventVenue
    organization: EventOrganizer
    on_sale: EventOnSale | None
    phase: Phase = "draft"
    publish_at: datetime | None = None
    publication_failed: PublicationFailed | None = None
    archived_at: datetime | None = None
    hidden_at: datetime | None = None
    hidden_reason: str = ""
    series_id: str | None = None
    external_id: str | None = None
    reminders: bool = True  # ticket holders are written to a day before and on the day


class Seller(Struct, frozen=True, kw_only=True):
    """Who sells an event and where it is: what a receipt or a mail says apart from the order."""

    title: str
    slug: str
    starts_at: datetime
    timezone: str
    venue: str
    city: str
    organization: str
    legal_name: str  # the organization's name if it has no other
    status: str = "published"
    taxes: tuple[TaxRule, ...] = ()
    cover: Picture | None = None
    logo: Picture | None = None
    accent: str | None = None


def fold(event: NewEvent | EventChange) -> None:
    """What was typed becomes what is kept: a category its canonical name, a title one that hides nothing.

    A category that is unknown stays, for ``check``. Invalid for a title that nobody can see or that reads as a link,
    for a film at a host that we do not know, for questions that are none and for two times of one refund policy.
    """
    policy, until = refund_policies.folded(event.refund_policy, event.allow_refunds_until)
    event.refund_policy, event.allow_refunds_until = policy, until
    if isinstance(event, NewEvent):
        event.questions = questions.kept([replace(question, id="") for question in event.questions])
    if isinstance(event.title, str):
        event.title = mailed_name("/title", event.title)
    if isinstance(event.video_url, str):
        event.video_url = videos.kept(event.video_url)
    if isinstance(event.category, str):
        event.category = categories.canonical(event.category) or event.category


def check(event: NewEvent | EventChange, *, before: Event | None = None) -> None:
    """The rules between fields; ``before`` fills in what a change leaves out. Invalid with all that is broken."""
    found: Faults = []
    for name in ("starts_at", "ends_at", "allow_refunds_until"):
        moment = getattr(event, name)
        if isinstance(moment, datetime) and not is_moment(moment):
            found.append(fault(f"/{name}", "out_of_range", "This date is out of range"))
    if isinstance(event.entry_rules, EntryRules):
        found += _entry_faults(event.entry_rules)
    starts_at = before.starts_at if before is not None and event.starts_at is UNSET else event.starts_at
    ends_at = before.ends_at if before is not None and event.ends_at is UNSET else event.ends_at
    if isinstance(starts_at, datetime) and isinstance(ends_at, datetime) and ends_at <= starts_at:
        found.append(fault("/ends_at", "out_of_order", "An event ends after it starts"))
    if isinstance(event.timezone, str) and not is_timezone(event.timezone):
        found.append(fault("/timezone", "unknown_timezone", "This is not an IANA time zone"))
    if isinstance(event.currency, str) and not is_currency(event.currency):
        found.append(fault("/currency", "unknown_currency", "Tickets cannot be sold in this currency (ISO 4217)"))
    if isinstance(event.category, str) and event.category not in categories.CATEGORIES:
        known = ", ".join(categories.CATEGORIES)
        found.append(fault("/category", "unknown_category", f"There is no such category. There are: {known}"))
    found += _money_faults(event, before) + _policy_faults(event, before)
    if found:
        raise Invalid(errors=found)


def _money_faults(event: NewEvent | EventChange, before: Event | None) -> Faults:
    """Of fees, taxes and discounts."""
    found = _fee_faults(event, before)
    if isinstance(event.taxes, list):
        found += _tax_faults(event.taxes)
    if isinstance(event.discount_rules, list):
        code = event.currency if isinstance(event.currency, str) else before.currency if before else ""
        found += rule_faults(event.discount_rules, code)
    return found


def _tax_faults(taxes: list[TaxRule]) -> Faults:
    found: Faults = []
    if len({tax.name for tax in taxes}) != len(taxes):
        found.append(fault("/taxes", "duplicate", "Each tax has its own name"))
    for place, tax in enumerate(taxes):
        if not float(tax.rate_bp * PPM_OF_BP).is_integer():
            found.append(fault(f"/taxes/{place}/rate_bp", "too_fine", "A rate has at most two decimals"))
    return found


def _fee_faults(event: NewEvent | EventChange, before: Event | None) -> Faults:
    """Of the fixed fee in the currency that the event is going to have; handing tickets on has none."""
    if event.transfer_fee_cents:
        return [fault("/transfer_fee_cents", "not_offered", "Handing a ticket on is free: leave it at 0")]
    code = event.currency if isinstance(event.currency, str) else before.currency if before else ""
    fee = event.fee if isinstance(event.fee, FeeRule) else before.fee if before else FeeRule()
    currency = find(code)
    if not currency.chargeable or (event.fee is UNSET and event.currency is UNSET):
        return []
    most_cents = -(-currency.greatest // (FEE_FIXED_PARTS * currency.step)) * currency.step
    if fee.fixed_cents > most_cents:
        return [fault("/fee/fixed_cents", "out_of_range", f"At most {money(most_cents, code)}")]
    if fee.fixed_cents % currency.step:
        said = f"Amounts in {code} are multiples of {money(currency.step, code)}"
        return [fault("/fee/fixed_cents", "amount_between_steps", said)]
    return []


def _policy_faults(event: NewEvent | EventChange, before: Event | None) -> Faults:
    """Of the refund policy in the currency that the event is going to have."""
    code = event.currency if isinstance(event.currency, str) else before.currency if before else ""
    policy = event.refund_policy if isinstance(event.refund_policy, RefundPolicy) else before and before.refund_policy
    return refund_policies.faults_of(policy, code) if policy else []


def _entry_faults(rules: EntryRules) -> Faults:
    try:
        entry_rules.check(rules)
    except Invalid as error:
        return [{**each, "pointer": f"/entry_rules{each['pointer']}"} for each in error.errors]
    return []
