"""A form as somebody filled it in: what they typed, what is wrong with it, and what it means if nothing is.

Three kinds of fault meet here: text that is no number or date (pydantic), rules of the domain (Invalid with JSON
pointers, translated to fields), and a world that says no (conflicts), which belongs to the whole form.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, TypeVar

from multidict import MultiMapping
from pydantic import BaseModel, ConfigDict, ValidationError

from admin import formats
from engine.foundation import shape_faults
from engine.foundation.errors import Conflict, Invalid, PreconditionFailed, TooMany, Unavailable

MOVED_ON: Final = "Somebody else changed this while you were editing. Open it again to see their version."
ITEMS_MAX: Final = 300
_MESSAGES: Final = {
    "missing": "Fill this in",
    "string_too_short": "Fill this in",
    "int_parsing": "Write a whole number",
    "int_from_float": "Write a whole number",
    "float_parsing": "Write a number",
    "decimal_parsing": "Write an amount like 45.00",
    "decimal_max_places": "That is finer than it may be",
    "greater_than_equal": "At least {ge}",
    "less_than_equal": "At most {le}",
    "string_too_long": "At most {max_length} characters",
    "literal_error": "Choose one of these",
    "datetime_from_date_parsing": "Write a date and a time",
    "datetime_parsing": "Write a date and a time",
    "timezone_naive": "Write a date and a time without a zone",
}


class Form(BaseModel):
    """Base of all forms. An empty field counts as left out, so its default holds.

    ``LISTS`` are fields that may come several times; ``POINTERS`` translate the domain's names if ours differ;
    ``LABELS`` say what a field is called on its page if that is not its name, with {} for the place in a list.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=True)
    LISTS: ClassVar[frozenset[str]] = frozenset()
    POINTERS: ClassVar[Mapping[str, str]] = {}
    LABELS: ClassVar[Mapping[str, str]] = {}

    def told(self, pointer: str, message: str) -> str:
        """A fault of no field of ours, as the whole form tells it."""
        where = pointer.strip("/").replace("/", ", ")
        return f"{message} ({where})" if where else message


F = TypeVar("F", bound=Form)
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Filled(Generic[F]):
    """``errors`` by field, one sentence each; ``general`` are the whole form's. ``form`` is None until it parses."""

    values: Mapping[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    form: F | None = None
    _kind: type[Form] = Form

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field."""
        found = self.values.get(name)
        return found[0] if found else default

    def all(self, name: str) -> list[str]:
        """Everything that stands in a field which may come several times."""
        return list(self.values.get(name, []))

    def label(self, name: str) -> str:
        """What a field is called on its page."""
        plain, _, index = name.rpartition("_")
        if index.isdecimal() and plain in self._kind.LISTS:
            return self._kind.LABELS.get(plain, formats.word(plain)).format(int(index) + 1)
        return self._kind.LABELS.get(name, formats.word(name))

    @property
    def has_faults(self) -> bool:
        return bool(self.errors or self.general)

    @property
    def status(self) -> int:
        """The status of the page that shows it."""
        return 422 if self.has_faults else 200

    async def carry_out(self, act: Callable[[F], Awaitable[Answer]]) -> Answer | None:
        """The answer of ``act``, or None with the faults noted. Forbidden and NotFound go on up."""
        if self.form is None:
            return None
        try:
            return await act(self.form)
        except Invalid as refusal:
            self._note(refusal)
        except PreconditionFailed:
            self.general.append(MOVED_ON)
        except (Conflict, TooMany, Unavailable) as refusal:
            self.general.append(str(refusal.detail))
        return None

    def _note(self, refusal: Invalid) -> None:
        for error in refusal.errors:
            name = self._field(error["pointer"])
            message = _plain(error["message"])
            if name is None:
                self.general.append(self.form.told(error["pointer"], message) if self.form else message)
            else:
                self.errors.setdefault(name, message)
        if not refusal.errors:
            self.general.append(str(refusal.detail))

    def _field(self, pointer: str) -> str | None:
        parts = pointer.strip("/").split("/")
        index = next((part for part in parts if part.isdecimal()), None)
        plain = "/".join(part for part in parts if not part.isdecimal())
        name = self._kind.POINTERS.get(plain, parts[0])
        if name not in self._kind.model_fields:
            return None
        return f"{name}_{index}" if index is not None and name in self._kind.LISTS else name


def read(kind: type[F], posted: MultiMapping[str]) -> Filled[F]:
    """Read a posted form."""
    values = {name: posted.getall(name)[:ITEMS_MAX] for name in dict.fromkeys(posted.keys())}
    given: dict[str, Any] = {}
    for name, texts in values.items():
        if name in kind.LISTS:
            given[name] = texts
        elif texts[0].strip():
            given[name] = texts[0]
    filled: Filled[F] = Filled(values, _kind=kind)
    try:
        filled.form = kind.model_validate(given)
    except ValidationError as error:
        for fault in error.errors():
            filled.errors.setdefault(_place(fault["loc"]), _message(fault["type"], fault["msg"], fault.get("ctx", {})))
    return filled


def fresh(kind: type[F], /, **values: Any) -> Filled[F]:
    """A form not yet sent, with these values in it; None and False stay empty."""
    texts = {
        name: [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
        for name, value in values.items()
        if value is not None and value is not False
    }
    return Filled(texts, _kind=kind)


def _place(location: tuple[int | str, ...]) -> str:
    return "_".join(str(part) for part in location[:2])


def _message(kind: str, message: str, facts: Mapping[str, Any]) -> str:
    known = _MESSAGES.get(kind)
    if known is not None:
        return known.format(**facts)
    text = re.sub(r"^(Value error, |Input |String )", "", message)
    return text[:1].upper() + text[1:]


def _plain(message: str) -> str:
    """A decoder's limit in the words of the other faults: ``Expected `float` <= 90.0`` is ``At most 90``."""
    found = shape_faults.limit_in(message)
    if found is None:
        return message
    unit = {None: "", "characters": " characters", "items": " of them"}[found.unit]
    return f"{'At most' if found.at_most else 'At least'} {found.limit:g}{unit}"
