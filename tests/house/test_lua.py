"""A Lua script opens with its contract: what it does, its keys, its arguments, its replies."""

from __future__ import annotations

import re

import pytest

from tests.house import tree

SCRIPTS = [path for path in tree.files(".lua") if path.parent.name == "lua"]
LIBRARIES = [path for path in tree.files(".lua") if path.parent.name == "lib"]
_HEADER = re.compile(r"\A--\[\[ (?P<name>\w+): .+?\]\]", re.DOTALL)


def _say(path):
    return tree.name(path)


@pytest.mark.parametrize("script", SCRIPTS, ids=_say)
def test_a_script_opens_with_its_contract(script):
    header = _HEADER.match(tree.text(script))
    assert header, "no header comment at the top"
    assert header["name"] == script.stem, "the header names another script"
    for part in ("KEYS[1]", "Replies {"):
        assert part in header[0], f"the header does not say {part}"
    body = tree.text(script)[header.end() :]
    if "ARGV" in body:
        assert "ARGV[1]" in header[0], "the script takes arguments that the header does not name"


@pytest.mark.parametrize("script", SCRIPTS, ids=_say)
def test_a_script_answers_in_words_that_its_header_names(script):
    header = _HEADER.match(tree.text(script))
    assert header
    body = tree.text(script)[header.end() :]
    for word in re.findall(r"return\s*\{\s*'(\w+)'", body):
        assert re.search(rf'["|\s]{word}["\s|]', header[0]), f"replies {word!r}, and the header does not say so"


@pytest.mark.parametrize("script", SCRIPTS, ids=_say)
def test_a_script_is_noun_and_verb(script):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", script.stem)


@pytest.mark.parametrize("library", LIBRARIES, ids=_say)
def test_a_lua_library_says_what_it_is_for(library):
    assert re.match(r"-- \w.{20,}", tree.text(library)), "the first line says what the library is for"


@pytest.mark.parametrize("library", LIBRARIES, ids=_say)
def test_a_lua_library_lists_what_it_brings_into_a_script(library):
    text = tree.text(library)
    header = "".join(re.match(r"(?:--.*\n)+", text)[0].partition("Brings")[1:])
    brought = [
        name
        for names in re.findall(r"^local (?:function (\w+)|([\w, ]+?)(?: =|$))", text, re.MULTILINE)
        for name in "".join(names).split(", ")
    ]
    assert brought
    assert not [name for name in brought if not re.search(rf"\b{name}\b", header)]


def test_every_script_is_loaded_and_every_library_included():
    python = "".join(tree.text(path) for path in tree.files(".py", under=tree.BUILDINGS))
    lua = "".join(tree.text(path) for path in SCRIPTS)
    unused = [tree.name(path) for path in SCRIPTS if not re.search(rf"[\"']{path.stem}(?:\.lua)?[\"']", python)]
    unused += [tree.name(path) for path in LIBRARIES if f"-- include: {path.stem}" not in lua]
    assert not unused, f"nobody loads {unused}"
