"""The text of a policy, typed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from admin.forms.filled import Form
from engine.domain.accounts.policies import TEXT_CHARS_MAX, NewPolicy
from engine.foundation import shapes


class PolicyForm(Form):
    """``version``: that of the text that it follows, 0 if there was none."""

    kind: Literal["privacy", "terms"]
    version: int = Field(0, ge=0)
    text: str = Field(min_length=1, max_length=TEXT_CHARS_MAX)

    def given(self) -> NewPolicy:
        return shapes.build(self.model_dump(exclude={"kind"}), NewPolicy)
