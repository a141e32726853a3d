"""Every errand has its handler, and the statements that write errands name its fields as its Struct does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import msgspec
import orjson
import pytest

from engine.domain import errands
from engine.services.wiring import open_services
from tests.house import tree

STORES = tree.files(".py", under=("engine/stores",))
KINDS = {kind.topic: kind for kind in vars(errands).values() if isinstance(kind, type) and "topic" in vars(kind)}
# SELECT 'topic', key, payload, ...: where a statement writes rows of the outbox
_ERRAND = re.compile(r"SELECT\s+'([\w.]+)',\s*\w+\.\w+,\s*(jsonb_build_object\(|\w+\.\w+)")
_BUILT = "jsonb_build_object("


def _statements(path) -> Iterator[tuple[str, str]]:
    """(where, text) of each piece of SQL that writes to the outbox."""
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for piece in node.value.split("INSERT INTO outbox")[1:]:
                yield f"{tree.name(path)}:{node.lineno}", piece.partition("RETURNING")[0]


def _arguments(text: str, start: int) -> list[str]:
    """The arguments of the call whose bracket was opened just before ``start``."""
    found, depth, begun = [], 0, start
    for at in range(start, len(text)):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")" and depth == 0:
            return [*found, text[begun:at].strip()]
        elif text[at] == ")":
            depth -= 1
        elif text[at] == "," and depth == 0:
            found.append(text[begun:at].strip())
            begun = at + 1
    raise AssertionError(f"a bracket is never closed: {text[start:]}")


def _built(text: str) -> Iterator[tuple[str, set[str]]]:
    """(topic, names of its fields) of each errand that this statement builds itself."""
    for found in _ERRAND.finditer(text):
        if found[2] == _BUILT:
            yield found[1], {name.strip("'") for name in _arguments(text, found.end())[::2]}


def _wrong(text: str) -> list[str]:
    """What a statement says of errands that their Structs do not."""
    wrong = []
    for topic, names in _built(text):
        kind = KINDS.get(topic)
        if kind is None:
            wrong.append(f"no errand has the topic {topic}")
            continue
        fields = msgspec.structs.fields(kind)
        required = {field.name for field in fields if field.required}
        wrong += [f"{topic} has no field {name}" for name in sorted(names - {field.name for field in fields})]
        wrong += [f"{topic} lacks {name}" for name in sorted(required - names)]
    return wrong


@pytest.mark.usefixtures("hot")
async def test_every_errand_has_one_handler_in_the_real_wiring(settings):
    async with open_services(settings) as services:  # two handlers of one errand are refused while it opens
        handled = set(services.common.outbox._handlers)
    assert handled == set(KINDS.values())


def test_every_errand_has_a_topic_of_its_own():
    kinds = [kind for kind in vars(errands).values() if isinstance(kind, type) and issubclass(kind, errands.Errand)]
    assert {kind.__name__ for kind in kinds} - {"Errand"} == {kind.__name__ for kind in KINDS.values()}


def test_an_errand_is_written_as_it_was_before_it_had_a_struct():
    """Rows that wait in the table were written without ``promo_id`` by refunds and with null by orders."""
    freed = errands.UnitsFreed("evt_1", (1, 2), ("tt_1", "tt_2"), "ref_1")
    payload = {"event_id": "evt_1", "units": [1, 2], "types": ["tt_1", "tt_2"], "op_id": "ref_1"}
    assert orjson.loads(orjson.dumps(msgspec.to_builtins(freed))) == payload
    assert msgspec.convert({**payload, "promo_id": None}, errands.UnitsFreed) == freed


@pytest.mark.parametrize(
    ("where", "text"), [pytest.param(*said, id=said[0]) for path in STORES for said in _statements(path)]
)
def test_a_statement_writes_errands_as_their_structs_are(where, text):
    spoken = set(re.findall(r"'(\w+\.\w+)'", text))
    seen = {found[1] for found in _ERRAND.finditer(text)}
    assert spoken <= seen, f"{where}: an errand is written in a way that this rule does not read"
    assert seen <= set(KINDS), where
    assert not _wrong(text), where


def test_the_statements_of_settling_and_closing_are_seen():
    built = [topic for path in STORES for _, text in _statements(path) for topic, _ in _built(text)]
    assert {"inventory.sold", "inventory.free", "lease.release", "mail.tickets", "tickets.changed"} <= set(built)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("'event_id', p.event_id, 'units', (SELECT jsonb_agg(u.unit) FROM u)", []),
        ("'event_id', p.event_id", ["tickets.changed lacks units"]),
        ("'event_id', p.event_id, 'units', '[]', 'seat', ''", ["tickets.changed has no field seat"]),
    ],
)
def test_the_rule_sees_a_field_too_many_or_too_few(fields, said):
    assert _wrong(f"SELECT 'tickets.changed', p.id, jsonb_build_object({fields}), now() FROM p") == said
