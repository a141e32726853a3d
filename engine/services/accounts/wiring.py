"""The wiring of accounts."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts.access import Access
from engine.services.accounts.moderation import Moderation
from engine.services.accounts.organizations import Organizations
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.people import People
from engine.services.accounts.throttle import Throttle
from engine.services.common import Common


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who somebody is, and what they may."""

    access: Access
    throttle: Throttle
    people: People
    organizations: Organizations
    moderation: Moderation


def open_accounts(common: Common) -> Accounts:
    """Make them; nothing needs closing."""
    access = Access(pool=common.pool)
    throttle = Throttle(hot=common.hot, lifted=common.settings.rehearsal)
    return Accounts(
        access=access,
        throttle=throttle,
        people=People(pool=common.pool, bearers=common.bearers, throttle=throttle, passwords=Passwords()),
        organizations=Organizations(pool=common.pool, access=access),
        moderation=Moderation(pool=common.pool, outbox=common.outbox),
    )
