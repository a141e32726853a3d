"""Users and their refresh tokens in the ledger. A token is kept as its SHA-256 only."""

from __future__ import annotations

from typing import Any

from engine.domain.accounts.people import REFRESH_TTL_D, SECONDS_KEPT_D, SECONDS_MAX, Membership, User
from engine.foundation.ended_sessions import KEPT_S
from engine.stores.database import Connection, Database, Record, assignments, count

_USER = "id, email, name, is_admin, email_verified_at, created_at, first_name, last_name, phone, locale, preferences"
_SECRETS = "id, email, name, password_hash, is_admin, email_verified_at, disabled_at"
_FACTOR = """EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = users.id AND f.confirmed_at IS NOT NULL)
       AS second_factor, EXISTS (SELECT 1 FROM members m JOIN organizations o ON o.id = m.organization_id
       WHERE m.user_id = users.id AND o.require_second_factor) AS second_factor_asked"""
# The terms and the privacy policy of the platform that stand at the moment.
_ACCEPTED = "(SELECT versions FROM policy_versions WHERE owner = '')"
# What sessions ended, of those whose access tokens may still verify: the others' have run out by themselves.
_REVOKED = """ AND revoked_at IS NULL RETURNING family, created_at)
SELECT DISTINCT family FROM ended WHERE created_at > now() - make_interval(secs => $2)
"""
_REVOKE_FAMILY = f"WITH ended AS (UPDATE refresh_tokens SET revoked_at = now() WHERE family = $1{_REVOKED}"
_REVOKE_ALL = f"WITH ended AS (UPDATE refresh_tokens SET revoked_at = now() WHERE user_id = $1{_REVOKED}"
_REVOKE_OTHERS = (
    f"WITH ended AS (UPDATE refresh_tokens SET revoked_at = now() WHERE user_id = $1 AND family <> $3{_REVOKED}"
)


async def insert(db: Database, user_id: str, email: str, name: str, password_hash: str, *, verified: bool) -> bool:
    """Keep a new person; False if another account has the address."""
    row = await db.fetchrow(
        "INSERT INTO users (id, email, name, password_hash, email_verified_at, accepted)"
        f" VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN now() END, {_ACCEPTED})"
        " ON CONFLICT (email) WHERE NOT is_second DO NOTHING RETURNING id",
        user_id,
        email,
        name,
        password_hash,
        verified,
    )
    return row is not None


async def insert_second(db: Database, user_id: str, email: str, name: str, password_hash: str) -> None:
    """Keep another account of an address that one has. It is never proven."""
    await db.execute(
        "INSERT INTO users (id, email, name, password_hash, is_second, accepted)"
        f" VALUES ($1, $2, $3, $4, true, {_ACCEPTED})",
        user_id,
        email,
        name,
        password_hash,
    )


async def password_at(db: Database, email: str) -> str | None:
    """The password hash of the account that has this address."""
    found: str | None = await db.fetchval("SELECT password_hash FROM users WHERE email = $1 AND NOT is_second", email)
    return found


async def put_admin(db: Database, user_id: str, email: str, name: str, password_hash: str) -> str:
    """Make this address a platform admin with this password, anybody who had it before; returns its id."""
    found: str = await db.fetchval(
        "INSERT INTO users (id, email, name, password_hash, is_admin, email_verified_at)"
        " VALUES ($1, $2, $3, $4, true, now()) ON CONFLICT (email) WHERE NOT is_second"
        " DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash, is_admin = true,"
        " disabled_at = NULL,"
        " email_verified_at = coalesce(users.email_verified_at, now()) RETURNING id",
        user_id,
        email,
        name,
        password_hash,
    )
    return found


async def secrets_of(db: Database, email: str) -> Record | None:
    """What an address signs in with: id, email, name, password_hash, is_admin, email_verified_at, disabled_at."""
    return await db.fetchrow(f"SELECT {_SECRETS} FROM users WHERE email = $1 AND NOT is_second", email)


async def all_at(db: Database, email: str) -> list[Record]:
    """As ``secrets_of``, with the second accounts of the address; the one that has it stands first."""
    return await db.fetch(
        f"SELECT {_SECRETS} FROM users WHERE email = $1 ORDER BY is_second, created_at DESC LIMIT $2",
        email,
        1 + SECONDS_MAX,
    )


async def secrets_by_id(db: Database, user_id: str) -> Record | None:
    """As ``secrets_of``, by id."""
    return await db.fetchrow(f"SELECT {_SECRETS} FROM users WHERE id = $1", user_id)


