"""Telephone numbers as messages go to them: E.164, of a network that can take a text."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_FIXED = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.VOICEMAIL})


def textable(written: str, country: str | None = None) -> str | None:
    """The number in E.164; None if it is none, or a telephone that takes no texts.

    ``country`` (ISO 3166) is that of a number written without one.
    """
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) in _FIXED:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
