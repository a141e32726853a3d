"""When a draft goes public by itself, in the event's own time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from admin.forms.fields import LocalMoment, at_place
from admin.forms.filled import Form
from engine.domain.catalogue.events import Event
from engine.domain.catalogue.programme.publication import PublicationPlan
from engine.foundation import shapes


class PlanForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = {"publish_at": "Goes public"}

    publish_at: LocalMoment

    def given(self, event: Event) -> PublicationPlan:
        return shapes.build({"publish_at": at_place(self.publish_at, event.timezone, "/publish_at")}, PublicationPlan)
