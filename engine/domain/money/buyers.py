"""Who may stand on an order: one rule for what page and API take as a buyer's name and address.

An order is mailed to an address that somebody typed. So its name must carry no message of its own: what a mail reader
makes a link of is no name.
"""

from __future__ import annotations

from typing import Final

from engine.domain.accounts.people import email_normal
from engine.domain.fields import NAME_CHARS_MAX
from engine.foundation import folding
from engine.foundation.errors import Invalid
from engine.foundation.folding import name_kept
from engine.foundation.speech.tongue import later
from engine.foundation.web_addresses import reads_as_link

NAMELESS: Final = later("Please tell us your name: it stands on the tickets.")
LINKED: Final = later("This is not a name: a name holds no web address.")
ADDRESSLESS: Final = later("This does not look like an e-mail address: your tickets are sent there.")
ADDRESS_LEFT_OUT: Final = later("Write your e-mail address: your tickets are sent there.")


def name_fault(name: str) -> str | None:
    """What is wrong with a buyer's name, said to the buyer; None if nothing is."""
    if not folding.is_name(name) or len(name) > NAME_CHARS_MAX:
        return NAMELESS
    return LINKED if reads_as_link(name) else None


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
