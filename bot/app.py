"""Wires the settings to the parts that a conversation needs: use case, database, services, rooms."""

# Each part imports what it needs when it is first used, so that a single reply waits for nothing else.
# ruff: noqa: PLC0415

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.config import Settings
from bot.errors import HypeError, StoreError
from bot.hype import Answer, Hype
from bot.links import Link
from bot.songs.catalogue import Catalogue
from bot.songs.resolver import LookUp, Resolver
from inference.bundle import shipped
from inference.commentary import Commentator
from inference.genres import GenreTable

if TYPE_CHECKING:  # what is not needed for every answer is imported when it is
    from bot.conversation.conversation import Conversation
    from bot.curation.settings import PlaceSettings
    from bot.health.base import Health
    from bot.songs.services import Services
    from bot.store.database import Database

_IN_MEMORY = "sqlite+aiosqlite:///:memory:"


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class App:
    """Everything that is open while the bot talks; make it with `open`, end it with `close`."""

    def __init__(
        self,
        settings: Settings,
        hype: Hype,
        database: Database,
        *,
        defaults: PlaceSettings | None = None,
        health: Health | None = None,
        degraded: tuple[str, ...] = (),
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Take the open parts; `degraded` says in a sentence each what does not work, and why.

        `defaults` hold in every place until something else is set there; None takes those of the settings.
        """
        from bot.conversation.context import Context
        from bot.conversation.conversation import Conversation

        self._settings = settings
        self.hype = hype
        self.database = database
        self.degraded = degraded
        context = Context(
            hype,
            database,
            defaults=defaults or settings.places.defaults(settings.reply.praise),
            clock=clock,
            health=health,
            remembered=settings.reply.remembered,
        )
        self.conversation: Conversation = Conversation(context, keep_days=settings.store.keep_days)

    @classmethod
    async def open(
        cls, settings: Settings, *, health: Health | None = None, defaults: PlaceSettings | None = None, memory: bool = True
    ) -> App:
        """Load the model and open the database.

        Where that cannot be opened the bot talks all the same, `degraded`, and forgets everything when it ends; unless
        it is to have a `memory`: then StoreError is raised. Raises BundleError or DeviceError when there is no model to
        talk with, HypeError when listening is switched on and cannot be done.
        """
        from bot.store.database import Database

        lazily = Lazily(settings)
        hype = open_hype(settings, lazily, health)
        database = await lazily.open()
        if database is None:
            if memory:
                await hype.close()
                raise StoreError(lazily.fault)
            database = await Database.open(_IN_MEMORY)
        degraded = (lazily.fault,) if lazily.fault else ()
        return cls(settings, hype, database, defaults=defaults, health=health, degraded=degraded)

    @property
    def mode(self) -> str:
        """Which services are asked for what, in one line."""
        from bot.songs.services import mode

        return mode(self._settings)

    async def close(self, patience: float = 10.0) -> None:
        """End the conversation, giving what is under way so many seconds, and let go of everything."""
        await self.conversation.close(patience)
        await self.hype.close()
        await self.database.close()


class Lazily:
    """The database of the settings, opened when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        """Open nothing yet."""
        self._url = settings.store.url.get_secret_value()
        self._keep_days = settings.store.keep_days
        self._opened: Database | None = None
        self.fault = ""  # why there is none, in one sentence, once that is known

    async def open(self) -> Database | None:
        """The database, without what was kept for long enough; None where it cannot be opened: then `fault` says why."""
        from bot.store.database import Database
        from bot.store.retention import forget_old

        if self._opened is None and not self.fault:
            try:
                self._opened = await Database.open(self._url)
                await forget_old(self._opened, self._keep_days, now())
            except StoreError as error:
                self.fault = str(error)
        return self._opened

    async def close(self) -> None:
        """Let go of it, if it was opened."""
        if self._opened:
            await self._opened.close()


def open_hype(settings: Settings, database: Lazily, health: Health | None = None) -> Hype:
    """The use case: loads the model; services and database are opened when they are first needed."""
    commentator = Commentator.open(settings.model.folder, device=settings.model.device)
    resolver = open_resolver(settings, database, commentator.genres)
    return Hype(resolver, commentator, waiting=settings.reply.waiting, deadline=settings.reply.deadline, health=health)


def open_resolver(settings: Settings, database: Lazily, genres: GenreTable) -> Resolver:
    """What finds songs out as the settings say; services and database are opened when they are first needed.

    Only what is among `genres` counts as a genre. Raises HypeError where listening is switched on and cannot be done.
    """
    if settings.songs.online and settings.songs.listen:
        from bot.songs.listening.listener import Listener

        if remedy := Listener.available():
            raise HypeError(remedy)

    async def services() -> Services:
        from bot.songs.cache import Cache
        from bot.songs.services import Services
        from bot.store.answers import Answers

        kept = await database.open()
        # All that is loaded by now stays: the garbage collector need not go through it again and again, which would hold
        # up the event loop for a tenth of a second each time.
        gc.freeze()
        cache = Cache(Answers(kept) if kept else None)
        return Services(settings, cache, knows_genre=lambda name: genres.match(name) is not None, vocabulary=genres.mark)

    catalogue = Catalogue.load() if Catalogue.name in settings.songs.providers else None
    return Resolver(catalogue, services if settings.songs.online else None, deadline=settings.songs.deadline)


async def answered_once(settings: Settings, query: str | Link, *, n: int, seed: int | None, praise: float) -> Answer:
    """One answer, as `Hype.answer` makes it, with everything opened for it and closed again."""
    database = Lazily(settings)
    hype = open_hype(settings, database)
    try:
        return await hype.answer(query, n=n, seed=seed, praise=praise)
    finally:
        await hype.close()
        await database.close()


async def found_out(settings: Settings, query: str | Link) -> LookUp:
    """What is known of a song and how, with everything opened for it and closed again."""
    database = Lazily(settings)
    genres = GenreTable.load((settings.model.folder or shipped()) / "genres.npz")
    resolver = open_resolver(settings, database, genres)
    try:
        return await resolver.look_up(query)
    finally:
        await resolver.close()
        await database.close()


async def exported_votes(url: str) -> list[dict[str, Any]]:
    """Every vote in a database, JSON-ready, with no person in it; raises StoreError."""
    from bot.curation.votes import Ballot
    from bot.store.database import Database
    from bot.store.votes import Votes

    database = await Database.open(url)
    try:
        return await Ballot(Votes(database), now).export()
    finally:
        await database.close()
