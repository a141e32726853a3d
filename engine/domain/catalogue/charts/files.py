"""A chart as somebody brings it in a file: our JSON, a seating plan of pretix, a table (CSV)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from engine.domain.catalogue.charts import pretix, tables
from engine.domain.catalogue.venues import CHART_BYTES_MAX
from engine.foundation.errors import Invalid, TooLarge

LOST = "\ufffd"  # what stands for bytes that are no text, here or where the file came through before


class Brought(Struct, frozen=True, kw_only=True):
    """``chart`` is not checked yet; ``notes`` say what of the file is not in it."""

    chart: dict[str, Any]
    format: str
    notes: tuple[str, ...] = ()


def read(data: bytes) -> Brought:
    """The chart in a file. Invalid with a pointer for every fault of the file; those of the chart are found later."""
    if len(data) > CHART_BYTES_MAX:
        raise TooLarge(limit=CHART_BYTES_MAX)
    text = data.decode("utf-8-sig", "replace")
    if LOST in text:
        raise Invalid.at("", "not_utf8", "The file is not text in UTF-8: save it as such")
    if not text.lstrip().startswith("{"):
        return Brought(chart=tables.read(text), format="csv")
    try:
        document = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid.at("", "malformed_json", f"This is not JSON: {error}") from error
    if "zones" not in document:
        return Brought(chart=document, format="onsale")
    try:
        plan = msgspec.convert(document, pretix.Plan, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid.at("/zones", "wrong_type", f"This is no seating plan of pretix: {error}") from error
    chart, notes = pretix.chart(plan)
    return Brought(chart=chart, format="pretix", notes=tuple(notes))
