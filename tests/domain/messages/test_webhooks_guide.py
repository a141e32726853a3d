"""The code of docs/WEBHOOKS.md believes what we sign and nothing else, in each language that this machine speaks."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from engine.domain.messages import webhooks

GUIDE = (Path(__file__).parents[3] / "docs" / "WEBHOOKS.md").read_text()
TIMEOUT_S = 60
BODY = '{"data": {"buyer": "Zoë"}}'
# Reads cases from standard input and says of each whether it is believed.
NODE = """
const cases = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map((one) => verify(Buffer.from(one.body), one.headers, one.secret))));
"""
PHP = """
$cases = json_decode(file_get_contents('php://stdin'), true);
echo json_encode(array_map(fn($one) => verify($one['body'], $one['headers'], $one['secret']), $cases));
"""


def _code(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _plain(typescript: str) -> str:
    """TypeScript of the guide as JavaScript: an import and the types of one line are all that is between them."""
    script = re.sub(r"^import (\{.*?\}) from (.*);$", r"const \1 = require(\2);", typescript, flags=re.MULTILINE)
    return re.sub(
        r"^export function verify\(.*$",
        "function verify(body, headers, secret) {",
        script,
        flags=re.MULTILINE,
    )


def _cases() -> tuple[list[dict[str, object]], list[bool]]:
    """What is shown to a verifier, and what it must say."""
    key, other = secrets.token_bytes(webhooks.SECRET_BYTES), secrets.token_bytes(webhooks.SECRET_BYTES)
    now, body = int(time.time()), BODY.encode()
    good, both = webhooks.headers([key], "msg_1", now, body), webhooks.headers([other, key], "msg_1", now, body)
    old = webhooks.headers([key], "msg_1", now - 600, body)
    shown = [
        (BODY, good, True), (BODY, both, True), (BODY + " ", good, False), (BODY, old, False),
        (BODY, webhooks.headers([other], "msg_1", now, body), False), (BODY, good | {"webhook-id": "msg_2"}, False),
    ]  # fmt: skip
    cases = [{"body": text, "headers": headers, "secret": webhooks.shown(key)} for text, headers, _ in shown]
    return cases, [wanted for _, _, wanted in shown]


def test_the_python_of_the_guide_believes_our_messages_and_no_others() -> None:
    names: dict[str, object] = {}
    exec(_code("python"), names)
    verify, (cases, wanted) = names["verify"], _cases()
    assert callable(verify)
    assert [verify(str(one["body"]).encode(), one["headers"], one["secret"]) for one in cases] == wanted


@pytest.mark.parametrize(("language", "program"), [("typescript", "node"), ("php", "php")])
def test_the_other_code_of_the_guide_believes_our_messages_and_no_others(
    language: str, program: str, tmp_path: Path
) -> None:
    command = shutil.which(program)
    if command is None:
        pytest.skip(f"this machine has no {program}")
    script = tmp_path / f"verify.{'cjs' if program == 'node' else 'php'}"
    code = _code(language)
    script.write_text(_plain(code) + NODE if program == "node" else "<?php\n" + code + PHP)
    cases, wanted = _cases()
    done = subprocess.run(
        [command, str(script)], input=json.dumps(cases), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == wanted
