"""Who may stand on an order: one rule for what page and API take as a buyer's name and address.

An order is mailed to an address that somebody typed. So its name must carry no message of its own: what a mail reader
makes a link of is no name.
"""

from __future__ import annotations

import re
from typing import Final

from engine.domain.accounts.people import email_normal
from engine.domain.fields import NAME_CHARS_MAX
from engine.foundation import folding
from engine.foundation.errors import Invalid
from engine.foundation.folding import name_kept

NAMELESS: Final = "Please tell us your name: it stands on the tickets."
LINKED: Final = "This is not a name: a name holds no web address."
ADDRESSLESS: Final = "This does not look like an e-mail address: your tickets are sent there."

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


def name_fault(name: str) -> str | None:
    """What is wrong with a buyer's name, said to the buyer; None if nothing is."""
    if not folding.is_name(name) or len(name) > NAME_CHARS_MAX:
        return NAMELESS
    return LINKED if _is_linked(_DOTS.sub(".", folding.visible(name))) else None


def checked_name(name: str, pointer: str) -> str:
    """The name as it is kept. Invalid at the pointer if it is none."""
    kept = name_kept(name)
    fault = name_fault(kept)
    if fault is not None:
        raise Invalid.at(pointer, "invalid_name", fault)
    return kept


def checked_address(text: str, pointer: str) -> str:
    """The folded address: under it buyers are counted, and to it mail goes. Invalid at the pointer if it is none."""
    try:
        return email_normal(text)
    except Invalid as error:
        raise Invalid.at(pointer, "invalid_email", "This is not an e-mail address") from error


def _is_linked(seen: str) -> bool:
    if _SCHEME.search(seen) or _NUMBERS.search(seen):
        return True
    return any(not _is_short_for_a_name(*found.groups()) for found in _DOTTED.finditer(seen))


def _is_short_for_a_name(before: str, after: str) -> bool:
    """``St.John`` and ``J.Smith``: a title or an initial, then a name with a capital."""
    if after.lower() in _DOMAINS or after.lower().startswith("xn--"):
        return False
    return (len(before) == 1 or before.lower() in _TITLES) and after[:1].isupper() and not after.isupper()