async def lock(db: Connection, user_id: str) -> Record | None:
    """As ``secrets_by_id``, and nobody else changes this person or their sessions until the transaction ends."""
    return await db.fetchrow(f"SELECT {_SECRETS} FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)


async def verify(db: Connection, user_id: str) -> bool:
    """The person reads the mail of their address; False if that was known."""
    tag = await db.execute(
        "UPDATE users SET email_verified_at = now() WHERE id = $1 AND email_verified_at IS NULL", user_id
    )
    return count(tag) == 1


async def claim(db: Database, user_id: str) -> None:
    """The account's own person reads the mail of its address."""
    await db.execute("UPDATE users SET address_claimed_at = coalesce(address_claimed_at, now()) WHERE id = $1", user_id)


async def claimed_address(db: Database, user_id: str) -> str:
    """The address if its own person reads the mail, else empty: guests' orders of it are theirs, and no other's."""
    found: str | None = await db.fetchval(
        "SELECT email FROM users WHERE id = $1 AND email_verified_at IS NOT NULL AND address_claimed_at IS NOT NULL",
        user_id,
    )
    return found or ""


async def user(db: Database, user_id: str) -> User | None:
    """A person with the organizations they work for; None if the account is gone or disabled."""
    row = await db.fetchrow(f"SELECT {_USER}, {_FACTOR} FROM users WHERE id = $1 AND disabled_at IS NULL", user_id)
    if row is None:
        return None
    memberships = await db.fetch(
        "SELECT m.organization_id, o.name, o.slug, m.role FROM members m"
        " JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = $1 ORDER BY m.organization_id",
        user_id,
    )
    return User(**dict(row), organizations=tuple(Membership(**dict(each)) for each in memberships))


async def change(db: Connection, user_id: str, columns: dict[str, Any]) -> None:
    """Set these columns: name, first_name, last_name, phone, locale, preferences."""
    if columns:
        await db.execute(f"UPDATE users SET {assignments(columns, 2)} WHERE id = $1", user_id, *columns.values())


async def preferences(db: Connection, user_id: str) -> dict[str, bool | int | str] | None:
    """Those that are kept; None if the account is gone. Nobody else changes them until the transaction ends."""
    found: dict[str, bool | int | str] | None = await db.fetchval(
        "SELECT preferences FROM users WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE", user_id
    )
    return found


async def set_password(db: Database, user_id: str, password_hash: str) -> None:
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)


async def signed_in(db: Database, user_id: str) -> None:
    await db.execute("UPDATE users SET last_login_at = now() WHERE id = $1", user_id)


async def add_refresh(db: Database, token_hash: bytes, family: str, user_id: str, password_hash: str) -> bool:
    """Keep a refresh token good for REFRESH_TTL_D.

    False if the account was shut or its password changed since it was read: who signs in at that moment stays out.
    """
    tag = await db.execute(
        "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at)"
        " SELECT $1, $2, u.id, now() + make_interval(days => $4) FROM users u"
        " WHERE u.id = $3 AND u.disabled_at IS NULL AND u.password_hash = $5 FOR SHARE OF u",
        token_hash,
        family,
        user_id,
        REFRESH_TTL_D,
        password_hash,
    )
    return count(tag) == 1


async def lock_owner(db: Database, token_hash: bytes) -> None:
    """Let anybody who renews or ends sessions of this token's owner wait for each other, within a transaction."""
    await db.execute(
        "SELECT FROM users u JOIN refresh_tokens t ON t.user_id = u.id WHERE t.token_hash = $1 FOR NO KEY UPDATE OF u",
        token_hash,
    )


async def use_refresh(db: Database, token_hash: bytes) -> Record | None:
    """Use a token up: its family and user once, None ever after."""
    return await db.fetchrow(
        "UPDATE refresh_tokens SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL"
        " AND expires_at > now() RETURNING family, user_id",
        token_hash,
    )


async def used_family(db: Database, token_hash: bytes) -> str | None:
    """The family of a token that was used before and not revoked since."""
    found: str | None = await db.fetchval(
        "SELECT family FROM refresh_tokens WHERE token_hash = $1 AND used_at IS NOT NULL AND revoked_at IS NULL",
        token_hash,
    )
    return found


async def family_of(db: Database, token_hash: bytes) -> str | None:
    found: str | None = await db.fetchval("SELECT family FROM refresh_tokens WHERE token_hash = $1", token_hash)
    return found


async def revoke_family(db: Connection, family: str) -> list[str]:
    """End a session; its id if its access tokens may still verify."""
    return [row["family"] for row in await db.fetch(_REVOKE_FAMILY, family, KEPT_S)]


async def revoke_all(db: Connection, user_id: str) -> list[str]:
    """End every session of a person; the ids of those whose access tokens may still verify."""
    return [row["family"] for row in await db.fetch(_REVOKE_ALL, user_id, KEPT_S)]


async def revoke_others(db: Connection, user_id: str, family: str) -> list[str]:
    """As ``revoke_all``, but for the session of this family."""
    return [row["family"] for row in await db.fetch(_REVOKE_OTHERS, user_id, KEPT_S, family)]


async def sweep_second(db: Database) -> int:
    """Forget second accounts that were kept for their time and made nothing; how many went."""
    return count(
        await db.execute(
            "DELETE FROM users u WHERE is_second AND created_at < now() - make_interval(days => $1)"
            " AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)"
            " AND NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id)",
            SECONDS_KEPT_D,
        )
    )


async def sweep_refresh(db: Database) -> int:
    """Forget tokens whose time is over; how many went."""
    return count(await db.execute("DELETE FROM refresh_tokens WHERE expires_at < now()"))
