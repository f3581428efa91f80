"""What is done with the bot's buttons and forms on Discord, as calls of a conversation."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from bot.conversation.review import fault
from bot.platforms.acts import act
from bot.platforms.cards import Press
from bot.platforms.on_discord.answers import Asked, InteractionOutlet
from bot.platforms.on_discord.cards import pressed
from bot.platforms.on_discord.hearing import typed_in
from bot.platforms.on_discord.outlet import Line
from bot.platforms.outlet import Asker, OutletError

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

FIELD = "text"  # the custom id of the form's only field


class Used(Asked, Protocol):
    """A button or form."""

    async def form(self, custom_id: str, text: str) -> None:
        """Open a form with this text to be edited, and a field of the id `FIELD`; raises OutletError."""


class Using:
    """Answers whoever presses a button or sends a form."""

    def __init__(self, conversation: Conversation, line: Line) -> None:
        """Ask this conversation; what cannot be answered directly goes through the line."""
        self._conversation = conversation
        self._line = line

    async def pressed(self, used: Used, asker: Asker, custom_id: object, *, moderates: bool) -> None:
        """Somebody pressed a button; other programs' are left alone. `moderates`: they may delete messages of others."""
        if (press := pressed(custom_id)) is None:
            return
        via = InteractionOutlet(self._line, used)
        if press.button == "edit":
            await self._opens(used, via, asker, press, str(custom_id))
            return
        await via.answers(act(self._conversation, asker, press, moderates=moderates, via=via), public=True)

    async def sent(self, used: Used, asker: Asker, custom_id: object, components: object) -> None:
        """Somebody sent a form; other programs' are left alone."""
        if press := pressed(custom_id):
            work = self._edited(asker, press.reply, typed_in(components, FIELD))
            await InteractionOutlet(self._line, used).answers(work)

    async def _opens(self, used: Used, via: InteractionOutlet, asker: Asker, press: Press, custom_id: str) -> None:
        text, told = await self._conversation.review.edit_text(asker, press.reply)
        if not text:
            await via.tell(told)
            return
        with contextlib.suppress(OutletError):
            await used.form(custom_id, text)

    async def _edited(self, asker: Asker, draft: str, text: str) -> str:
        """Post what a curator wrote; a form cannot be shown again, so what cannot be posted is given back to them."""
        if refusal := fault(text):
            return f"{refusal}\n{quoted(text)}"
        return await self._conversation.review.edit(asker, draft, text)


def quoted(text: str) -> str:
    """A text in a block, so that it can be copied as it was typed; "" for none."""
    inner = text.strip().replace("```", "`\u200b`\u200b`")
    return f"```\n{inner}\n```" if inner else ""
