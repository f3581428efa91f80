"""How commands, menus, buttons and forms on Discord are answered: in time, and to the right eyes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from typing import Any, Literal, Protocol

from bot.platforms.on_discord.cards import message as rendered
from bot.platforms.on_discord.hearing import pages
from bot.platforms.on_discord.ids import message_id
from bot.platforms.on_discord.outlet import DiscordOutlet, Line
from bot.platforms.outlet import Card, OutletError, Place

GRACE = 1.0  # seconds in which an answer needs no putting off; Discord gives three for either

_log = logging.getLogger(__name__)


class Asked(Protocol):
    """Something that somebody used; every method may raise OutletError."""

    @property
    def is_command(self) -> bool:
        """Whether it is a command or menu, which only a message can answer; buttons and forms need none."""

    @property
    def may_embed(self) -> bool:
        """Whether embeds are allowed where it was used."""

    @property
    def is_answered(self) -> bool:
        """Whether there was a first response."""

    async def respond(self, payload: dict[str, Any], *, alone: bool) -> int:
        """Answer with a message that all see, or the asker alone; returns its number."""

    async def put_off(self, *, alone: bool) -> None:
        """Say that an answer will come; for a command that shows as thinking, to all or to the asker alone."""

    async def follow(self, payload: dict[str, Any], *, alone: bool) -> int:
        """Send one more message, which takes the place of thinking, and then is seen by whoever sees that."""

    async def take_back(self) -> None:
        """Delete the first response."""


class InteractionOutlet(DiscordOutlet):
    """Something that somebody used: what is posted is its answer, and all else only the asker sees."""

    def __init__(self, line: Line, asked: Asked) -> None:
        """Answer this; what cannot be done as an answer goes through the line."""
        super().__init__(line)
        self._asked = asked
        self._turn = asyncio.Lock()
        self._thinking: Literal["", "seen by all", "seen by the asker"] = ""

    async def answers(self, work: Awaitable[str | Card], *, public: bool = False) -> None:
        """Let work be done and tell the asker what comes of it; Discord is told to wait where that takes long.

        `public` is whether it may post through this outlet: until it does, all see that the bot is thinking.
        """
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=GRACE)
        if not done:
            await self._put_off(public)
        await self.tell(await task)

    async def post(
        self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "", plain: bool = False
    ) -> str:
        """Post a card as the answer, or behind it; raises OutletError."""
        payload = rendered(card, embeds=self._asked.may_embed and not plain)
        async with self._turn:
            try:
                return message_id(int(place.channel), await self._send(payload, alone=False))
            except OutletError as error:
                if error.reason in {"limited", "down"} and nonce and (found := await self._posted(place, nonce, error)):
                    return found  # only Discord's word for it was lost
                raise

    async def tell(self, what: str | Card) -> None:
        """Tell the asker alone, or nothing for ""; where Discord does not let us, nobody is told."""
        async with self._turn:
            try:
                await self._settle(bool(what))
                if isinstance(what, Card):
                    await self._send(rendered(what, embeds=self._asked.may_embed), alone=True)
                    return
                for page in pages(what):
                    await self._send({"content": page, "embeds": [], "components": []}, alone=True)
            except OutletError as error:
                _log.info("Somebody was not told something: %s", error)

    async def _posted(self, place: Place, nonce: str, error: OutletError) -> str:
        """Whether an answer that met with an error is there nonetheless; where nobody can look, the error is uncertain."""
        try:
            found = await self.find(place, nonce)
        except OutletError:
            error.certain = False
            raise error from None
        error.certain = True
        return found

    async def _send(self, payload: dict[str, Any], *, alone: bool) -> int:
        if not self._asked.is_answered:
            return await self._asked.respond(payload, alone=alone)
        self._thinking = ""
        return await self._asked.follow(payload, alone=alone)

    async def _put_off(self, public: bool) -> None:
        async with self._turn:
            if not self._asked.is_answered:
                with contextlib.suppress(OutletError):  # then there is nobody to answer, but the work is done all the same
                    await self._asked.put_off(alone=not public)
                    if self._asked.is_command:
                        self._thinking = "seen by all" if public else "seen by the asker"

    async def _settle(self, something: bool) -> None:
        """Before something, or nothing, is told to the asker alone: nobody is to see the bot think for ever.

        What takes the place of a thinking that all see would be seen by all; and everything used wants a response.
        """
        if not something and not self._asked.is_answered:
            await self._asked.put_off(alone=True)
            if self._asked.is_command:
                await self._asked.take_back()
        elif self._thinking == "seen by all" or (self._thinking and not something):
            self._thinking = ""
            await self._asked.take_back()
