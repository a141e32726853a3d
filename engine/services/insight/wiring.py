"""The wiring of insight."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts.wiring import Accounts
from engine.services.catalogue.wiring import Catalogue
from engine.services.common import Common
from engine.services.insight.activity import Activity
from engine.services.insight.audit import Audit
from engine.services.insight.dead_letters import DeadLetters
from engine.services.insight.onboarding import OnboardingSteps
from engine.services.insight.order_sheets import OrderSheets
from engine.services.insight.personal_data import PersonalData
from engine.services.insight.picture_books import PictureBooks
from engine.services.insight.provider_books import ProviderBooks
from engine.services.insight.reports import Reports
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
    onboarding: OnboardingSteps
    order_sheets: OrderSheets


def open_insight(common: Common, accounts: Accounts, catalogue: Catalogue, sale: Sale, money: Money) -> Insight:
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
        onboarding=OnboardingSteps(pool=common.pool, access=accounts.access),
        order_sheets=OrderSheets(pool=common.pool, orders=money.orders),
    )
