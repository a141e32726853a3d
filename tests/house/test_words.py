"""Everything that people read is in every language's catalogue, whole, with its facts and its plural forms."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from tests.words import FILES, File, said

_FACT = re.compile(r"%\((\w+)\)s|%%")
_STRAY = re.compile(r"%(?!\(\w+\)s|%)")
_TAG = re.compile(r"</?\w+[^>]*>")
_ids = [f"{file.tag}-{file.domain}" for file in FILES]


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _facts(text: str) -> set[str]:
    return {name for name in _FACT.findall(text) if name}


def _faults(message: Message, plurals: int) -> list[str]:
    faults, forms = [], _forms(message.string)
    facts, tags = set().union(*map(_facts, _forms(message.id))), sorted(_TAG.findall(_forms(message.id)[-1]))
    if not all(forms) or (message.pluralizable and len(forms) != plurals):
        return ["a form is missing"]
    for form in forms:
        # What is counted may be said in words: one, two.
        if not facts - {"num"} <= _facts(form) <= facts:
            faults.append(f"facts {sorted(_facts(form))} for {sorted(facts)}")
        if sorted(_TAG.findall(form)) != tags:
            faults.append("other markup")
        if _STRAY.search(form):
            faults.append("a stray percent sign")
    return faults


@pytest.mark.parametrize("file", FILES, ids=_ids)
def test_every_sentence_is_translated_with_its_facts(file: File) -> None:
    catalogue = file.read()
    said_now = {message.id for message in said(file.domain) if message.id}
    kept = {message.id for message in catalogue if message.id}
    assert kept == said_now, "run `make words` and translate what is new"
    faults = {
        str(message.id): found
        for message in catalogue
        if message.id and (found := _faults(message, catalogue.num_plurals))
    }
    assert not faults
    assert not [message.id for message in catalogue if message.id and message.fuzzy]


@pytest.mark.parametrize("file", FILES, ids=_ids)
def test_a_catalogue_is_written_as_the_tool_writes_it(file: File) -> None:
    assert file.path.read_bytes() == file.text(file.updated()), "run `make words`"
