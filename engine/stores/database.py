"""What a store's functions stand on: a pool, or one connection inside the service's transaction."""

from __future__ import annotations

from typing import Any, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

Record: TypeAlias = asyncpg.Record
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Database: TypeAlias = "Pool | Connection"


def columns_of(value: msgspec.Struct) -> dict[str, Any]:
    """A Struct's fields as column values; what was left UNSET is left out, Structs inside become jsonb."""
    found = {}
    for name in value.__struct_fields__:
        field = getattr(value, name)
        if field is msgspec.UNSET:
            continue
        inner = field[0] if isinstance(field, list) and field else field
        found[name] = msgspec.to_builtins(field) if isinstance(inner, msgspec.Struct) else field
    return found


def assignments(columns: dict[str, Any], first: int) -> str:
    """``a = $3, b = $4`` for these columns; their names are fields of our own Structs, never a caller's text."""
    assert all(name.isidentifier() for name in columns), columns.keys()
    return ", ".join(f"{name} = ${first + index}" for index, name in enumerate(columns))


def count(tag: str) -> int:
    """How many rows a command's tag says it touched."""
    return int(tag.rpartition(" ")[2])
