"""How every mail is written: one set of templates, one domain for its Message-ID."""

from __future__ import annotations

import jinja2


def open_templates() -> jinja2.Environment:
    """The templates of all mails; what a template misses is an error, and HTML is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("engine.services.messages", "templates/mail"),
        autoescape=jinja2.select_autoescape(("html", "html.jinja"), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )


def domain_of(sender: str) -> str:
    """The domain of ``Name <address>``; ``localhost`` if it has none."""
    return sender.rpartition("@")[2].rstrip("> ") or "localhost"
