"""The wiring of insight."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.insight.retention import Keeping
from engine.services.accounts.wiring import Accounts
from engine.services.catalogue.wiring import Catalogue
from engine.services.common import Common
from engine.services.insight.activity import Activity
from engine.services.insight.audit import Audit
from engine.services.insight.dead_letters import DeadLetters
from engine.services.insight.guest_data import GuestData
from engine.services.insight.onboarding import OnboardingSteps
from engine.services.insight.order_sheets import OrderSheets
from engine.services.insight.personal_data import PersonalData
from engine.services.insight.picture_books import PictureBooks
from engine.services.insight.provider_books import ProviderBooks
from engine.services.insight.reports import Reports
from engine.services.insight.retention import Retention
from engine.services.messages.wiring import Messages
from engine.services.money.wiring import Money
from engine.services.sale.wiring import Sale
from engine.stores.insight.audit import AuditStore


@dataclass(frozen=True, slots=True)
class Insight:
    """What is checked, counted and remembered."""

    audit: Audit
    reports: Reports
    activity: Activity
    dead_letters: DeadLetters
    personal_data: PersonalData
    guest_data: GuestData
    retention: Retention
    onboarding: OnboardingSteps
    order_sheets: OrderSheets


def open_insight(
    common: Common, accounts: Accounts, catalogue: Catalogue, sale: Sale, money: Money, messages: Messages
) -> Insight:
    """Make them; nothing needs closing."""
    store = AuditStore(common.pool, common.redis)
    personal_data = PersonalData(
        pool=common.pool,
        people=accounts.people,
        factors=accounts.second_factors,
        ended=common.ended,
        order_news=money.order_news,
    )
    personal_data.register(common.outbox)
    settings = common.settings
    keeping = Keeping(
        network_d=settings.retention_network_d,
        scan_place_d=settings.retention_scan_place_d,
        guest_d=settings.retention_guest_d,
    )
    guest_data = GuestData(
        pool=common.pool,
        sealed=accounts.sealed_links,
        throttle=accounts.throttle,
        links=messages.data_links,
        order_news=money.order_news,
    )
    guest_data.register(common.outbox)
    return Insight(
        audit=Audit(
            store=store,
            selling=sale.selling,
            books=ProviderBooks(gateway=money.gateway, lane=money.lane, store=store),
            pictures=PictureBooks(pictures=catalogue.pictures),
        ),
        reports=Reports(pool=common.pool, access=accounts.access),
        activity=Activity(pool=common.pool, access=accounts.access),
        dead_letters=DeadLetters(webhooks=money.webhooks, outbox=common.outbox),
        personal_data=personal_data,
        guest_data=guest_data,
        retention=Retention(pool=common.pool, order_news=money.order_news, keeping=keeping),
        onboarding=OnboardingSteps(pool=common.pool, access=accounts.access),
        order_sheets=OrderSheets(pool=common.pool, orders=money.orders),
    )
