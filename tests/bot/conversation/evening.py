"""A conversation over a real database and the tiny model, in a chat in memory, with a clock of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from bot.conversation.context import Context
from bot.conversation.conversation import Conversation
from bot.curation.settings import PlaceSettings
from bot.health.numbers import Numbers
from bot.hype import Hype
from bot.links import find_links
from bot.platforms.outlet import Asker, Heard, Place
from bot.songs.resolver import Resolver
from bot.store.database import Database
from inference.bundle import Bundle
from inference.commentary import Commentator
from tests.bot.conversation.chat import Chat

PLACE = Place("discord", "1", "10")
RICK = "https://youtu.be/dQw4w9WgXcQ"
AHA = "https://open.spotify.com/track/2WfaOiMkCvy7F5fcp2zZ8L"
CALM = PlaceSettings(cooldown_person=0, cooldown_asked=0)


def asker(person: str = "ann", key: str = "discord:interaction:1", place: Place = PLACE, answering: str = "") -> Asker:
    """Somebody who uses a command, a menu or a button."""
    return Asker(place, f"discord:{person}", key, answering=answering)


class Evening:
    """A conversation over a real database and the tiny model, in a chat in memory, with a clock of its own."""

    def __init__(self, bundle: Bundle, database: Database, defaults: PlaceSettings = CALM) -> None:
        self.now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
        self.seeds = count(1).__next__
        self.chat = Chat()
        self.numbers = Numbers()
        self.bundle, self.database, self.defaults = bundle, database, defaults
        self.start()

    def start(self) -> None:
        """Begin anew, as a program does: of what was before, only the database and the chat are left."""
        self.hype = Hype(Resolver.offline(), Commentator(self.bundle, candidates=48), waiting=8, deadline=30, seeds=self.seeds)
        self.context = Context(
            self.hype,
            self.database,
            defaults=self.defaults,
            clock=lambda: self.now,
            seconds=self.seconds,
            health=self.numbers,
        )
        self.bot = Conversation(self.context)
        self.bot.attach("discord", self.chat, tidy=False)

    def seconds(self) -> float:
        """The clock of durations, which goes as the other one does."""
        return self.now.timestamp()

    async def says(self, text: str, *, person: str = "ann", message: str = "m1", place: Place = PLACE, **more: bool) -> str:
        """Somebody writes a message."""
        links = find_links(text, "discord")
        heard = Heard(message, place, f"discord:{person}", links, text=text, **more)
        return await self.bot.answering.heard(heard)

    def texts(self, channel: str = "10") -> list[str]:
        """What the bot has said in a channel and is still there."""
        return [each.card.text for each in self.chat.said(channel)]
