"""The place of the picture that a chart is traced from."""

from __future__ import annotations

from pydantic import Field

from admin.forms.filled import Form
from engine.domain.catalogue.media.plans import COORDINATE_MAX, OPACITY_MIN, SPAN_MAX, SPAN_MIN, PlanPlace


class PlanForm(Form):
    x: float = Field(default=0.0, ge=-COORDINATE_MAX, le=COORDINATE_MAX, allow_inf_nan=False)
    y: float = Field(default=0.0, ge=-COORDINATE_MAX, le=COORDINATE_MAX, allow_inf_nan=False)
    span: float = Field(default=40.0, ge=SPAN_MIN, le=SPAN_MAX, allow_inf_nan=False)
    opacity: float = Field(default=0.5, ge=OPACITY_MIN, le=1.0, allow_inf_nan=False)
    locked: bool = False

    def given(self) -> PlanPlace:
        return PlanPlace(**self.model_dump())
