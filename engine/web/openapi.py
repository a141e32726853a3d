"""OpenAPI 3.1 from the route table: the contract is written once, where the handlers are registered."""

from __future__ import annotations

import functools
import inspect
import re
from typing import Any, get_origin

import msgspec
import orjson

from engine.foundation import uploads
from engine.foundation.errors import PreconditionRequired, Refusal
from engine.foundation.idempotency import KEY_CHARS_MAX
from engine.web import once
from engine.web.route import KEYED, Route

TITLE = "onsale"
VERSION = "1.0.0"
EMPTY = {204, 303}  # answers without a body
_REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)(?::[^}]*)?}")
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "operations": [],
    "provider": [],
    "buyer": [{"admission": []}, {}],
    "capability": [{"capability": []}, {"bearer": []}],
    "person": [{"bearer": []}],
    "organizer": [{"bearer": []}],
    "admin": [{"bearer": []}],
    "device": [{"device": []}],
}


@functools.cache
def document_bytes(routes: tuple[Route, ...]) -> bytes:
    """The document as committed in docs/openapi.json; made once, which takes a second."""
    return orjson.dumps(document(routes), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document for these rows; aliases are named under ``x-aliases``."""
    shapes = [shape for route in routes for shape in (route.takes, route.gives) if _is_struct(shape)]
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REFERENCE)
    schema_of = {id(shape): schema for shape, schema in zip(shapes, schemas, strict=True)}
    paths: dict[str, Any] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": "Sells tickets when everybody wants them in the same second.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "device": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Device <id>.<secret>",
                },
                "admission": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "Admission <token>",
                },
                "capability": {"type": "apiKey", "in": "header", "name": "X-Order-Token"},
            },
        },
    }


def _operation(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(route.handler.__doc__ or route.path).partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": getattr(route.handler, "__name__", route.path),
        "summary": " ".join(summary.split()),
        "tags": [route.handler.__module__.rpartition(".")[2]],
        "security": _SECURITY[route.who],
        "responses": _responses(route, schema_of),
    }
    if description:
        operation["description"] = " ".join(description.split())
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(route.query)
    if PreconditionRequired in route.refusals:
        etag = {"type": "string", "description": "The ETag that was read"}
        parameters.append({"name": "If-Match", "in": "header", "required": True, "schema": etag})
    if route.method == "POST" and route.repeats != "always":
        key = {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX}
        demanded = route.repeats in KEYED
        parameters.append({"name": once.HEADER, "in": "header", "required": demanded, "schema": key})
    if parameters:
        operation["parameters"] = parameters
    if route.takes is not None:
        schema = schema_of.get(id(route.takes), {})
        others = {kind: {"schema": {"type": "string"}} for kind in route.also_takes}
        content = {"application/json": {"schema": schema}, **others}
        if route.takes_file:
            content = {uploads.TAKEN: {"schema": {"allOf": [schema, _FILE]}}}
        operation["requestBody"] = {"required": True, "content": content}
    aliases = [*route.aliases, *(f"{method} {path}" for method, path in route.other_methods)]
    if aliases:
        operation["x-aliases"] = aliases
    return operation


def _query_parameters(query: Any) -> list[dict[str, Any]]:
    """One parameter a field. The Struct itself is no component: nothing refers to it."""
    (reference,), components = msgspec.json.schema_components([query], ref_template=_REFERENCE)
    shape = components.pop(reference["$ref"].rpartition("/")[2])
    assert not components, f"a field of {query} is an object, which no query string carries"
    required = set(shape.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": field}
        for name, field in shape.get("properties", {}).items()
    ]


def _responses(route: Route, schema_of: dict[int, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"description": "As asked"}
    if route.status not in EMPTY:
        schema = schema_of.get(id(route.gives), {"type": "object"} if route.content_type == "application/json" else {})
        content["content"] = {route.content_type: {"schema": schema}, **{kind: {} for kind in route.also_gives}}
    responses = {str(route.status): content}
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in route.refusals:
        by_status.setdefault(refusal.status, []).append(refusal)
    for status, kinds in sorted(by_status.items()):
        codes = sorted({kind.code for kind in kinds})
        responses[str(status)] = {
            "description": "; ".join(
                f"{kind.code}: {kind.title}" for kind in sorted(kinds, key=lambda kind: kind.code)
            ),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            "x-codes": codes,
        }
    responses["default"] = {
        "description": "A problem document",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return responses


def _is_struct(shape: Any) -> bool:
    shape = get_origin(shape) or shape  # Page[Event] is a Struct too
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


_FILE = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with a stable code; facts stand beside these fields.",
    "required": ["type", "title", "status", "detail", "code", "message", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "request_id": {"type": "string"},
        "retry_after_s": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
