"""How every mail is written: one set of templates for all languages; a mail speaks that of its reader.

Its words are looked up while it is written (``foundation/speech``), so a template is read once a process and not once
a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

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
        trim_blocks=True,
        auto_reload=False,  # it would look for changed files at every mail
    )
    templates.globals |= {"_": _say, "ngettext": _say_many}
    templates.filters |= FILTERS
    return templates


# The library's own (jinja2.ext.i18n) costs each mail 60 us more.
@jinja2.pass_eval_context
def _say(place: EvalContext, text: str, /, **facts: object) -> str:
    return _filled(tongue.gettext(text), facts, place)


@jinja2.pass_eval_context
def _say_many(place: EvalContext, one: str, many: str, count: int, /, **facts: object) -> str:
    return _filled(tongue.ngettext(one, many, count), {"num": count, **facts}, place)


def _filled(said: str, facts: dict[str, object], place: EvalContext) -> str:
    """The sentence with its facts, which HTML escapes. Sentences themselves have no markup in them."""
    if not place.autoescape:
        return said % facts
    return Markup(said % {name: escape(fact) for name, fact in facts.items()})  # noqa: S704 - escaped here
