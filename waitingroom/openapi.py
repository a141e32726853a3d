"""The route table as OpenAPI 3.1, and as a plain page: the contract is said once, in ``routes.py``."""

from __future__ import annotations

import functools
import html
import re
from typing import Any

import msgspec

from waitingroom.route import Route

VERSION = "1.0.0"
_PARAMETER = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{name}"


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457. ``code`` is stable; facts stand next to these fields."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    message: str
    request_id: str


@functools.cache
def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The contract of these rows; made once."""
    shapes: list[Any] = [Problem]
    for route in routes:
        others = [shape for _, shape in route.other_answers]
        shapes += [shape for shape in (route.takes, route.gives, *others) if shape is not None]
    _, components = msgspec.json.schema_components(list(dict.fromkeys(shapes)), ref_template=_REF)
    paths: dict[str, Any] = {}
    for route in routes:
        if route.path.startswith("/r/"):
            continue  # pages for people, no contract
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "onsale waiting room", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "operator": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "operations": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": getattr(route.handler, "__name__", route.path),
        "summary": (route.handler.__doc__ or "").strip().split("\n")[0],
        "responses": {str(route.status): _response(route.gives, route.content_type)},
    }
    for status, shape in route.other_answers:
        operation["responses"][str(status)] = _response(shape, route.content_type)
    for refusal in route.refusals:
        entry = operation["responses"].setdefault(
            str(refusal.status), {"description": "", "content": {"application/problem+json": {"schema": _ref(Problem)}}}
        )
        entry["description"] = ", ".join(filter(None, [entry["description"], refusal.code]))
    parameters = _PARAMETER.findall(route.path)
    if parameters:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters
        ]
    if route.takes is not None:
        operation["requestBody"] = {
            "required": route.method == "PATCH",
            "content": {"application/json": {"schema": _ref(route.takes)}},
        }
    if route.who in {"operator", "operations"}:
        operation["security"] = [{route.who: []}]
    return operation


def _response(shape: Any, content_type: str) -> dict[str, Any]:
    schema = _ref(shape) if shape is not None else {}
    return {"description": "Success", "content": {content_type: {"schema": schema}}}


def _ref(shape: Any) -> dict[str, str]:
    return {"$ref": _REF.format(name=shape.__name__)}


def as_page(contract: dict[str, Any]) -> str:
    """A contract as one plain page, without scripts."""
    rows = []
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            answers = ", ".join(
                f"{status} {answer['description']}" for status, answer in operation["responses"].items()
            )
            rows.append(
                f"<tr><td>{method.upper()}</td><td><code>{html.escape(path)}</code></td>"
                f"<td>{html.escape(operation['summary'])}</td><td>{html.escape(answers)}</td></tr>"
            )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Waiting room API</title>'
        '<h1>Waiting room API</h1><p>The machine-readable contract is <a href="/openapi.json">openapi.json</a>.</p>'
        f"<table><thead><tr><th>Method<th>Path<th>What<th>Answers</thead><tbody>{''.join(rows)}</tbody></table></html>"
    )
