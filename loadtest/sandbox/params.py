"""Stripe's bracketed form fields, read into nested values and checked one by one with Stripe's own messages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from loadtest.sandbox import limits
from loadtest.sandbox.currencies import CURRENCIES, Currency
from loadtest.sandbox.errors import InvalidRequest, Obj

_FIELD = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


def decode(text: str) -> Obj:
    """`a[b]=1&c[]=2&d[0][e]=3` -> `{"a": {"b": "1"}, "c": ["2"], "d": [{"e": "3"}]}`. Values stay text."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=limits.FORM_FIELDS_MAX)
    except ValueError as error:
        raise InvalidRequest("The request has too many parameters.") from error
    root: Obj = {}
    nested = False
    for key, value in pairs:
        if "[" not in key:
            root[key] = value
            continue
        nested = True
        _put(root, key, value)
    return {key: _lists(value) for key, value in root.items()} if nested else root


def _put(root: Obj, key: str, value: str) -> None:
    match = _FIELD.match(key)
    parts = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else [key]
    if len(parts) > limits.FORM_DEPTH_MAX:
        raise InvalidRequest(f"Invalid parameter nesting: {key}", param=parts[0])
    node: Obj = root
    for position, raw in enumerate(parts[:-1]):
        part = raw if raw or position == 0 else str(len(node))
        below = node.setdefault(part, {})
        if not isinstance(below, dict):
            raise InvalidRequest(f"Invalid object: {key}", code="parameter_invalid", param=parts[0])
        node = below
    node[parts[-1] or str(len(node))] = value


def _lists(value: Any) -> Any:
    """Numbered children are a list, as Stripe reads them."""
    if not isinstance(value, dict):
        return value
    children = {key: _lists(child) for key, child in value.items()}
    if children and all(key.isdigit() for key in children):
        return [children[key] for key in sorted(children, key=int)]
    return children


def only(given: Obj, known: frozenset[str]) -> None:
    for name in given:
        if name not in known:
            raise InvalidRequest(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def text(given: Obj, name: str, *, limit: int = limits.TEXT_MAX_CHARS) -> str | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidRequest(f"Invalid string: {name}", param=name)
    if len(value) > limit:
        raise InvalidRequest(f"Invalid string: {name}; must be at most {limit} characters", param=name)
    return value


def required(given: Obj, name: str) -> str:
    value = text(given, name)
    if value is None:
        raise InvalidRequest(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return value


def integer(given: Obj, name: str) -> int | None:
    value = text(given, name)
    if value is None:
        return None
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):  # noqa: PLR2004 - far above any amount
        raise InvalidRequest(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def boolean(given: Obj, name: str, *, default: bool = False) -> bool:
    value = text(given, name)
    if value is None:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise InvalidRequest(f"Invalid boolean: {value}", param=name)


def choice(given: Obj, name: str, allowed: tuple[str, ...], default: str | None = None) -> str | None:
    value = text(given, name)
    if value is None:
        return default
    if value not in allowed:
        raise InvalidRequest(f"Invalid {name}: must be one of {', '.join(allowed)}", param=name)
    return value


def mapping(given: Obj, name: str) -> Obj:
    value = given.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest("Invalid object", param=name)
    return value


def listing(given: Obj, name: str) -> list[Any]:
    value = given.get(name)
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def metadata(given: Obj, before: Obj | None = None) -> Obj:
    """The object's metadata after this call: given keys replace, an empty value removes, `metadata=` clears."""
    if "metadata" not in given:
        return dict(before or {})
    if given["metadata"] == "":
        return {}
    after = dict(before or {})
    changes = given["metadata"]
    if isinstance(changes, list):  # keys that happen to be numbers
        changes = {str(index): value for index, value in enumerate(changes)}
    if not isinstance(changes, dict):
        raise InvalidRequest("Metadata must be a hash of key-value pairs.", param="metadata")
    for key, value in changes.items():
        if len(key) > limits.METADATA_KEY_MAX_CHARS:
            raise InvalidRequest("Metadata keys can be at most 40 characters.", param="metadata")
        if not isinstance(value, str) or len(value) > limits.METADATA_VALUE_MAX_CHARS:
            raise InvalidRequest("Metadata values must be text of at most 500 characters.", param=f"metadata[{key}]")
        if value:
            after[key] = value
        else:
            after.pop(key, None)
    if len(after) > limits.METADATA_KEYS_MAX:
        raise InvalidRequest("Metadata may have at most 50 keys.", param="metadata")
    return after


def amount(given: Obj, name: str = "amount") -> int | None:
    """A positive amount in the currency's own units; what the currency allows is checked by anybody who knows it."""
    value = integer(given, name)
    if value is not None and value < 1:
        raise InvalidRequest(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=name
        )
    return value


def currency(given: Obj) -> Currency:
    value = required(given, "currency").lower()
    found = CURRENCIES.get(value)
    if found is None:
        raise InvalidRequest(
            f"Invalid currency: {value}. Stripe currently supports these currencies: {', '.join(sorted(CURRENCIES))}",
            param="currency",
        )
    return found
