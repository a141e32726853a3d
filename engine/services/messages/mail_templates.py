"""How every mail is written: one set of templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2


def open_templates() -> jinja2.Environment:
    """The templates of all mails; what a template misses is an error, and HTML is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("engine.services.messages", "templates/mail"),
        autoescape=jinja2.select_autoescape(("html", "html.jinja"), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        auto_reload=False,  # it would look for changed files at every mail
    )


def words(templates: jinja2.Environment, name: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """What a mail says, as text and as HTML; ``name`` without its endings."""
    text, html = (templates.get_template(f"{name}.{kind}.jinja") for kind in ("txt", "html"))
    return text.render(context), html.render(context)
