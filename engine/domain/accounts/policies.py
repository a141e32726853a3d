"""Terms and privacy policies: of the platform and of organizations, each version kept as it was published."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from engine.domain.fields import NO_NUL

Kind = Literal["privacy", "terms"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TEXT_CHARS_MAX: Final = 100_000
VERSIONS_SHOWN_MAX: Final = 100
PLATFORM: Final = ""  # the owner of what is no organization's

PolicyText = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, pattern=NO_NUL)]


class NewPolicy(Struct, kw_only=True):
    """``text`` is a part of CommonMark, as descriptions are. ``version``: that of the one it follows, 0 if none."""

    text: PolicyText
    version: Annotated[int, Meta(ge=0, le=1_000_000)]


class Policy(Struct, frozen=True, kw_only=True):
    """One version of it."""

    kind: Kind
    version: int
    text: str
    published_at: datetime
