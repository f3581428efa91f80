"""What people do with the app in Slack: the command, the shortcut, buttons and the modal, as calls of a conversation."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.conversation.review import fault
from bot.links import find_links
from bot.platforms.acts import act
from bot.platforms.on_slack import cards as slack_cards
from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import (
    PLATFORM,
    Spot,
    home_of,
    id_in,
    inside,
    key_of,
    listed,
    person_of,
    place_of,
    text_in,
    ts_in,
)
from bot.platforms.on_slack.outlet import Api, Respond, SlackOutlet, Through
from bot.platforms.on_slack.people import Members
from bot.platforms.on_slack.words import Command, notice, plain, read_command
from bot.platforms.outlet import Asker, Card

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

EDIT = "dhb:edit"  # the callback id of the modal
_BLOCK, _LINE = "text", "line"
_MOST_TYPED = 3_000  # characters that Slack takes in a field; too many for a reply are told of before it is closed

_log = logging.getLogger(__name__)


class Using:
    """Answers what people do with the app; no method raises."""

    def __init__(self, conversation: Conversation, outlet: SlackOutlet, api: Api, members: Members) -> None:
        """Ask a conversation; replies go through its outlet."""
        self._conversation = conversation
        self._outlet = outlet
        self._api = api
        self._members = members

    async def slash(self, team: str, body: dict[str, Any], respond: Respond) -> None:
        """Somebody has typed the command."""
        asker = await self._asker(team, id_in(body, "channel_id"), id_in(body, "user_id"), text_in(body, "trigger_id"))
        if asker is None:
            return
        said = await self._said(asker, read_command(text_in(body, "text")), Through(self._outlet, respond))
        await self._tell(respond, said)

    async def shortcut(self, team: str, body: dict[str, Any], respond: Respond) -> None:
        """Somebody has used "Hype this" on a message."""
        channel, text = id_in(body, "channel", "id"), text_in(body, "message", "text")
        spot = Spot(team, channel, ts_in(body, "message", "ts") or ts_in(body, "message_ts"))
        asker = await self._asker(team, channel, id_in(body, "user", "id"), text_in(body, "trigger_id"))
        if asker is None or not spot.ts:
            return
        thread = ts_in(body, "message", "thread_ts")
        author = "" if text_in(body, "message", "bot_id") else id_in(body, "message", "user")
        asker = replace(
            asker,
            answering=str(spot),
            author=person_of(team, author) if author else "",
            thread="" if thread == spot.ts else thread,
        )
        self._outlet.heard(spot, thread)
        wanted = " ".join(link.url for link in find_links(text, "slack")) or plain(text)
        await self._tell(respond, await self._conversation.answering.song(asker, wanted, via=Through(self._outlet, respond)))

    async def pressed(self, team: str, body: dict[str, Any], respond: Respond) -> None:
        """Somebody has pressed a button of ours."""
        action = next(iter(listed(body, "actions")), None)
        press = slack_cards.pressed(inside(action, "action_id"), inside(action, "value"))
        channel = id_in(body, "channel", "id") or id_in(body, "container", "channel_id")
        trigger, thread = text_in(body, "trigger_id"), _thread(body)
        asker = await self._asker(team, channel, id_in(body, "user", "id"), trigger)
        if press is None or asker is None:
            return
        asker = replace(asker, thread=thread)
        if press.button == "edit":
            said = await self._edit(asker, press.reply, trigger)
        else:
            with self._outlet.reaching(press.reply, respond):
                via = Through(self._outlet, respond)
                said = await act(self._conversation, asker, press, moderates=asker.manages, via=via)
        await self._tell(respond, said, thread)

    @staticmethod
    def fault(body: dict[str, Any]) -> dict[str, str]:
        """What is wrong with a modal that was filled in, by block; empty where nothing is."""
        refusal = fault(_typed(body))
        return {_BLOCK: refusal} if refusal else {}

    async def submitted(self, team: str, body: dict[str, Any]) -> None:
        """Somebody has filled in the modal for a draft's text."""
        draft, channel = _remembered(text_in(body, "view", "private_metadata"))
        user = id_in(body, "user", "id")
        trigger = text_in(body, "trigger_id") or f"{text_in(body, 'view', 'id')}.{text_in(body, 'view', 'hash')}"
        asker = await self._asker(team, channel, user, trigger)
        if asker is None or not draft:
            return
        said = await self._conversation.review.edit(asker, draft, _typed(body))
        if said:
            with suppress(SlackError):  # they see what became of the draft
                await self._api.write(team, "chat.postEphemeral", channel=channel, user=user, **notice(said))

    async def _said(self, asker: Asker, command: Command, via: Through) -> str | Card:
        """Do what a command says; returns what to tell whoever typed it."""
        talk, commands, one, other = self._conversation.answering, self._conversation.commands, command.one, command.other
        does: dict[str, Callable[[], Awaitable[str | Card]]] = {
            "song": lambda: talk.song(asker, one, via=via),
            "again": lambda: talk.again(asker, via=via),
            "blend": lambda: talk.blend(asker, one, other, via=via),
            "top": lambda: commands.top(asker, command.all),
            "settings": lambda: commands.settings(asker, one, other, command.here),
            "block": lambda: commands.block(asker, one, other),
            "unblock": lambda: commands.unblock(asker, one, other),
            "blocked": lambda: commands.blocked(asker),
            "reset": lambda: commands.reset(asker),
            "privacy": lambda: commands.privacy(asker, one),  # type: ignore[arg-type] # read_command lets only the four words through
        }
        if command.name == "help":
            return commands.help(PLATFORM)
        return await does[command.name]() if command.name in does else one

    async def _edit(self, asker: Asker, draft: str, trigger: str) -> str:
        """Open the modal, for which Slack gives three seconds."""
        text, sentence = await self._conversation.review.edit_text(asker, draft)
        if not text:
            return sentence
        team, channel = home_of(asker.place)
        try:
            await self._api.write(team, "views.open", trigger_id=trigger, view=_modal(draft, channel, text))
        except SlackError as error:
            _log.warning("A window for a draft could not be opened: %s", error)
            return "Slack did not open the window in time: press the button again."
        return ""

    async def _asker(self, team: str, channel: str, user: str, trigger: str) -> Asker | None:
        """Who asks, and where; None where the payload does not say."""
        if not (team and channel and user and trigger):
            return None
        private = channel.startswith("D")
        manages = private or (await self._members.get(team, user)).manages
        place = place_of(team, channel, private=private)
        return Asker(place, person_of(team, user), key_of(team, trigger), manages, (user,))

    async def _tell(self, respond: Respond, said: str | Card, thread: str = "") -> None:
        """Tell whoever asked, alone."""
        if not said:
            return
        shown = notice(said) if isinstance(said, str) else slack_cards.message(said)
        alone = {"response_type": "ephemeral", "replace_original": False, "unfurl_links": False, **shown}
        try:
            await respond({**alone, "thread_ts": thread} if thread else alone)
        except SlackError as error:
            _log.warning("Somebody who used a command could not be told what came of it: %s", error)


