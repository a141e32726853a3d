"""The address that a mail comes back to when it cannot be delivered: its row's id stands in it (VERP).

Servers may write it in small letters; ids have capitals only.
"""

from __future__ import annotations

from typing import Final

from engine.foundation.ids import is_id

_PREFIX: Final = "bounces+"


def return_path(message_id: str, domain: str) -> str:
    """``bounces+msg_01j...@domain``."""
    return f"{_PREFIX}{message_id.lower()}@{domain}"


def message_of(address: str, domain: str) -> str | None:
    """The id of the message that came back to this address; None if it is not one of these."""
    local, _, host = address.strip("<> ").rpartition("@")
    if host.lower() != domain.lower() or not local.lower().startswith(_PREFIX):
        return None
    kind, _, rest = local[len(_PREFIX) :].partition("_")
    found = f"{kind.lower()}_{rest.upper()}"
    return found if is_id("msg", found) else None
