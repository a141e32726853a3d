"""The wiring of accounts."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.accounts.passkeys import party_of
from engine.services.accounts.access import Access
from engine.services.accounts.agreements.consents import Consents
from engine.services.accounts.agreements.policies import Policies
from engine.services.accounts.agreements.sealed_links import SealedLinks
from engine.services.accounts.api_keys import ApiKeys
from engine.services.accounts.flags import Flags
from engine.services.accounts.invitations import Invitations
from engine.services.accounts.mailed_links import MailedLinks
from engine.services.accounts.moderation import Moderation
from engine.services.accounts.openid import OpenId
from engine.services.accounts.organizations import Organizations
from engine.services.accounts.passkeys import Passkeys
from engine.services.accounts.passwords import Passwords
from engine.services.accounts.people import People
from engine.services.accounts.second_factors import SecondFactors
from engine.services.accounts.sign_ins import SignIns
from engine.services.accounts.throttle import Throttle
from engine.services.common import Common


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who somebody is, and what they may."""

    access: Access
    throttle: Throttle
    people: People
    sign_ins: SignIns
    second_factors: SecondFactors
    openid: OpenId
    passkeys: Passkeys
    mailed_links: MailedLinks
    organizations: Organizations
    invitations: Invitations
    moderation: Moderation
    api_keys: ApiKeys
    flags: Flags
    consents: Consents
    policies: Policies
    sealed_links: SealedLinks


def open_accounts(common: Common) -> Accounts:
    """Make them; ``flags`` must be closed."""
    pool, ended, settings = common.pool, common.ended, common.settings
    access, sealed = Access(pool=pool), SealedLinks(settings.seal)
    throttle = Throttle(hot=common.hot, lifted=settings.rehearsal)
    passwords = Passwords(lifted=settings.rehearsal)
    links = MailedLinks(pool=pool, outbox=common.outbox, ended=ended, throttle=throttle, passwords=passwords)
    factors = SecondFactors(pool=pool, hot=common.hot, throttle=throttle, seal=settings.seal, ended=ended)
    own_machine = settings.rehearsal or settings.payments_are_sandboxed
    sign_ins = SignIns(
        pool=pool,
        bearers=common.bearers,
        factors=factors,
        admins_need_factor=settings.admins_need_second_factor and not own_machine,
    )
    moderation = Moderation(pool=pool, outbox=common.outbox, ended=ended)
    moderation.register(common.outbox)
    open_to_all = settings.registration == "open"
    return Accounts(
        access=access,
        throttle=throttle,
        people=People(
            pool=pool,
            sign_ins=sign_ins,
            factors=factors,
            ended=ended,
            throttle=throttle,
            passwords=passwords,
            links=links,
            open_to_all=open_to_all,
        ),
        sign_ins=sign_ins,
        second_factors=factors,
        openid=OpenId(
            pool=pool,
            hot=common.hot,
            providers=settings.oidc_providers,
            sign_ins=sign_ins,
            links=links,
            passwords=passwords,
            throttle=throttle,
            open_to_all=open_to_all,
        ),
        passkeys=Passkeys(
            pool=pool,
            hot=common.hot,
            sign_ins=sign_ins,
            party=party_of(settings.engine_url, settings.admin_url),
        ),
        mailed_links=links,
        organizations=Organizations(
            pool=pool,
            access=access,
            open_to_all=open_to_all,
            own_machine=own_machine,
        ),
        invitations=Invitations(pool=pool, access=access, throttle=throttle),
        moderation=moderation,
        api_keys=ApiKeys(pool=pool, access=access, bearers=common.bearers),
        flags=Flags(pool=pool, hot=common.hot, settings=settings),
        consents=Consents(pool=pool, sealed=sealed, engine_url=settings.engine_url),
        policies=Policies(pool=pool, access=access),
        sealed_links=sealed,
    )