def _thread(body: dict[str, Any]) -> str:
    """The ts of the message that begins the thread in which a button was pressed; "" where it is in none."""
    return ts_in(body, "container", "thread_ts") or ts_in(body, "message", "thread_ts")


def _modal(draft: str, channel: str, text: str) -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": _LINE, "multiline": True, "initial_value": text[:_MOST_TYPED]}
    label = {"type": "plain_text", "text": "What I say about the song"}
    return {
        "type": "modal",
        "callback_id": EDIT,
        "private_metadata": json.dumps([draft, channel]),
        "title": {"type": "plain_text", "text": "Edit the draft"},
        "submit": {"type": "plain_text", "text": "Post"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [{"type": "input", "block_id": _BLOCK, "label": label, "element": {**field, "max_length": _MOST_TYPED}}],
    }


def _remembered(metadata: str) -> tuple[str, str]:
    """The draft and the channel that a modal was opened for; "" where it does not say."""
    try:
        value = json.loads(metadata)
    except (ValueError, RecursionError):
        value = None
    told = {"draft": value[0], "channel": value[1]} if isinstance(value, list) and len(value) == 2 else {}
    return text_in(told, "draft"), id_in(told, "channel")


def _typed(body: dict[str, Any]) -> str:
    return text_in(body, "view", "state", "values", _BLOCK, _LINE, "value")
