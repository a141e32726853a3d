"""The ``onsale`` command: start everything, serve one app, migrate, audit, rebuild, replay, rehearse."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.foundation import logs
from engine.foundation.connections import StoreNeverAnswered
from engine.foundation.errors import Refusal, Unavailable
from engine.foundation.memory import settle
from engine.foundation.migrate import migrate
from engine.foundation.serving import ExpressOf, router_only, run
from engine.foundation.settings import MASTER_KEY_BYTES
from engine.settings import Settings
from engine.supervisor.run_file import DEFAULT_DATA_DIR, DataDir

WORKERS_MAX = 64
SHUTDOWN_TIMEOUT_S = 5.0
REFUSED = 2  # as argparse has it; 1 is what a check that failed says
MIGRATIONS = Path(__file__).parent / "stores" / "migrations"


class NoStack(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """A command needs the settings of a stack, and there is none."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code: REFUSED, and one line that says why, if it cannot be done as asked."""
    parser = _parser()
    options, more = parser.parse_known_args(arguments)
    if more and options.run is not _rehearse:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    options.more = more
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except (StoreNeverAnswered, Unavailable) as away:
        print(f"onsale: {away}", file=sys.stderr)
        return os.EX_TEMPFAIL if command in (_serve, _work) else REFUSED
    except (Refusal, RuntimeError, OSError) as refusal:
        print(f"onsale: {refusal}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="onsale",
        description="Sells tickets when everybody wants them in the same second.",
        epilog="Exit codes: 0 done, 1 a check failed or what was started ended, 2 it cannot be done as asked, "
        "75 a store is away (serve, work): start it again.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything on this machine and print one JSON line when it answers")
    up.add_argument("--demo", action="store_true", help="create a demo on-sale on the first start")
    up.add_argument(
        "--ports",
        type=_ports,
        default=(8080, 8081, 8082),
        metavar="E,W,A",
        help="engine, waiting room, admin; 0 is any",
    )
    up.add_argument("--data-dir", type=Path, default=DEFAULT_DATA_DIR, help="what survives restarts (default: var)")
    up.add_argument("--workers", type=_workers, default=1, help="engine processes")
    up.add_argument("--rehearsal", action="store_true", help="lift per-address limits for loopback clients")
    up.set_defaults(run=_up)

    serve = commands.add_parser("serve", help="serve one app with the settings of the environment")
    serve.add_argument("app", choices=["engine", "waitingroom", "admin"])
    serve.add_argument("--port", type=_port, help="instead of the one in its ONSALE_*_URL")
    serve.add_argument("--workers", type=_workers, default=1, help="processes on one port")
    _data_dir(serve)
    serve.set_defaults(run=_serve)

    work = commands.add_parser("work", help="run the background jobs")
    _data_dir(work)
    work.set_defaults(run=_work)

    migration = commands.add_parser("migrate", help="bring the database to the newest schema")
    _data_dir(migration)
    migration.set_defaults(run=_migrate)

    admin = commands.add_parser("create-admin", help="make a platform admin; the password is read from stdin")
    admin.add_argument("email")
    admin.add_argument("--name", default="Platform admin")
    _data_dir(admin)
    admin.set_defaults(run=_create_admin)

    audit = commands.add_parser(
        "audit",
        help="check the ledger; exit 1 where an invariant fails",
        description="Hold Postgres, Redis and the payment provider against each other: one JSON object an event, its "
        "`problems` in words. 0: every promise is kept; 1: one is not; 2: it could not be checked.",
    )
    audit.add_argument("event", nargs="?", help="an event's id; every event without it")
    audit.add_argument("--without-provider", action="store_true", help="do not read the payment provider's books")
    _data_dir(audit)
    audit.set_defaults(run=_audit)

    rebuild = commands.add_parser("rebuild", help="write Redis anew from Postgres")
    rebuild.add_argument("event", nargs="?", help="an event's id; every event on sale without it")
    _data_dir(rebuild)
    rebuild.set_defaults(run=_rebuild)

    dead = commands.add_parser(
        "dead-letters",
        help="list what failed for good, or have it tried again",
        description="Events of the payment provider and errands that failed too often, oldest first: one JSON object a "
        "line. Replayed ones are printed as they were; a running worker takes them up.",
    )
    which = dead.add_mutually_exclusive_group()
    which.add_argument("--replay", metavar="ID", help="have this one tried again")
    which.add_argument("--replay-all", action="store_true", help="have all of them tried again")
    _data_dir(dead)
    dead.set_defaults(run=_dead_letters)

    rehearse = commands.add_parser(
        "rehearse", add_help=False, help="replay a demand profile against a stack of its own, end with a verdict"
    )
    rehearse.set_defaults(run=_rehearse)  # its arguments are read, explained and refused by loadtest.rehearse

    draw = commands.add_parser("verify-draw", help="check a waiting room's audit bundle")
    draw.add_argument("file", type=Path)
    draw.set_defaults(run=_verify_draw)

    contract = commands.add_parser("openapi", help="print the contract, or compare it with a file")
    contract.add_argument("--check", type=Path, metavar="FILE")
    contract.add_argument("--write", type=Path, metavar="FILE")
    contract.set_defaults(run=_openapi)
    return parser


