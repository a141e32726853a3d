"""Pictures: what one shows, what must stay in sight, and its place among the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from admin.forms.fields import Line
from admin.forms.filled import Form
from engine.domain.catalogue.media.images import ImageChange
from engine.foundation import shapes
from engine.foundation.uploads import Upload

LABELS: Mapping[str, str] = {
    "alt": "What it shows",
    "file": "Picture",
    "focal_x": "Focal point from the left",
    "focal_y": "Focal point from the top",
}


class NewPictureForm(Form):
    LABELS: ClassVar[Mapping[str, str]] = LABELS

    alt: Line = ""
    file: str = ""
    focal_x: str = ""
    focal_y: str = ""

    def upload(self, file: bytes | None) -> Upload:
        """As an upload to the API comes: the rules are there."""
        return Upload(file, self.model_dump(exclude={"file"}))


class PictureForm(Form):
    """``act``: the button that was pressed. ``place`` is the picture's own."""

    LABELS: ClassVar[Mapping[str, str]] = LABELS
    POINTERS: ClassVar[Mapping[str, str]] = {"focal_point/x": "focal_x", "focal_point/y": "focal_y"}

    alt: Line = ""
    focal_x: float = Field(default=0.5, ge=0, le=1)
    focal_y: float = Field(default=0.5, ge=0, le=1)
    act: Literal["save", "cover", "earlier", "later"] = "save"
    place: int = Field(default=0, ge=0)
    version: str = ""

    def given(self) -> ImageChange:
        document: dict[str, Any] = {"alt": self.alt, "focal_point": {"x": self.focal_x, "y": self.focal_y}}
        if self.act == "cover":
            document["cover"] = True
        if self.act in {"earlier", "later"}:
            document["place"] = max(0, self.place + (1 if self.act == "later" else -1))
        return shapes.build(document, ImageChange)
