"""How every mail is written: one set of templates for all languages; a mail speaks that of its reader.

Its words are looked up while it is written (``foundation/speech``), so a template is read once a process and not once
a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from engine.foundation.speech import tongue
from engine.services.messages.tellings import FILTERS

_SIDES = {"ltr": ("left", "right"), "rtl": ("right", "left")}


def words(name: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """What a mail says in the language that is spoken, as text and as HTML; ``name`` without its endings."""
    spoken = tongue.spoken()
    start, end = _SIDES[spoken.direction]
    told = {**context, "language": spoken.tag, "direction": spoken.direction, "start": start, "end": end}
    text, html = (_templates().get_template(f"{name}.{kind}.jinja") for kind in ("txt", "html"))
    return text.render(told), html.render(told)


@cache
def _templates() -> jinja2.Environment:
    """The templates of all mails; what a template misses is an error, and HTML is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("engine.services.messages", "templates/mail"),
        autoescape=jinja2.select_autoescape(("html", "html.jinja"), default=False),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        auto_reload=False,  # it would look for changed files at every mail
    )
    templates.install_gettext_callables(tongue.gettext, tongue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    templates.filters |= FILTERS
    return templates
