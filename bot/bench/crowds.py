"""People on stand-ins for Discord and Slack who share songs, talk and react; what the bot does there is seen from outside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from bot.platforms.on_slack.setup import DOMAINS
from bot.stand_ins import discord, slack

PEOPLE = 1_000  # in a community
_CHATTER = ("so true", "has anybody seen my keys?", "see you at eight then", "no way, really? that is the best news today")

Message = TypeVar("Message")


class Crowd(ABC, Generic[Message]):
    """A community with a channel for each link, so that neither a platform's pace nor the bot's manners hold anything up.

    Nobody shares twice within so many shares as there are people, and no song comes to a channel again before it was in all
    the others.
    """

    platform: str

    def __init__(self, links: Sequence[str]) -> None:
        """Share these."""
        self._links = links
        self._shared = 0
        self._talked = 0

    async def share(self) -> Message:
        """The next person shares the next link in the next channel."""
        turn, channel = divmod(self._shared, len(self._links))
        person = self._shared % PEOPLE
        self._shared += 1
        return await self._say(person, channel, f"listen to this {self._links[(channel + turn) % len(self._links)]}")

    async def talk(self) -> None:
        """Somebody says something with no link in it."""
        self._talked += 1
        await self._say(self._talked % PEOPLE, self._talked % len(self._links), _CHATTER[self._talked % len(_CHATTER)])

    @abstractmethod
    async def _say(self, person: int, channel: int, text: str) -> Message: ...

    @abstractmethod
    def answered(self, shared: Message) -> float | None:
        """How many seconds after a message the bot's reply to it was there; None where it is not."""

    @abstractmethod
    async def react(self, shared: Message, person: int) -> None:
        """A person gives the reply to a message an emoji that is a vote for it."""

    @abstractmethod
    async def until(self, condition: Callable[[], object], seconds: float) -> None:
        """Wait until a condition holds; raises TimeoutError."""

    @abstractmethod
    def forget(self) -> None:
        """Let go of what was said, which nobody will ask for."""


class DiscordCrowd(Crowd[discord.Message]):
    """A server of the stand-in for Discord."""

    platform = "discord"

    def __init__(self, place: discord.DiscordStandIn, links: Sequence[str]) -> None:
        """Furnish a stand-in; it takes 5 messages in 5 seconds for each channel, as Discord does."""
        super().__init__(links)
        self._place = place
        place.limit("POST", "/channels/*/messages", 5, 5.0)
        self._people = [place.user(f"person-{number}") for number in range(PEOPLE)]
        guild = place.guild("music", members=self._people)
        self._channels = [place.channel(guild, f"music-{number}") for number in range(len(links))]

    @staticmethod
    def sections(place: discord.DiscordStandIn) -> Mapping[str, Mapping[str, object]]:
        """The bot's settings for it."""
        return {"discord": {"token": place.token, "api_base": place.api_base, "gateway": place.gateway_url}}

    async def _say(self, person: int, channel: int, text: str) -> discord.Message:
        return await self._place.says(self._people[person], self._channels[channel], text)

    def answered(self, shared: discord.Message) -> float | None:
        reply = self._reply(shared)
        return reply.at - shared.at if reply else None

    async def react(self, shared: discord.Message, person: int) -> None:
        if reply := self._reply(shared):
            await self._place.reacts(self._people[person], reply, "🔥")

    async def until(self, condition: Callable[[], object], seconds: float) -> None:
        await self._place.until(condition, seconds)

    def forget(self) -> None:
        self._place.forget()

    def _reply(self, shared: discord.Message) -> discord.Message | None:
        return next(iter(self._place.replies(shared)), None)


class SlackCrowd(Crowd[slack.Message]):
    """A workspace of the stand-in for Slack, whose app hears every message."""

    platform = "slack"

    def __init__(self, place: slack.SlackStandIn, links: Sequence[str]) -> None:
        """Furnish a stand-in for `app`; it takes a message a second for each channel, as Slack does."""
        super().__init__(links)
        self._place = place
        place.message_interval = 1.0
        self._people = [place.add_user(f"person-{number}") for number in range(PEOPLE)]
        self._channels = [place.add_channel(f"music-{number}", self._people) for number in range(len(links))]

    @staticmethod
    def app() -> slack.App:
        """The app as its manifest sets it up."""
        return slack.App(domains=DOMAINS)

    @staticmethod
    def sections(place: slack.SlackStandIn) -> Mapping[str, Mapping[str, object]]:
        """The bot's settings for it."""
        own = {"bot_token": place.bot_token, "app_token": place.app.app_token, "api_base": place.api_base, "messages": True}
        return {"slack": own}

    async def _say(self, person: int, channel: int, text: str) -> slack.Message:
        return await self._place.says(self._people[person], self._channels[channel], text)

    def answered(self, shared: slack.Message) -> float | None:
        reply = self._reply(shared)
        return float(reply.ts) - float(shared.ts) if reply else None

    async def react(self, shared: slack.Message, person: int) -> None:
        if reply := self._reply(shared):
            await self._place.reacts(self._people[person], reply, "fire")

    async def until(self, condition: Callable[[], object], seconds: float) -> None:
        await self._place.until(condition, seconds)

    def forget(self) -> None:
        self._place.forget()

    def _reply(self, shared: slack.Message) -> slack.Message | None:
        return next(iter(self._place.thread(shared)), None)


AnyCrowd = Crowd[Any]
