"""Writes votes that come in at the same time all at once, so that a storm of them is over quickly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.errors import StoreError

Vote = TypeVar("Vote")
Told = TypeVar("Told")

_AT_ONCE = 1_000  # votes in one transaction, which keeps other writers waiting


class VoteWriter(Generic[Vote, Told]):
    """Takes votes one by one; while some are being written, those that come in are gathered for the next transaction.

    They are written in the order in which they came in.
    """

    def __init__(self, write: Callable[[Sequence[Vote]], Awaitable[Sequence[Told]]]) -> None:
        """Write some at once with `write`, which tells something of each, as `Votes.write` does."""
        self._write_some = write
        self._waiting: list[tuple[Vote, asyncio.Future[Told]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, vote: Vote) -> Told:
        """Come back when the vote is written; returns what is told of it, raises StoreError."""
        done: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((vote, done))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await done

    async def close(self) -> None:
        """Wait until all that came in is kept."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                await self._write(some)
        finally:
            self._task = None

    async def _write(self, some: list[tuple[Vote, asyncio.Future[Told]]]) -> None:
        waiting = [done for _, done in some]
        try:
            told = await self._write_some([vote for vote, _ in some])
        except StoreError as error:
            for done in waiting:
                if not done.done():  # whoever waited for it may have been cancelled
                    done.set_exception(StoreError(str(error)))
        else:
            for done, each in zip(waiting, told, strict=True):
                if not done.done():
                    done.set_result(each)
        finally:
            for done in waiting:  # the program is ending
                done.cancel()
