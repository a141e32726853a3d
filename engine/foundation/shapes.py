"""Builtins into Structs with every fault at once, for forms that people fill in: one round to mend them all.

The hot path decodes straight into its Struct and stops at the first fault (``bodies.body``); a form does not.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from engine.foundation import shape_faults
from engine.foundation.errors import Invalid

FAULTS_MAX = 100
T = TypeVar("T")


def build(value: Any, shape: type[T]) -> T:
    """The value as this Struct. Invalid with one error for each field that is missing or wrong."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        found = list(_faults(value, shape))[:FAULTS_MAX] or [_fault("", error)]
        raise Invalid(errors=found) from error


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
    fault = shape_faults.read(error)
    message = "Not in a form that is taken here" if fault.of_pattern else fault.message
    return {"pointer": prefix + fault.pointer, "code": "invalid_value", "message": message}
