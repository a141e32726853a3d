"""Invitations: how somebody comes to work for an organization. Only who reads the address's mail can accept one."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

INVITATIONS_MAX: Final = 200  # pending at once, per organization
MAILED_AGAIN_S: Final = 600  # one address is mailed no more often for one invitation


class Invitation(Struct, frozen=True, kw_only=True):
    """``status``: pending, expired, accepted or revoked."""

    invitation_id: str
    organization_id: str
    email: str
    role: str
    status: str
    expires_at: datetime
    created_at: datetime


class InvitationShown(Struct, frozen=True, kw_only=True):
    """What the holder of its token is asked to accept."""

    email: str
    organization: str
    role: str