def _data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", type=Path, help="take addresses and secrets from the stack running there")


def _ports(text: str) -> tuple[int, int, int]:
    try:
        engine, room, admin = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("three ports, as 8080,8081,8082") from None
    if not all(0 <= port <= 65535 for port in (engine, room, admin)):  # noqa: PLR2004 - what a port is
        raise argparse.ArgumentTypeError("ports are 0 to 65535")
    named = [port for port in (engine, room, admin) if port]
    if len(set(named)) != len(named):
        raise argparse.ArgumentTypeError("three different ports, as 8080,8081,8082")
    return engine, room, admin


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:  # noqa: PLR2004 - what a port is
        raise argparse.ArgumentTypeError("a port from 1 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= WORKERS_MAX:
        raise argparse.ArgumentTypeError(f"1 to {WORKERS_MAX} workers")
    return int(text)


def _run(work: Coroutine[Any, Any, int]) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _settings(options: argparse.Namespace, process: str) -> Settings:
    """Settings from the environment, or of the stack running in --data-dir (default: var, if one runs)."""
    folder = options.data_dir or (DEFAULT_DATA_DIR if "ONSALE_MASTER_KEYS" not in os.environ else None)
    if folder is not None:
        facts = DataDir(folder).read_run()
        if facts is None:
            raise NoStack(f"no stack runs from {folder}: start one with `onsale up`, or set ONSALE_* settings")
        os.environ.update(facts["environment"])
    try:
        settings = Settings()
    except ValidationError as wrong:
        raise NoStack(f"settings: {'; '.join(map(_setting_told, wrong.errors()))}") from None
    logs.configure(process, settings.log_level)
    return settings


def _setting_told(error: ErrorDetails) -> str:
    """Its name and what is wrong with it; never its value, which may be a key."""
    if not error["loc"]:  # of several together: the message names them
        return error["msg"].removeprefix("Value error, ")
    return f"ONSALE_{'_'.join(map(str, error['loc'])).upper()}: {error['msg']}"


def _asked_stores(options: argparse.Namespace, process: str) -> Settings:
    """Settings of stores that answer: a command that ends by itself does not wait for those that do not."""
    from engine.supervisor.named_stores import check_postgres, check_redis  # noqa: PLC0415 - not what serves

    settings = _settings(options, process)

    async def ask() -> int:
        await check_postgres(settings.database_url)
        await check_redis(settings.redis_url)
        return 0

    _run(ask())
    return settings


def _up(options: argparse.Namespace) -> int:
    from engine.supervisor.stack import Options, Stack  # noqa: PLC0415 - only `up` needs the supervisor

    logs.configure("supervisor", "warning")
    _check_given(rehearsal=options.rehearsal)
    stack = Stack(
        Options(options.data_dir, options.ports, options.demo, options.workers, options.rehearsal),
        say=_say,
    )
    return _run(stack.run())


def _check_given(*, rehearsal: bool) -> None:
    """NoStack if a setting of the environment is wrong: before anything is started with it."""
    made_up = {"master_keys": f"1:{secrets.token_hex(MASTER_KEY_BYTES)}", "jwt_key": secrets.token_urlsafe(48)}
    from waitingroom.settings import Settings as RoomSettings  # noqa: PLC0415 - a building of its own

    missing = {name: value for name, value in made_up.items() if f"ONSALE_{name.upper()}" not in os.environ}
    try:
        for kind in (Settings, RoomSettings):
            kind(**missing, **({"rehearsal": True} if rehearsal else {}))  # type: ignore[arg-type]  # pydantic reads text
    except ValidationError as wrong:
        raise NoStack(f"settings: {'; '.join(map(_setting_told, wrong.errors()))}") from None


def _say(line: str) -> None:
    """To a reader who may be gone: a closed terminal must not keep the stack from stopping."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _serve(options: argparse.Namespace) -> int:
    if options.workers > 1:
        return _serve_many(options)
    settings = _settings(options, options.app)
    ports = {"engine": settings.engine_url, "waitingroom": settings.waitingroom_url, "admin": settings.admin_url}
    port = options.port or int(ports[options.app].rpartition(":")[2])
    run(
        _settled(_application(options.app, settings)),
        express=_express(options.app),
        host=settings.host,
        port=port,
        shutdown_timeout_s=SHUTDOWN_TIMEOUT_S,
    )
    return 0


async def _settled(application: web.Application | Awaitable[web.Application]) -> web.Application:
    app = application if isinstance(application, web.Application) else await application
    app.on_startup.append(settle)
    return app


def _express(name: str) -> ExpressOf:
    """What answers an app's hottest requests before its router; the admin app has none."""
    if name == "waitingroom":
        from waitingroom.serving import express as room_express  # noqa: PLC0415 - a building of its own

        return room_express
    if name == "engine":
        from engine.web.arrivals import express  # noqa: PLC0415 - as the application itself

        return express
    return router_only


def _application(name: str, settings: Settings) -> web.Application | Awaitable[web.Application]:
    if name == "waitingroom":
        from waitingroom.app import create_app as room_app  # noqa: PLC0415 - a building of its own
        from waitingroom.settings import Settings as RoomSettings  # noqa: PLC0415

        return room_app(RoomSettings())
    if name == "admin":
        from admin.app import create_app as admin_app  # noqa: PLC0415

        return admin_app(settings)
    from engine.app import create_app  # noqa: PLC0415

    return create_app(settings)


def _serve_many(options: argparse.Namespace) -> int:
    """One process per worker on one port; the kernel spreads connections (SO_REUSEPORT). One that dies is replaced."""
    from engine.supervisor.workers import keep_workers  # noqa: PLC0415 - only several need a keeper

    command = [sys.executable, "-m", "engine", "serve", options.app]
    command += ["--port", str(options.port)] if options.port else []
    command += ["--data-dir", str(options.data_dir)] if options.data_dir else []
    return _run(keep_workers(options.app, command, options.workers))


def _work(options: argparse.Namespace) -> int:
    from engine.worker import work  # noqa: PLC0415

    return _run(work(_settings(options, "worker")))


def _migrate(options: argparse.Namespace) -> int:
    print(migrate(_asked_stores(options, "migrate").database_url, MIGRATIONS) or "up to date")
    return 0


def _create_admin(options: argparse.Namespace) -> int:
    from engine.foundation.postgres import open_postgres  # noqa: PLC0415
    from engine.services.accounts.people import create_admin  # noqa: PLC0415

    settings = _asked_stores(options, "create-admin")
    password = sys.stdin.readline().rstrip("\n")

    async def create() -> int:
        pool = await open_postgres(settings.database_url, pool_max=2)
        try:
            print(await create_admin(pool, options.email, password, options.name))
        finally:
            await pool.close()
        return 0

    return _run(create())


def _audit(options: argparse.Namespace) -> int:
    from engine.services.wiring import open_services  # noqa: PLC0415

    settings = _asked_stores(options, "audit")

    async def check() -> int:
        async with open_services(settings) as services:
            reports = await services.insight.audit.check(options.event, provider=not options.without_provider)
        for report in reports:
            print(orjson.dumps(report).decode())
            if report.get("provider_problem"):
                print(f"onsale: payments were not all checked: {report['provider_problem']}", file=sys.stderr)
        return 0 if all(report["ok"] for report in reports) else 1

    return _run(check())


def _rebuild(options: argparse.Namespace) -> int:
    from engine.services.wiring import open_services  # noqa: PLC0415

    settings = _asked_stores(options, "rebuild")

    async def rebuild() -> int:
        async with open_services(settings) as services:
            events = [options.event] if options.event else await services.sale.inventory.on_sale()
            for event_id in events:
                done = await services.sale.inventory.rebuild(event_id)
                print(orjson.dumps({"event_id": event_id, "rebuilt": done}).decode())
        return 0

    return _run(rebuild())


def _dead_letters(options: argparse.Namespace) -> int:
    from engine.services.insight.dead_letters import LISTED_MAX  # noqa: PLC0415
    from engine.services.wiring import open_services  # noqa: PLC0415

    settings = _asked_stores(options, "dead-letters")

    async def list_or_replay() -> int:
        more = False
        async with open_services(settings) as services:
            if options.replay is not None:
                letters = [await services.insight.dead_letters.replay(options.replay)]
            elif options.replay_all:
                letters = await services.insight.dead_letters.replay_all()
            else:
                letters, more = await services.insight.dead_letters.page()
        for letter in letters:
            print(orjson.dumps(letter).decode())
        if more:
            print(f"onsale: these are the oldest {LISTED_MAX} of a kind, there are more", file=sys.stderr)
        return 0

    return _run(list_or_replay())


def _rehearse(options: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "loadtest.rehearse", *options.more]
    if "--engine" not in options.more and "--own-stack" not in options.more:
        command.append("--own-stack")
    sys.stdout.flush()
    # In our place: what stops us must stop the rehearsal and its shop.
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and module


def _verify_draw(options: argparse.Namespace) -> int:
    from waitingroom.verify import main as verify  # noqa: PLC0415

    return verify(options.file)


def _openapi(options: argparse.Namespace) -> int:
    from engine.web.openapi import document_bytes  # noqa: PLC0415
    from engine.web.routes import ROUTES  # noqa: PLC0415

    fresh = document_bytes(ROUTES)
    if options.write:
        options.write.write_bytes(fresh)
    elif options.check:
        if options.check.read_bytes() != fresh:
            print(f"{options.check} is stale: run `make openapi`", file=sys.stderr)
            return 1
    else:
        sys.stdout.write(fresh.decode())
    return 0
