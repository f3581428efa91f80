"""Wires the settings to the parts that a conversation needs: use case, database, rooms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.config import Settings
from bot.curation.votes import Ballot
from bot.errors import StoreError
from bot.hype import Hype
from bot.platforms.base import Room
from bot.store.database import Database
from bot.store.votes import Votes


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class App:
    """Everything that is open while the bot talks; make it with `open`, end it with `close`."""

    def __init__(
        self,
        settings: Settings,
        hype: Hype,
        database: Database | None,
        *,
        degraded: tuple[str, ...] = (),
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Take the open parts; `degraded` says in a sentence each what does not work, and why."""
        self._settings = settings
        self._hype = hype
        self._database = database
        self._clock = clock
        self.degraded = degraded

    @classmethod
    async def open(cls, settings: Settings) -> App:
        """Load the model and open the database; without a database the bot talks all the same, but is `degraded`.

        Raises BundleError or DeviceError when there is no model to talk with.
        """
        hype = Hype.open(settings.model, settings.reply)
        try:
            database = await Database.open(settings.store.url.get_secret_value())
        except StoreError as error:
            return cls(settings, hype, None, degraded=(str(error),))
        return cls(settings, hype, database)

    def room(self, channel: str) -> Room:
        """The conversation in a channel, named as "platform:room"."""
        reply = self._settings.reply
        return Room(
            channel,
            self._hype,
            self._database,
            praise=reply.praise,
            remembered=reply.remembered,
            clock=self._clock,
        )

    async def close(self) -> None:
        """Let go of everything."""
        self._hype.close()
        if self._database:
            await self._database.close()


async def exported_votes(url: str) -> list[dict[str, Any]]:
    """Every vote in a database, JSON-ready, with no person in it; raises StoreError."""
    database = await Database.open(url)
    try:
        return await Ballot(Votes(database), now).export()
    finally:
        await database.close()
