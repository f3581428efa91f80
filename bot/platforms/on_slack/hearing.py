"""Slack's events as calls of a conversation: links shared, mentions, private messages, edits, deletions, reactions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from bot.conversation.asking import names_song
from bot.errors import ClosingError
from bot.links import Link, find_links
from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import PLATFORM, Spot, id_in, listed, person_of, place_of, text_in, ts_in
from bot.platforms.on_slack.missed import Missed
from bot.platforms.on_slack.outlet import Api, SlackOutlet
from bot.platforms.on_slack.people import Members
from bot.platforms.on_slack.words import notice, plain
from bot.platforms.outlet import Heard

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

# What people write has none of the other subtypes: those tell of joins, topics, bots and the like.
_WRITTEN = frozenset({"", "file_share", "me_message", "thread_broadcast"})
_VOTES = frozenset({"reaction_added", "reaction_removed"})
_MOST_LINKS = 50  # that are looked at in one event

_log = logging.getLogger(__name__)
Work = Callable[[], Awaitable[None]]


class Us(NamedTuple):
    """The app in one workspace: its user and its bot id there, "" where Slack has not told them."""

    team: str
    user: str
    bot: str


class Hearing:
    """Hears what happens in all workspaces; with `messages`, links in every message, not only those Slack tells of."""

    def __init__(
        self, conversation: Conversation, outlet: SlackOutlet, api: Api, members: Members, missed: Missed, *, messages: bool
    ) -> None:
        """Tell a conversation, answer through its outlet; `missed` is told what comes while it reads."""
        self._conversation = conversation
        self._outlet = outlet
        self._api = api
        self._members = members
        self._missed = missed
        self._messages = messages
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._kinds: dict[str, Callable[[Us, dict[str, Any]], Work | None]] = {
            "link_shared": self._shared,
            "app_mention": self._mentioned,
            "message": self._message,
            "reaction_added": self._reaction,
            "reaction_removed": self._reaction,
        }

    async def event(self, us: Us, event_id: str, event: dict[str, Any]) -> None:
        """Follow an event, once; Slack sends it again where it was not acknowledged in time.

        Raises ClosingError, and nothing else, where the bot is about to end: then Slack has to tell of it again.
        """
        read = self._kinds.get(text_in(event, "type"))
        try:
            work = read(us, event) if read else None
            if work is None:
                return
            # What one person does to one message comes in order, and must stay in it.
            item = event.get("item") if isinstance(event.get("item"), dict) else event
            about = f"{us.team} {id_in(event, 'user')} {ts_in(item, 'ts') or ts_in(item, 'message_ts')}"
            async with self._turns.setdefault(about, asyncio.Lock()):
                await self._once(work, f"{PLATFORM}:{event_id}" if event_id else "", text_in(event, "type") in _VOTES)
        except ClosingError:
            raise
        except Exception:  # a fault of ours: the next event must be heard all the same
            _log.exception("An event of Slack's could not be followed.")

    async def _once(self, work: Work, event: str, vote: bool) -> None:
        """Do what an event calls for, unless that was done before.

        An old vote told again would undo a newer one, so votes are written down as seen first: those that a sudden end
        leaves out are read back at the next start. All else is written down as seen once it is done: what is done twice
        finds that it was claimed.
        """
        if not event:
            await work()
        elif vote:
            if await self._conversation.seen(event):
                await work()
        elif not await self._conversation.knows(event):
            await work()
            await self._conversation.seen(event)

    # Each reads an event and gives what is to be done about it, None for nothing.

    def _shared(self, us: Us, event: dict[str, Any]) -> Work | None:
        # Links that are still being typed, and those in channels to which nobody has invited the app, are not answered.
        if event.get("source") == "composer" or event.get("is_bot_user_member") is False:
            return None
        urls = [text_in(each, "url") for each in listed(event, "links")[:_MOST_LINKS]]
        links = tuple(dict.fromkeys(link for url in urls for link in find_links(url, "slack")))
        private = id_in(event, "channel").startswith("D")
        heard = _heard(us, event, ts_in(event, "message_ts"), links, asked=private)
        return self._answering(us, heard, event) if heard and links else None

    def _mentioned(self, us: Us, event: dict[str, Any]) -> Work | None:
        if text_in(event, "bot_id") or id_in(event, "user") in {"", us.user}:
            return None
        text = text_in(event, "text")
        heard = _heard(us, event, ts_in(event, "ts"), find_links(text, "slack"), asked=True, text=plain(text))
        if heard is None:
            return None
        if heard.links or not (thread := ts_in(event, "thread_ts")):
            return self._answering(us, heard, event)

        async def with_links_above() -> None:
            channel = id_in(event, "channel")
            try:
                links = await self._links_of(us.team, channel, thread)
            except SlackError as error:
                if not names_song(heard.text):
                    told = f"I cannot see what this thread is about, unless you mention me with the link itself. {error}"
                    await self._tell(us.team, channel, id_in(event, "user"), thread, told)
                    return
                links = ()
            work = self._answering(us, replace(heard, links=links, text="" if links else heard.text), event)
            await work()

        return with_links_above

    def _message(self, us: Us, event: dict[str, Any]) -> Work | None:
        subtype, channel = text_in(event, "subtype"), id_in(event, "channel")
        if subtype == "message_deleted":
            return self._gone(us.team, channel, ts_in(event, "deleted_ts"))
        if subtype == "message_changed":
            if text_in(event, "message", "subtype") == "tombstone":
                return self._gone(us.team, channel, ts_in(event, "message", "ts"))
            return self._changed(us, channel, event)
        private = channel.startswith("D")
        text = text_in(event, "text")
        # A mention is told as an event of its own, but not in private.
        if not private and (not self._messages or f"<@{us.user}>" in text):
            return None
        heard = _written(us, event, channel, find_links(text, "slack"))
        if heard is None or not (heard.links or private):
            return None
        return self._answering(us, replace(heard, asked=private, text=plain(text) if private else ""), event)

    def _changed(self, us: Us, channel: str, event: dict[str, Any]) -> Work | None:
        """An edit is heard for the links that it adds; what Slack itself adds to a message is not one."""
        message = event.get("message")
        before = find_links(text_in(event, "previous_message", "text"), "slack")
        links = tuple(link for link in find_links(text_in(message, "text"), "slack") if link not in before)
        private = channel.startswith("D")
        if not links or not isinstance(message, dict) or not (private or self._messages):
            return None
        heard = _written(us, message, channel, links)
        return (
            self._answering(us, replace(heard, asked=private, edited=True), {**message, "channel": channel}) if heard else None
        )

    def _reaction(self, us: Us, event: dict[str, Any]) -> Work | None:
        user, channel, ts = id_in(event, "user"), id_in(event, "item", "channel"), ts_in(event, "item", "ts")
        ours = id_in(event, "item_user") in {"", us.user}
        if not (ours and user and channel and ts) or user == us.user:
            return None
        message, added = str(Spot(us.team, channel, ts)), event.get("type") == "reaction_added"
        place = place_of(us.team, channel, private=channel.startswith("D"))
        emoji = f":{text_in(event, 'reaction')}:"

        async def vote() -> None:
            self._missed.changes(message)
            if not (await self._members.get(us.team, user)).is_bot:
                await self._conversation.voting.reacted(message, person_of(us.team, user), emoji, place, added=added)

        return vote

    def _gone(self, team: str, channel: str, ts: str) -> Work | None:
        if not (channel and ts):
            return None
        return lambda: self._conversation.answering.gone(str(Spot(team, channel, ts)))

    def _answering(self, us: Us, heard: Heard, event: dict[str, Any]) -> Work:
        """Tell the conversation, and whoever asked what it says to them."""
        spot, user = Spot.read(heard.message), id_in(event, "user")

        async def answer() -> None:
            thread = ts_in(event, "thread_ts")
            if spot:
                self._outlet.heard(spot, thread)
            author = "self" if user == us.user else "person"
            if author == "person" and (await self._members.get(us.team, user)).is_bot:
                author = "bot"
            if sentence := await self._conversation.answering.heard(replace(heard, author=author)):  # type: ignore[arg-type] # one of three words
                await self._tell(us.team, id_in(event, "channel"), user, thread, sentence)

        return answer

    async def _tell(self, team: str, channel: str, user: str, thread: str, sentence: str) -> None:
        """Tell somebody something alone."""
        arguments = {"channel": channel, **notice(sentence)} | ({"thread_ts": thread} if thread else {})
        with suppress(SlackError):  # they will see that nothing comes
            if channel.startswith("D"):
                await self._api.write(team, "chat.postMessage", **arguments)
            else:
                await self._api.write(team, "chat.postEphemeral", user=user, **arguments)

    async def _links_of(self, team: str, channel: str, ts: str) -> tuple[Link, ...]:
        """The links of the message that begins a thread; raises SlackError where Slack does not show it to the app.

        It need not, where it has told of the links before.
        """
        if links := await self._conversation.links_of(str(Spot(team, channel, ts))):
            return links
        told = await self._api.read(team, "conversations.replies", channel=channel, ts=ts, limit=1)
        first = next(iter(listed(told, "messages")), None)
        return find_links(text_in(first, "text"), "slack")


def _heard(
    us: Us, event: dict[str, Any], ts: str, links: tuple[Link, ...], *, asked: bool = False, text: str = ""
) -> Heard | None:
    """What was heard, None where the event does not say where or from whom."""
    channel, user = id_in(event, "channel"), id_in(event, "user")
    if not (channel and user and ts):
        return None
    place = place_of(us.team, channel, private=channel.startswith("D"))
    thread, spot = ts_in(event, "thread_ts"), Spot(us.team, channel, ts)
    thread = "" if thread == ts else thread  # which begins one itself
    return Heard(str(spot), place, person_of(us.team, user), links, asked=asked, text=text, thread=thread)


def _written(us: Us, message: dict[str, Any], channel: str, links: tuple[Link, ...]) -> Heard | None:
    """A message that a person wrote, None for every other."""
    if text_in(message, "subtype") not in _WRITTEN or message.get("bot_id") or id_in(message, "user") == us.user:
        return None
    return _heard(us, {**message, "channel": channel}, ts_in(message, "ts"), links)
