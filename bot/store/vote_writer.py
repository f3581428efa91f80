"""Writes votes that come in at the same time in one transaction, so that a storm of them is over quickly."""

from __future__ import annotations

import asyncio

from bot.errors import StoreError
from bot.store.votes import MessageVote, Votes

_AT_ONCE = 1_000  # votes in one transaction, which keeps other writers waiting


class VoteWriter:
    """Takes votes one by one; while some are being written, those that come in are gathered for the next transaction."""

    def __init__(self, votes: Votes) -> None:
        """Write them there."""
        self._votes = votes
        self._waiting: list[tuple[MessageVote, asyncio.Future[str | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def write(self, vote: MessageVote) -> str | None:
        """Come back when the vote is kept; returns what `Votes.write` tells of it, raises StoreError."""
        done: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
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

    async def _write(self, some: list[tuple[MessageVote, asyncio.Future[str | None]]]) -> None:
        waiting = [done for _, done in some]
        try:
            scopes = await self._votes.write([vote for vote, _ in some])
        except StoreError as error:
            for done in waiting:
                if not done.done():  # whoever waited for it may have been cancelled
                    done.set_exception(StoreError(str(error)))
        else:
            for done, scope in zip(waiting, scopes, strict=True):
                if not done.done():
                    done.set_result(scope)
        finally:
            for done in waiting:  # the program is ending
                done.cancel()
