"""The language that is being spoken, and saying something in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from engine.foundation.speech import catalogues
from engine.foundation.world.languages import DEFAULT, TABLE, Language

_SPOKEN: Final[ContextVar[Language]] = ContextVar("language", default=TABLE[DEFAULT])


def spoken() -> Language:
    """The language of this request or mail; English if nobody asked for another."""
    return _SPOKEN.get()


def speak(tag: str) -> None:
    """From here to the end of this task. KeyError if it is none of ours."""
    _SPOKEN.set(TABLE[tag])


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """For as long as the block lasts: for those who write to several people. KeyError if it is none of ours."""
    before = _SPOKEN.set(TABLE[tag])
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def say(text: str, /, **facts: Any) -> str:
    """The sentence in the language that is spoken, with its facts; in English if it has no translation."""
    return gettext(text) % facts


def say_many(one: str, many: str, count: int, /, **facts: Any) -> str:
    """The same for a number of things, which is the fact ``num`` of both sentences."""
    return ngettext(one, many, count) % {"num": count, **facts}


def later(text: str) -> str:
    """The text itself, marked for the catalogues: for constants, which are said when they are shown."""
    return text


def gettext(text: str) -> str:
    """The translation alone, its facts not filled in: what templates are given."""
    return catalogues.catalogue(_SPOKEN.get().tag).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The same for a number of things."""
    return catalogues.catalogue(_SPOKEN.get().tag).ngettext(one, many, count)
