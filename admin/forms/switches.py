"""One flag of the platform, turned: switching off needs a word typed."""

from __future__ import annotations

from typing import Final, Literal

from admin.forms.fields import Short
from admin.forms.filled import Form
from engine.domain.accounts.flags import FlagsChange
from engine.foundation.errors import Invalid

WORD: Final = "OFF"


class SwitchForm(Form):
    """``word`` shows that switching off is meant."""

    flag: Literal["ticketing", "checkout", "refunds", "scanning"]
    to: Literal["on", "off"]
    word: Short = ""

    def given(self) -> FlagsChange:
        """Invalid if the word is missing."""
        if self.to == "off" and self.word.upper() != WORD:
            raise Invalid.at("/word", "different", f"Type {WORD} to say that you mean it")
        return FlagsChange(**{self.flag: self.to == "on"})
