"""The command line: what it cannot do is said in one line, with an exit code of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from engine import cli
from engine.foundation import embedded
from engine.foundation.connections import HotRedis
from engine.settings import Settings

START_MAX_S = 30.0


def test_a_file_that_is_not_there_is_told_and_not_traced(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["openapi", "--check", str(tmp_path / "none.json")]) == cli.REFUSED
    shown = capsys.readouterr()
    assert shown.err.startswith("onsale: ")
    assert shown.out == ""


def test_a_stale_contract_is_a_failed_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    stale = tmp_path / "openapi.json"
    stale.write_text("{}")
    assert cli.main(["openapi", "--check", str(stale)]) == 1
    assert cli.main(["openapi", "--write", str(stale)]) == 0
    assert cli.main(["openapi", "--check", str(stale)]) == 0
    assert "stale" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["up", "--ports", "1,2"],
        ["up", "--ports", "8080,8080,8081"],
        ["up", "--workers", "0"],
        ["up", "--nonsense"],
        ["serve", "nothing"],
        ["dead-letters", "--replay", "1", "--replay-all"],
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_before_anything_starts(arguments: list[str]):
    with pytest.raises(SystemExit) as refused:
        cli.main(arguments)
    assert refused.value.code == 2


@pytest.mark.parametrize(
    "command", [["audit"], ["rebuild"], ["dead-letters"], ["migrate"], ["work"], ["serve", "engine"]]
)
def test_a_command_for_a_stack_that_does_not_run_says_so(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert cli.main([*command, "--data-dir", str(tmp_path)]) == cli.REFUSED, "1 would say that a check failed"
    assert "no stack runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--help"], "--named-share"),
        ([], "required: profile"),
        (["emf", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["emf", "--named-share", "3"], "'3' is not a share"),
        (["emf", "--named-share", "0.7", "--general-share", "0.7"], "together at most 1"),
        (["emf", "--workers", "0"], "number of processes"),
        (["emf", "--room-capacity", "0"], "not a count"),
        (["emf", "--journey-max-s", "-1"], "not seconds"),
        (["emf", "--multiplier", "0"], "is not a count from 1 to"),
        (["emf", "--out", "/proc/none/report"], "No such file or directory"),
        (["nosuch"], "known ones are emf"),
    ],
)
def test_a_rehearsal_that_cannot_be_held_is_refused_before_its_shop_starts(arguments: list[str], said: str):
    done = subprocess.run(
        [sys.executable, "-m", "engine", "rehearse", *arguments], capture_output=True, text=True, check=False
    )
    assert said in done.stdout + done.stderr
    assert done.returncode == (0 if arguments == ["--help"] else cli.REFUSED)
    assert "Traceback" not in done.stderr


def _cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONSALE_")}
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments], capture_output=True, text=True, check=False,
        env=clean | environment,
    )  # fmt: skip


def test_settings_that_are_wrong_are_named_without_their_values():
    done = _cli("audit", ONSALE_MASTER_KEYS="secret-word", ONSALE_JWT_KEY="short-word")
    assert done.returncode == cli.REFUSED
    (line,) = done.stderr.splitlines()
    assert "ONSALE_MASTER_KEYS" in line
    assert "ONSALE_JWT_KEY" in line
    assert "-word" not in line


@pytest.mark.parametrize("command", ["audit", "rebuild", "dead-letters", "migrate"])
def test_a_store_that_does_not_answer_is_told_in_one_line(command: str):
    done = _cli(
        command, ONSALE_MASTER_KEYS="1:" + "ab" * 32, ONSALE_JWT_KEY="x" * 48,
        ONSALE_DATABASE_URL="postgresql://me:secret-word@127.0.0.1:1/x", ONSALE_REDIS_URL="redis://127.0.0.1:1/0",
    )  # fmt: skip
    assert done.returncode == cli.REFUSED
    (line,) = done.stderr.splitlines()
    assert line.startswith("onsale: ONSALE_DATABASE_URL (postgresql://127.0.0.1:1/x) cannot be used")


@pytest.mark.parametrize("command", [["work"], ["serve", "waitingroom"]])
def test_what_serves_ends_with_a_code_of_its_own_where_a_store_is_away(command: list[str]):
    """The supervisor starts it again for as long as that takes."""
    done = _cli(
        *command, ONSALE_MASTER_KEYS="1:" + "ab" * 32, ONSALE_JWT_KEY="x" * 48,
        ONSALE_DATABASE_URL="postgresql://me:secret-word@127.0.0.1:1/x", ONSALE_REDIS_URL="redis://127.0.0.1:1/0",
    )  # fmt: skip
    assert done.returncode == os.EX_TEMPFAIL
    (line,) = done.stderr.splitlines()
    assert line.startswith("onsale: a store does not answer: ")
    assert "secret-word" not in line


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "ONSALE_MASTER_KEYS": settings.master_keys.get_secret_value(),
        "ONSALE_JWT_KEY": settings.jwt_key.get_secret_value(),
        "ONSALE_DATABASE_URL": settings.database_url,
        "ONSALE_REDIS_URL": settings.redis_url,
    }


@contextlib.asynccontextmanager
async def _serving(app: str, port: int, settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """The app in a process of its own, ready; it must end well when it is told to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine", "serve", app, "--port", str(port), env={**os.environ, **_environment(settings)}
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http, asyncio.timeout(START_MAX_S):
            while not await _ready(http):
                assert process.returncode is None, "it ended before it was ready"
                await asyncio.sleep(0.1)
            yield http
        process.terminate()
        assert await asyncio.wait_for(process.wait(), START_MAX_S) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def _ready(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@pytest.mark.parametrize("app", ["engine", "waitingroom", "admin"])
async def test_every_app_answers_what_is_no_http_with_a_problem_document(app: str, settings: Settings, hot: HotRedis):
    port = embedded.free_port()
    async with _serving(app, port, settings):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01 no HTTP\r\n\r\n")
        head, _, body = (await asyncio.wait_for(reader.read(), START_MAX_S)).partition(b"\r\n\r\n")
        writer.close()
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["code"] == "malformed"


async def _dead_letters(settings: Settings, *arguments: str) -> tuple[int, list[dict[str, object]], str]:
    done = await asyncio.to_thread(_cli, "dead-letters", *arguments, **_environment(settings))
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


async def test_an_operator_sees_dead_letters_and_gives_them_another_life(settings: Settings, pool: asyncpg.Pool):
    await pool.execute(
        "INSERT INTO webhook_events (provider, id, kind, object_id, payload, status, attempts, error) VALUES"
        " ('stripe', 'evt_a', 'refund.updated', 're_1', '{}', 'dead', 25, 'why'),"
        " ('stripe', 'evt_b', 'refund.updated', NULL, '{}', 'parked', 3, 'not yet')"
    )
    errand_id = await pool.fetchval(
        "INSERT INTO outbox (topic, key, payload, attempts, error, dead_at) VALUES"
        " ('mail.tickets', 'ord_1', '{}', 30, 'no mail server', now()) RETURNING id"
    )
    code, (event, errand), _ = await _dead_letters(settings)
    assert code == 0
    assert (event["kind"], event["id"], event["what"]) == ("webhook", "evt_a", "refund.updated re_1")
    assert (errand["kind"], errand["id"], errand["what"]) == ("errand", errand_id, "mail.tickets ord_1")
    assert [(letter["attempts"], letter["error"]) for letter in (event, errand)] == [
        (25, "why"),
        (30, "no mail server"),
    ]
    assert all(letter["since"] for letter in (event, errand))

    for unknown in ("evt_b", "evt_none", "0", "9" * 19):
        code, letters, told = await _dead_letters(settings, "--replay", unknown)
        assert (code, letters) == (cli.REFUSED, [])
        assert told == f"onsale: There is no dead letter '{unknown}'\n"

    assert (await _dead_letters(settings, "--replay", str(errand_id)))[:2] == (0, [errand])
    assert (await _dead_letters(settings, "--replay-all"))[:2] == (0, [event])
    assert (await _dead_letters(settings))[:2] == (0, [])
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE dead_at IS NULL AND attempts = 0") == 1
    assert await pool.fetchval("SELECT status FROM webhook_events WHERE id = 'evt_a' AND attempts = 0") == "parked"
