"""What the buttons of a card do, on whatever platform they were pressed."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from bot.conversation.context import is_draft
from bot.platforms.cards import Press
from bot.platforms.outlet import Asker, Outlet

if TYPE_CHECKING:  # an adapter is given one
    from bot.conversation.conversation import Conversation


async def act(
    conversation: Conversation, asker: Asker, press: Press, *, moderates: bool = False, via: Outlet | None = None
) -> str:
    """Do what a pressed button says, and return what to tell whoever pressed it.

    `moderates` is whether they may remove messages of others; `via` posts in answer to the press. "edit" does nothing: the
    platform opens a form for it.
    """
    reply = press.reply
    work: Awaitable[str]
    match press.button:
        case "up" | "down":
            work = conversation.voting.pressed(asker, reply, 1 if press.button == "up" else -1)
        case "again":
            review, answering = conversation.review, conversation.answering
            work = review.another(asker, reply) if is_draft(reply) else answering.again(asker, reply, via)
        case "why":
            work = conversation.commands.why(asker, reply)
        case "remove":
            work = conversation.answering.remove(asker, reply, moderates)
        case "approve":
            work = conversation.review.approve(asker, reply, press.choice)
        case "reject":
            work = conversation.review.reject(asker, reply)
        case "edit":
            return ""
    return await work
