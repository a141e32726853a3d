"""Organizations' accounts at the payment provider, as they were when the provider was asked last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engine.domain.money.connect import ProviderAccount
from engine.foundation.bearer import Person
from engine.stores import activity
from engine.stores.database import Pool, Record

_READ: Final = """
SELECT organization_id, account_id, charges_enabled, payouts_enabled, submitted, requirements, disabled_reason, country,
       default_currency, read_at FROM connected_accounts
"""
_ADD: Final = """
INSERT INTO connected_accounts (organization_id, account_id) VALUES ($1, $2)
ON CONFLICT (organization_id) DO NOTHING RETURNING account_id
"""
# The row's lock puts two readings in an order; one that began before what is known was read says nothing new.
_SAID: Final = """
UPDATE connected_accounts SET charges_enabled = $2, payouts_enabled = $3, submitted = $4, requirements = $5,
       disabled_reason = $6, country = $7, default_currency = $8, read_at = $9
 WHERE account_id = $1 AND (read_at IS NULL OR read_at <= $9)
RETURNING organization_id
"""
_PAYS_TO: Final = "UPDATE organizations SET stripe_account_id = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    organization_id: str
    account: ProviderAccount
    read_at: datetime | None


class ConnectedAccountStore:
    """Keeps them, and which one the money of new orders goes to."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_organization(self, organization_id: str) -> ConnectedAccount | None:
        return _of_row(await self._pool.fetchrow(_READ + " WHERE organization_id = $1", organization_id))

    async def of_account(self, account_id: str) -> ConnectedAccount | None:
        return _of_row(await self._pool.fetchrow(_READ + " WHERE account_id = $1", account_id))

    async def add(self, person: Person, organization_id: str, account_id: str) -> None:
        """Keep a new account; the first one stays."""
        async with self._pool.acquire() as db, db.transaction():
            if await db.fetchval(_ADD, organization_id, account_id) is not None:
                await activity.record(db, person, "organization.connected", organization_id, account_id=account_id)

    async def said(self, account: ProviderAccount, began_at: datetime) -> None:
        """What the provider said to a question asked at ``began_at``; money goes there only while it may be charged."""
        async with self._pool.acquire() as db, db.transaction():
            organization_id = await db.fetchval(
                _SAID, account.id, account.charges_enabled, account.payouts_enabled, account.submitted,
                list(account.requirements), account.disabled_reason, account.country, account.default_currency,
                began_at,
            )  # fmt: skip
            if organization_id is not None:
                await db.execute(_PAYS_TO, organization_id, account.id if account.charges_enabled else None)


def _of_row(row: Record | None) -> ConnectedAccount | None:
    if row is None:
        return None
    names = ("charges_enabled", "payouts_enabled", "submitted", "disabled_reason", "country", "default_currency")
    account = ProviderAccount(
        id=row["account_id"], requirements=tuple(row["requirements"]), **{name: row[name] for name in names}
    )
    return ConnectedAccount(row["organization_id"], account, row["read_at"])
