"""A picture to trace a seating chart from, and its place under the seats. Only those who draw the chart see it."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from engine.domain.catalogue.media.images import PATH, name_of

COORDINATE_MAX: Final = 100_000.0
SPAN_MIN, SPAN_MAX = 1.0, 10_000.0
OPACITY_MIN: Final = 0.05

Coordinate = Annotated[float, Meta(ge=-COORDINATE_MAX, le=COORDINATE_MAX)]
Span = Annotated[float, Meta(ge=SPAN_MIN, le=SPAN_MAX)]
Opacity = Annotated[float, Meta(ge=OPACITY_MIN, le=1.0)]


class PlanPlace(Struct, frozen=True, kw_only=True):
    """``x`` and ``y`` of its middle and its width ``span``, in units of the chart: neighbours stand about 1 apart."""

    x: Coordinate = 0.0
    y: Coordinate = 0.0
    span: Span = 40.0
    opacity: Opacity = 0.5
    locked: bool = False


class Plan(Struct, frozen=True, kw_only=True):
    """The picture as it was developed, ``width`` by ``height`` pixels, and its place."""

    digest: str
    width: int
    height: int
    widths: tuple[int, ...]
    place: PlanPlace

    @property
    def path(self) -> str:
        """The address of its largest print."""
        return f"{PATH}{name_of(self.digest, self.widths[-1], 'webp')}"


class ShownPlan(Struct, frozen=True, kw_only=True):
    """What the chart builder draws: ``width`` and ``height`` are in pixels, and say how the sides relate."""

    path: str
    width: int
    height: int
    x: float
    y: float
    span: float
    opacity: float
    locked: bool


def shown(plan: Plan) -> ShownPlan:
    place = plan.place
    return ShownPlan(
        path=plan.path,
        width=plan.width,
        height=plan.height,
        x=place.x,
        y=place.y,
        span=place.span,
        opacity=place.opacity,
        locked=place.locked,
    )
