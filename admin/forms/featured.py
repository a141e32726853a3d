"""What the platform shows first: one event a line, by the address of its page or its short name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from admin.forms.fields import Text
from admin.forms.filled import Form


class FeaturedForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"events": "Events, in their order"}

    events: Text = ""

    def named(self) -> list[str]:
        """The short name or id of each line: ``https://tickets.example/e/gala?from=mail`` says ``gala``."""
        lines = [line.strip() for line in self.events.splitlines()]
        return [unquote(urlsplit(line).path).rstrip("/").rpartition("/")[2] for line in lines if line]
