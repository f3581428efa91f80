"""What people write on Discord, told to a conversation: messages, what edits add to them, and deletions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.conversation.answering import RECENT
from bot.errors import ClosingError
from bot.platforms.on_discord.hearing import Words, heard_in
from bot.platforms.on_discord.ids import message_id, person_id, place_of, sent_at
from bot.platforms.on_discord.outlet import DiscordOutlet
from bot.platforms.outlet import Card, Heard, OutletError

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation


@dataclass(frozen=True)
class Written:
    """A message that a person wrote, as far as it concerns the bot."""

    id: int
    channel: int
    guild: int | None  # None in private
    author: int
    content: str = field(repr=False)
    names: tuple[int | None, ...]  # by which the bot is mentioned: its own id, and its role's
    to_me: bool = False  # whether it replies to one of the bot's
    answered: str = field(default="", repr=False)  # what the message that it replies to is about
    nsfw: bool = False
    parent: str = ""  # the channel to which a thread belongs

    def words(self, content: str) -> Words:
        """What a text says that stands, or stood, in this message."""
        private = self.guild is None
        return heard_in(content, me=self.names, private=private, to_me=self.to_me, answered=self.answered)


class Listening:
    """Tells a conversation what it hears."""

    def __init__(
        self, conversation: Conversation, outlet: DiscordOutlet, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Tell this conversation; what it has to say to whoever asked goes through its outlet."""
        self._conversation = conversation
        self._outlet = outlet
        self._clock = clock

    async def heard(self, written: Written) -> None:
        """Somebody wrote a message."""
        await self._hear(written, written.words(written.content))

    async def edited(self, written: Written, before: str | None) -> None:
        """Somebody changed a message, which said `before`; None where that is not known any more.

        Only what is new in it is heard. Where that cannot be told, an old message is left alone: most edits mend a typo.
        """
        words = written.words(written.content)
        if before is not None:
            words = _added(written.words(before), words)
        elif self._clock() - sent_at(written.id) > RECENT:
            return
        if words.links:
            await self._hear(written, words, edited=True)

    async def deleted(self, channel: int, messages: Iterable[int]) -> None:
        """Messages of a channel were deleted."""
        await self._conversation.answering.gone(*(message_id(channel, each) for each in messages))

    async def _hear(self, written: Written, words: Words, *, edited: bool = False) -> None:
        heard = Heard(
            message_id(written.channel, written.id),
            place_of(written.guild, written.channel),
            person_id(written.author),
            words.links,
            asked=words.asked,
            edited=edited,
            nsfw=written.nsfw,
            text=words.text,
            parent=written.parent,
        )
        with contextlib.suppress(ClosingError, OutletError):  # Discord tells nothing again
            if told := await self._conversation.answering.heard(heard):
                await self._outlet.post(heard.place, Card("notice", "", "", told, "", ""), answering=heard.message, plain=True)


def _added(before: Words, now: Words) -> Words:
    """What an edit has added: new links, and all of them where only now the bot is asked."""
    if now.asked and not before.asked:
        return now
    return replace(now, links=tuple(link for link in now.links if link not in before.links))
