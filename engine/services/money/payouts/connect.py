"""Organizations are paid to an account of their own: opened at the provider, followed, and read for what it paid out.

An event of the provider only says where to look; the account is read afresh, so copies and late ones end alike. While
the account may take no charges, the money of new orders stays with the platform.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engine.domain.accounts.errors import OrganizationUnknown
from engine.domain.errors import NotConnected
from engine.domain.money.connect import (
    Balance,
    Connection,
    ConnectStatus,
    NewConnection,
    Payout,
    ProviderAccount,
    standing_of,
)
from engine.foundation import logs
from engine.foundation.bearer import Person
from engine.foundation.clock import now
from engine.foundation.errors import Unavailable
from engine.services.accounts.access import Access
from engine.services.accounts.organizations import Organizations
from engine.services.money.lane import PaymentLane
from engine.stores.money.payouts.connected_accounts import ConnectedAccount, ConnectedAccountStore
from engine.stores.money.payouts.stripe_accounts import StripeAccountGateway

SETTLED_FRESH: Final = timedelta(minutes=1)  # of an account that is active
UNSETTLED_FRESH: Final = timedelta(seconds=2)  # its owner comes back from the provider's pages and looks
_log = logs.get("connect")


class Connect:
    """Opens, follows and reads connected accounts. ``admin_url``: the provider sends organizers back there."""

    def __init__(
        self,
        *,
        store: ConnectedAccountStore,
        accounts: StripeAccountGateway,
        lane: PaymentLane,
        access: Access,
        organizations: Organizations,
        admin_url: str,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._lane = lane
        self._access = access
        self._organizations = organizations
        self._admin_url = admin_url.rstrip("/")

    async def begin(self, person: Person, organization_id: str, given: NewConnection) -> Connection:
        """The provider's page for the organization's owner; the first time the account is opened.

        OrganizationUnknown to everybody outside; ProviderUnavailable, PaymentRefused.
        """
        await self._access.require(person, organization_id, "payouts.write", hidden=OrganizationUnknown)
        organization = await self._organizations.get(person, organization_id)
        known = await self._store.of_organization(organization_id)
        if known is None:
            made = await self._lane.run(
                "accounts.create",
                lambda: self._accounts.create(
                    organization_id=organization_id, name=organization.legal_name or organization.name, country=None
                ),
            )
            await self._store.add(person, organization_id, made.id)
            known = await self._store.of_organization(organization_id)
            assert known is not None, "it was kept a moment ago"
        account_id, page = known.account.id, f"{self._admin_url}/o/{organization_id}/payouts"
        url = await self._lane.run(
            "accounts.link",
            lambda: self._accounts.link(account_id, return_url=given.return_url or page, refresh_url=page),
        )
        return Connection(url=url, account_id=account_id)

    async def status(self, person: Person, organization_id: str) -> ConnectStatus:
        """How it stands, read from the provider if that was a while ago; as known if the provider is away."""
        await self._access.require(person, organization_id, "payouts.read", hidden=OrganizationUnknown)
        known = await self._store.of_organization(organization_id)
        if known is None:
            return ConnectStatus(status="none")
        if known.read_at is None or now() - known.read_at > _fresh(known.account):
            try:
                await self.converge(known.account.id)
            except Unavailable as error:
                _log.warning("account_not_read", organization_id=organization_id, error=error.code)
            known = await self._store.of_organization(organization_id)
            assert known is not None, "an account is never forgotten"
        return _status(known)

    async def converge(self, account_id: str) -> bool:
        """Bring what is known of an account in line with the provider; False if it is none of ours."""
        if await self._store.of_account(account_id) is None:
            return False
        began_at = now()
        account = await self._lane.run("accounts.read", lambda: self._accounts.read(account_id))
        await self._store.said(account, began_at)
        return True

    async def payouts(
        self, person: Person, organization_id: str, *, limit: int, after: str | None
    ) -> tuple[list[Payout], bool]:
        """A page of what was paid out, newest first, and whether there is more. NotConnected."""
        account_id = await self._account_id(person, organization_id)
        return await self._lane.run(
            "payouts.list", lambda: self._accounts.payouts(account_id, limit=limit, after=after)
        )

    async def balance(self, person: Person, organization_id: str) -> Balance:
        """What the account has now. NotConnected."""
        account_id = await self._account_id(person, organization_id)
        return await self._lane.run("balance.read", lambda: self._accounts.balance(account_id))

    async def _account_id(self, person: Person, organization_id: str) -> str:
        await self._access.require(person, organization_id, "payouts.read", hidden=OrganizationUnknown)
        known = await self._store.of_organization(organization_id)
        if known is None:
            raise NotConnected
        return known.account.id


def _fresh(account: ProviderAccount) -> timedelta:
    return SETTLED_FRESH if standing_of(account) == "active" else UNSETTLED_FRESH


def _status(known: ConnectedAccount) -> ConnectStatus:
    account = known.account
    return ConnectStatus(
        status=standing_of(account),
        account_id=account.id,
        charges_enabled=account.charges_enabled,
        payouts_enabled=account.payouts_enabled,
        requirements=account.requirements,
        disabled_reason=account.disabled_reason,
        country=account.country,
        default_currency=account.default_currency,
        read_at=known.read_at,
    )
