"""Sending tickets again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from admin.forms.filled import Form
from engine.domain.accounts.people import EMAIL_CHARS_MAX


class SendAgainForm(Form):
    """Where to."""

    LABELS: ClassVar[Mapping[str, str]] = {"email": "E-mail"}

    email: str = Field(min_length=1, max_length=EMAIL_CHARS_MAX)
