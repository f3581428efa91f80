"""Lives of the real bot: a process that has imported everything and opened nothing forks a new bot for each of them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Self

KILLED = -signal.SIGKILL
_HOUSE = Path(__file__).parents[3]
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # one each: what forks may have no others
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


class Life:
    """One bot process, from its birth to its end; `ended` gives its status as `subprocess` does."""

    def __init__(self, pid: int) -> None:
        """Follow the process of this id, which was just forked."""
        self.pid = pid
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.killed_at = 0.0  # seconds since 1970

    @property
    def over(self) -> bool:
        """Whether the process is no more, or has been killed and will be no more in a moment."""
        return self.ended.done() or bool(self.killed_at)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._send(signal.SIGKILL)
        self.killed_at = self.killed_at or time.time()

    def stop(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def _send(self, what: signal.Signals) -> None:
        if not self.over:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, what)


class Zygote:
    """Forks bots that run `serve` with some settings, one at a time; what they log is added to the file `log`."""

    def __init__(self, settings: dict[str, Any], log: Path) -> None:
        """Start with `async with`."""
        self._settings = settings
        self._log = log
        self._process: asyncio.subprocess.Process
        self._reader: asyncio.Task[None]
        self._born: asyncio.Queue[Life] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        """Import everything."""
        environment = {name: value for name, value in os.environ.items() if name.upper() not in _PROXIES}
        environment = {name: value for name, value in environment.items() if not name.startswith("DEEPHYPEBOT_")}
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", __name__, str(self._log))
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, cwd=_HOUSE, env=environment | dict.fromkeys(_THREADS, "1")
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End whatever lives."""
        assert self._process.stdin
        self._process.stdin.close()  # the zygote kills its bot then, and ends
        await self._process.wait()
        await self._reader

    async def birth(self, steps: int = 0) -> Life:
        """A new bot; one that has done so many `steps` of its event loop kills itself (0: never)."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([steps, self._settings]).encode() + b"\n")
        return await self._born.get()

    async def _read(self) -> None:
        """Take down who was born and who died."""
        assert self._process.stdout
        life: Life | None = None
        async for line in self._process.stdout:
            word, number = line.split()
            if word == b"born":
                life = Life(int(number))
                self._born.put_nowait(life)
            elif life:
                life.killed_at = life.killed_at or time.time()
                life.ended.set_result(int(number))


def _main(log: str) -> None:
    """The zygote: forks when a line tells it to, says who was born, and with which status it ended."""
    import bot.platforms.discord as discord_platform  # noqa: PLC0415 - the tests' own process need not load all this
    import bot.platforms.slack  # noqa: PLC0415 - as above
    import bot.service  # noqa: PLC0415 - as above
    import bot.songs.services  # noqa: F401, PLC0415 - as above
    from bot.conversation import voting  # noqa: PLC0415 - as above
    from bot.platforms.on_slack import missed  # noqa: PLC0415 - as above

    # A server with few channels is known at once, so nobody has to wait for more of them.
    discord_platform.GUILDS_WAIT = 0.02
    # Nor does anybody wait until votes that were missed are read back at leisure.
    voting.AGAIN = missed.PACE = 0.05
    gc.collect()
    gc.freeze()
    while line := sys.stdin.buffer.readline():
        steps, settings = json.loads(line)
        sys.stdout.flush()
        if not (child := os.fork()):
            _live(steps, settings, log)
        print("born", child, flush=True)
        watched = os.pidfd_open(child)
        if 0 in select.select([0, watched], [], [])[0]:  # the test has ended
            os.kill(child, signal.SIGKILL)
        os.close(watched)
        print("died", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _live(steps: int, settings: dict[str, Any], log: str) -> None:
    """The bot, as `deephypebot run` runs it; does not come back."""
    from bot.config import Settings  # noqa: PLC0415 - loaded by now
    from bot.service import serve  # noqa: PLC0415 - as above

    status = 1
    try:
        written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        nothing = os.open(os.devnull, os.O_RDWR)
        for end, to in ((0, nothing), (1, nothing), (2, written)):
            os.dup2(to, end)
        if steps:
            _die_after(steps)
        asyncio.run(serve(Settings(**settings)))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _die_after(steps: int) -> None:
    """Kill this process before step number `steps` of its event loop: between any two lines that await something."""
    run, left = asyncio.Handle._run, steps

    def counted(handle: asyncio.Handle) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        run(handle)

    asyncio.Handle._run = counted  # type: ignore[assignment] # the loop calls it for every step that it makes


if __name__ == "__main__":
    _main(sys.argv[1])
