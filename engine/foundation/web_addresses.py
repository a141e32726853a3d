"""What mail readers make a link of. Names that strangers are mailed hold none: it would be a message to them."""

from __future__ import annotations

import re
from typing import Final

from engine.foundation import folding

# What browsers take for a dot in a domain (UTS 46), apart from what NFKC makes one.
_DOTS: Final = re.compile("[\u3002\uff61]")
_SCHEME: Final = re.compile(r"\b(?:https?|hxxps?|ftp|mailto|tel|sms|data|javascript):|://|\bwww\d*\.", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)")
_DOTTED: Final = re.compile(
    r"(?<![^\W_])([^\W_](?:[\w-]*[^\W_])?)\.(xn--[a-z0-9-]+|[^\W\d_]{2,63})(?![^\W_])", re.IGNORECASE
)
# People write these before a name without a blank; and an initial may stand so before a name.
_TITLES: Final = frozenset({"dr", "mr", "mrs", "ms", "mx", "prof", "rev", "st", "ste"})
# Domains that readers know best: there no title or initial excuses the dot.
_DOMAINS: Final = frozenset(
    re.findall(
        r"\w+",
        "com net org info biz co io me tv ly gl gg to cc ai app dev xyz top site online shop store club live link click"
        " page vip win bid loan pro test example invalid local"
        " de uk us ca fr es it nl ru cn eu ch at be pl br in jp",
    )
)


def reads_as_link(text: str) -> bool:
    """Whether a reader of mail would make a link of a part of it."""
    seen = _DOTS.sub(".", folding.visible(text))
    if _SCHEME.search(seen) or _NUMBERS.search(seen):
        return True
    return any(not _is_short_for_a_name(*found.groups()) for found in _DOTTED.finditer(seen))


def _is_short_for_a_name(before: str, after: str) -> bool:
    """``St.John`` and ``J.Smith``: a title or an initial, then a name with a capital."""
    if after.lower() in _DOMAINS or after.lower().startswith("xn--"):
        return False
    return (len(before) == 1 or before.lower() in _TITLES) and after[:1].isupper() and not after.isupper()
