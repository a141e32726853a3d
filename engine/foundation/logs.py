"""Structured logs: one JSON line an event on stderr, with the request's ``correlation_id``. Secrets never go in."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import orjson
import structlog

REDACTED = "[redacted]"
SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key", "client_secret", "code")


def _redact(_logger: Any, _name: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key in fields:
        if key != "code" and any(word in key.lower() for word in SECRET_WORDS[:-1]):
            fields[key] = REDACTED
    return fields


def _text(value: Any, **_: Any) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # half a character: what a caller sent must not keep a fault from being written down
        return json.dumps(value, default=str)


def configure(process: str, level: str = "info") -> None:
    """Set up logging for this process; called once by the roof."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(serializer=_text),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=max(threshold, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines say where they come from."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
