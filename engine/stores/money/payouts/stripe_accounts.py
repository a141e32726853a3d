"""Connected accounts at Stripe, or at the sandbox that speaks like it: opened, read, and what was paid out of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import stripe

from engine.domain.money.connect import REQUIREMENTS_MAX, Amount, Balance, Payout, ProviderAccount
from engine.foundation.clock import from_ms
from engine.stores.money.stripe_calls import translated
from engine.stores.money.stripe_gateway import MS_PER_S, StripeGateway, in_our_units

KIND: Final = "standard"  # its owner has a dashboard of their own, and answers for it
ONBOARDING: Final = "account_onboarding"


class StripeAccountGateway:
    """Over the connections of ``gateway``."""

    def __init__(self, gateway: StripeGateway) -> None:
        self._v1 = gateway.client.v1

    async def create(self, *, organization_id: str, name: str, country: str | None) -> ProviderAccount:
        """The organization's account: its id is the idempotency key, so that asking twice makes one."""
        params: stripe.params.AccountCreateParams = {
            "type": KIND,
            "business_profile": {"name": name},
            "metadata": {"organization_id": organization_id},
        }
        if country:
            params["country"] = country
        with translated():
            return _account(
                await self._v1.accounts.create_async(params, {"idempotency_key": f"acct-{organization_id}"})
            )
        raise AssertionError("unreachable")

    async def read(self, account_id: str) -> ProviderAccount:
        with translated():
            return _account(await self._v1.accounts.retrieve_async(account_id))
        raise AssertionError("unreachable")

    async def link(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """The address of the provider's page on which the owner answers what is asked."""
        with translated():
            made = await self._v1.account_links.create_async(
                {"account": account_id, "type": ONBOARDING, "return_url": return_url, "refresh_url": refresh_url}
            )
            return made.url
        raise AssertionError("unreachable")

    async def payouts(self, account_id: str, *, limit: int, after: str | None) -> tuple[list[Payout], bool]:
        """A page of them, newest first, and whether there are more."""
        params: stripe.params.PayoutListParams = {"limit": limit}
        if after is not None:
            params["starting_after"] = after
        with translated():
            found = await self._v1.payouts.list_async(params, {"stripe_account": account_id})
            return [_payout(each) for each in found.data], found.has_more
        raise AssertionError("unreachable")

    async def balance(self, account_id: str) -> Balance:
        with translated():
            found = await self._v1.balance.retrieve_async(options={"stripe_account": account_id})
            return Balance(available=_amounts(found.available), pending=_amounts(found.pending))
        raise AssertionError("unreachable")


def _account(found: stripe.Account) -> ProviderAccount:
    due = found.requirements
    return ProviderAccount(
        id=found.id,
        charges_enabled=bool(found.charges_enabled),
        payouts_enabled=bool(found.payouts_enabled),
        submitted=bool(found.details_submitted),
        requirements=tuple((due.currently_due or [])[:REQUIREMENTS_MAX]) if due else (),
        disabled_reason=due.disabled_reason if due else None,
        country=found.country,
        default_currency=(found.default_currency or "").upper() or None,
    )


def _payout(found: stripe.Payout) -> Payout:
    return Payout(
        id=found.id,
        amount_cents=in_our_units(found.amount, found.currency),
        currency=found.currency.upper(),
        status=found.status,
        arrives_at=from_ms(found.arrival_date * MS_PER_S) if found.arrival_date else None,
        created_at=from_ms(found.created * MS_PER_S),
        failure=found.failure_message,
    )


def _amounts(found: Iterable[stripe.Balance.Available | stripe.Balance.Pending]) -> tuple[Amount, ...]:
    return tuple(
        Amount(amount_cents=in_our_units(each.amount, each.currency), currency=each.currency.upper()) for each in found
    )
