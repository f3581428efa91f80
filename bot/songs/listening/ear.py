"""Runs `hearing` as a program beside the bot: one file at a time, few waiting, ended when it takes too long."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import LeftAloneError, UnavailableError

WAITING = 4  # files that may wait for the one that is being measured
_HEARING = Path(__file__).with_name("hearing.py")
_LONGEST_START = 180.0  # seconds: the very first start on a machine compiles for a while
_LONGEST_MEASURE = 10.0  # seconds; half of one is usual
_LONGEST_GOODBYE = 2.0

# All that the program is told of its surroundings: it decodes what strangers made, and needs no secret for that.
_TOLD = (
    *("PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG"),
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR"),
)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class _Program:
    """The running program and its pipes."""

    process: asyncio.subprocess.Process
    input: asyncio.StreamWriter
    output: asyncio.StreamReader

    async def kill(self) -> None:
        """End it, and wait until it is gone."""
        self.input.close()
        with suppress(ProcessLookupError):
            self.process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_GOODBYE):
                await self.process.wait()


class Ear:
    """The program that measures, started when it is first needed and again whenever it ended; end it with `close`."""

    def __init__(self) -> None:
        """Start nothing yet; be made inside the event loop."""
        self._program: _Program | None = None
        self._starting: asyncio.Task[_Program] | None = None
        self._measuring: set[asyncio.Task[dict[str, Any]]] = set()
        self._turn = asyncio.Lock()
        self._closed = False

    def prepare(self) -> None:
        """Begin to start the program, where it is not running, so that it is ready when it is needed; returns at once.

        Starting takes about 2 s, and up to half a minute the first time on a machine.
        """
        if self._starting is None and not self._closed:
            self._starting = asyncio.get_running_loop().create_task(self._start())
            self._starting.add_done_callback(self._started)

    async def measure(self, audio: bytes) -> dict[str, Any]:
        """What `hearing.measure` says of a file; whoever gives up waiting for it ends nothing.

        Raises LeftAloneError where too many wait already, UnavailableError where the program cannot do it.
        """
        if len(self._measuring) > WAITING:
            raise LeftAloneError(f"is done for one song at a time, and {len(self._measuring)} are before")
        task = asyncio.get_running_loop().create_task(self._measure(audio))
        self._measuring.add(task)
        task.add_done_callback(self._measured)
        return await asyncio.shield(task)

    async def ready(self, patience: float) -> None:
        """Wait until the program runs and has loaded all that it needs.

        Raises LeftAloneError where that is not so within `patience` seconds, UnavailableError where it cannot be.
        """
        self.prepare()
        try:
            async with asyncio.timeout(patience):
                await asyncio.shield(self._starting or self._nowhere())
        except TimeoutError:
            raise LeftAloneError("is still being made ready, which takes half a minute the first time") from None

    async def close(self) -> None:
        """End the program."""
        self._closed = True
        tasks = [*self._measuring, *([self._starting] if self._starting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end()

    # --- one at a time ------------------------------------------------------------------------------------------

    async def _measure(self, audio: bytes) -> dict[str, Any]:
        async with self._turn:
            self.prepare()
            program = await asyncio.shield(self._starting or self._nowhere())
            try:
                async with asyncio.timeout(_LONGEST_MEASURE):
                    program.input.write(len(audio).to_bytes(4, "big") + audio)
                    await program.input.drain()
                    return _read(await program.output.readline())
            except TimeoutError:
                await self._end()
                raise UnavailableError(f"took longer than {_LONGEST_MEASURE:g} s for one song") from None
            except (OSError, ValueError):  # it ended, or says what it never should
                await self._end()
                raise UnavailableError("broke off") from None
            except asyncio.CancelledError:
                await self._end()
                raise

    async def _nowhere(self) -> _Program:
        raise UnavailableError("is no longer possible, since it was closed")

    def _measured(self, task: asyncio.Task[dict[str, Any]]) -> None:
        self._measuring.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it may be gone; then nobody is to be told

    # --- starting and ending ------------------------------------------------------------------------------------

    async def _start(self) -> _Program:
        """The program once it is ready; raises UnavailableError with what it says where it cannot be."""
        program = await _begun()
        try:
            async with asyncio.timeout(_LONGEST_START):
                said = _read(await program.output.readline())
        except TimeoutError:
            await program.kill()
            raise UnavailableError(f"was not ready after {_LONGEST_START:g} s") from None
        except (OSError, ValueError):
            await program.kill()
            raise UnavailableError("ended before it was ready") from None
        except asyncio.CancelledError:
            await program.kill()
            raise
        if not said.get("ready"):
            await program.kill()
            raise UnavailableError(_cannot(said))
        self._program = program
        return program

    def _started(self, task: asyncio.Task[_Program]) -> None:
        if task.cancelled() or task.exception():
            self._starting = None  # the next one tries again

    async def _end(self) -> None:
        """End the program; the next file starts another."""
        program, self._program, self._starting = self._program, None, None
        if program:
            await program.kill()


async def _begun() -> _Program:
    """The program, which still has to load what it needs; raises UnavailableError where the system does not start it."""
    told = {name: value for name in _TOLD if (value := os.environ.get(name)) is not None}
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # its own folder holds names that other libraries' modules have too
            str(_HEARING),
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
            env={**told, **_ONE_THREAD},
        )
    except OSError as error:
        raise UnavailableError(f"cannot be started ({error.strerror or type(error).__name__})") from None
    if process.stdin is None or process.stdout is None:  # cannot be, with pipes
        raise UnavailableError("cannot be spoken with")
    return _Program(process, process.stdin, process.stdout)


def _read(line: bytes) -> dict[str, Any]:
    """A line that the program wrote; raises ValueError where it is none."""
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("no object")
    return values


def _cannot(said: dict[str, Any]) -> str:
    """Why the program cannot measure, with the remedy."""
    fault = str(said.get("fault", "no reason given"))
    if "cannot cache" in fault:
        return "cannot keep what numba compiles: set NUMBA_CACHE_DIR to a folder that the bot may write to"
    return f"cannot load its libraries ({fault:.200}): install deephypebot[listen] anew"
