"""Builtins into Structs with every fault at once, for forms that people fill in: one round to mend them all.

The hot path decodes straight into its Struct and stops at the first fault (``http.body``); a form does not.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from engine.foundation.errors import Invalid

FAULTS_MAX = 100
T = TypeVar("T")
_AT = re.compile(r" - at `\$?(.*)`$", re.DOTALL)


def build(value: Any, shape: type[T]) -> T:
    """The value as this Struct. Invalid with one error for each field that is missing or wrong."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        found = list(_faults(value, shape))[:FAULTS_MAX] or [_fault("", error)]
        raise Invalid(errors=found) from error


def pointer_of(path: str) -> str:
    """msgspec's ``.taxes[0].rate_bp`` as the JSON pointer ``/taxes/0/rate_bp``."""
    parts = re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", path)
    return "".join("/" + (name or index).replace("~", "~0").replace("/", "~1") for name, index in parts)


def _faults(value: Any, shape: type[Any]) -> list[dict[str, str]]:
    if not isinstance(value, dict):
        return []
    found = []
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in value:
            if field.required:
                found.append({"pointer": f"/{field.encode_name}", "code": "missing", "message": "Required"})
            continue
        try:
            msgspec.convert(value[field.encode_name], field.type)
        except msgspec.ValidationError as error:
            found.append(_fault(f"/{field.encode_name}", error))
    return found


def _fault(prefix: str, error: msgspec.ValidationError) -> dict[str, str]:
    text = str(error)
    match = _AT.search(text)
    message = text[: match.start()] if match else text
    if "matching regex" in message:
        message = "Not in a form that is taken here"
    pointer = prefix + (pointer_of(match.group(1)) if match else "")
    return {"pointer": pointer, "code": "invalid_value", "message": message}
