"""What a conversation posts on Discord: as a reply with an embed where that is allowed, else the next best."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, NamedTuple, Protocol

from bot.platforms.on_discord.cards import message as rendered
from bot.platforms.on_discord.cards import pressed
from bot.platforms.on_discord.faults import NO_EMBEDS_OR_NO_WORDS, NO_HISTORY, RefusalError, refusal
from bot.platforms.on_discord.ids import message_id, read_message
from bot.platforms.outlet import Card, OutletError, Place

LOOK_BACK = 100  # messages among which one of ours is looked for
MAX_NONCE = 25  # characters
_MOST_LOGGED = 1000  # channels that the operator is told of

_log = logging.getLogger(__name__)


class May(NamedTuple):
    """What the bot is allowed to do in a channel, and of which server that is."""

    server: int
    send: bool
    embed: bool
    reply: bool


class Ours(NamedTuple):
    """A message of ours, as far as it tells which it is."""

    id: int
    nonce: str
    buttons: tuple[str, ...]  # their custom ids


class Line(Protocol):
    """What the bot can do with messages; every method but `may` raises OutletError where Discord does not let it."""

    def may(self, channel: int) -> May | None:
        """What is allowed in a channel; None where that is not known, and in private."""

    async def send(self, channel: int, payload: dict[str, Any], *, source: int | None, nonce: str) -> int:
        """Send a message, as a reply to `source`; the same nonce sends nothing twice within some minutes."""

    async def edit(self, channel: int, message: int, payload: dict[str, Any]) -> None:
        """Change a message of ours."""

    async def delete(self, channel: int, message: int) -> None:
        """Delete a message."""

    async def ours(self, channel: int, most: int) -> list[Ours]:
        """The bot's own among the newest messages of a channel."""

    async def types(self, channel: int) -> None:
        """Show for some seconds that the bot types."""


class DiscordOutlet:
    """Discord's end of a conversation."""

    def __init__(self, line: Line) -> None:
        """Post through this line."""
        self._line = line
        self._logged: set[tuple[str, str]] = set()

    async def post(
        self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "", plain: bool = False
    ) -> str:
        """Post a card, without an embed if `plain`; raises OutletError."""
        channel = _channel(place)
        may = self._line.may(channel)
        if may and not (may.send and str(may.server) == place.community):
            raise self._noted(place, refusal(403, NO_EMBEDS_OR_NO_WORDS, ""))
        embeds = not plain and (may is None or may.embed)
        source = self._source(place, answering) if may is None or may.reply else None
        while True:
            payload = rendered(card, embeds=embeds)
            try:
                sent = await self._line.send(channel, payload, source=source, nonce=nonce[:MAX_NONCE])
                return message_id(channel, sent)
            except RefusalError as refused:
                self._noted(place, refused)
                if refused.code == NO_HISTORY and source:
                    source = None
                elif refused.code == NO_EMBEDS_OR_NO_WORDS and embeds:
                    embeds = False
                else:
                    raise

    async def change(self, message: str, card: Card) -> None:
        """Show another card in place of one of ours; raises OutletError."""
        channel, number = _numbers(message)
        may = self._line.may(channel)
        await self._line.edit(channel, number, rendered(card, embeds=may is None or may.embed))

    async def remove(self, message: str) -> None:
        """Delete one of our messages; that it is gone already is well."""
        try:
            await self._line.delete(*_numbers(message))
        except OutletError as error:
            if error.reason != "gone":
                raise

    async def find(self, place: Place, nonce: str, *, answering: str = "") -> str:
        """Look among the newest messages for one of ours that has the nonce; raises OutletError."""
        channel = _channel(place)
        if (may := self._line.may(channel)) and not may.reply:  # Discord shows an empty channel then
            raise refusal(403, NO_HISTORY, "")
        for each in await self._line.ours(channel, LOOK_BACK):
            if _is_it(each, nonce):
                return message_id(channel, each.id)
        return ""

    async def typing(self, place: Place) -> None:
        """Show that the bot types."""
        with contextlib.suppress(OutletError):
            await self._line.types(_channel(place))

    def _source(self, place: Place, answering: str) -> int | None:
        """The message that is answered, if it is one of this channel."""
        channel, message = read_message(answering) or (0, 0)
        return message if channel == _channel(place) else None

    def _noted(self, place: Place, refused: RefusalError) -> RefusalError:
        """Tell the operator of a missing permission, once for each channel."""
        this = (place.channel, str(refused))
        if refused.reason == "forbidden" and this not in self._logged and len(self._logged) < _MOST_LOGGED:
            self._logged.add(this)
            _log.warning("In channel %s of server %s: %s", place.channel, place.community or "(private)", refused)
        return refused


def _channel(place: Place) -> int:
    """The number of a place's channel; raises OutletError for what is none, such as another platform's."""
    if not (place.channel.isascii() and place.channel.isdecimal()):
        raise refusal(404, 0, "")
    return int(place.channel)


def _numbers(message: str) -> tuple[int, int]:
    if (numbers := read_message(message)) is None:
        raise refusal(404, 0, "")
    return numbers


def _is_it(message: Ours, nonce: str) -> bool:
    """Whether a message has the nonce, which its buttons carry too."""
    replies = [press.reply for each in message.buttons if (press := pressed(each))]
    return bool(nonce) and (nonce in replies or message.nonce == nonce[:MAX_NONCE])
