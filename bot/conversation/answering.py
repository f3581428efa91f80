"""Someone shared a song, or asked for one: whether that is answered, and what becomes of the answer afterwards."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot import texts
from bot.conversation.asking import (
    Pair,
    Query,
    asked_by,
    is_blend,
    is_marked,
    kept,
    links_of,
    mark,
    message_of,
    names_song,
    queries_in,
    source_of,
)
from bot.conversation.context import Context
from bot.conversation.delivery import Delivery, platform_of, song_of
from bot.conversation.making import Making, Request
from bot.conversation.review import Review
from bot.conversation.under_way import UnderWay
from bot.curation.cooldowns import Cooldowns, Notices
from bot.curation.policy import decide
from bot.errors import ClosingError, StoreError
from bot.platforms.outlet import Asker, Heard, Outlet
from bot.store.tables import stamp

MAX_SONGS = 3  # of one message that are answered
RECENT = timedelta(minutes=10)  # for so long what was begun is worth ending

_log = logging.getLogger(__name__)


class Answering:
    """Answers what is heard and asked; every public method tells what the asker alone is to read, and only `heard` raises."""

    def __init__(self, context: Context, delivery: Delivery, review: Review) -> None:
        """Work with these parts."""
        self._context = context
        self._delivery = delivery
        self._review = review
        self._cooldowns = Cooldowns(context.seconds)
        self._notices = Notices(context.seconds)
        self._under_way = UnderWay(context.health)
        self._making = Making(context, delivery, review, self._under_way)

    @property
    def busy(self) -> int:
        """How many answers are under way."""
        return len(self._under_way)

    # What adapters call.

    async def heard(self, heard: Heard) -> str:
        """A message: links in it are answered, and whoever asked by name gets what they asked for.

        What it tells may be read by others, so a person is told at most one thing in a channel in ten minutes. Raises
        ClosingError where the bot is about to end: the message has to be heard again after the restart.
        """
        self._context.health.heard(heard.place.platform, len(heard.links))
        if heard.author != "person" or not (heard.links or heard.asked):
            return ""
        told = await self._under_way.do(heard.asked, lambda: self._hears(heard))
        return told if told and self._notices.may(heard) else ""

    async def song(self, asker: Asker, text: str, via: Outlet | None = None) -> str:
        """A command or menu: links in a text, else the text as a song's name; `via` posts through the interaction."""
        queries = queries_in(asker, text)
        return await self._does(lambda: self._asks(asker, asked_by(asker, queries, text), via))

    async def again(self, asker: Asker, reply: str = "", via: Outlet | None = None) -> str:
        """Something else about the song of a reply, "" for the last one in this place."""
        return await self._does(lambda: self._again(asker, reply, via))

    async def blend(self, asker: Asker, one: str, other: str, via: Outlet | None = None) -> str:
        """A line between two songs, each a link or a name."""
        return await self._does(lambda: self._blend(asker, one, other, via))

    async def remove(self, asker: Asker, reply: str, moderates: bool) -> str:
        """Take a reply away, for whoever shared the song or asked for the reply, and for moderators."""
        try:
            post = await self._context.posts.of_reply(reply)
            if post is None or post.message is None or post.scope != asker.place.scope:
                return texts.NO_SUCH_REPLY
            if not (moderates or asker.person in {post.person, post.author}):
                return texts.NOT_YOURS
            return await self._delivery.take_back(post)
        except StoreError as error:
            return str(error)

    async def gone(self, *messages: str) -> None:
        """Deleted messages: of ours it is written down, and what answered one of others' is taken back."""
        self._delivery.mark_gone(messages)
        await self._review.gone(messages)
        try:
            for post in await self._context.posts.of_messages(messages):
                if post.message in messages:
                    await self._context.posts.removed(post.id)
                elif post.state in {"sending", "sent", "removing"}:
                    await self._delivery.take_back(post)
                else:
                    await self._context.posts.dropped(post.id)
                    await self._review.withdraw(post)
        except StoreError as error:
            _log.error("A deleted message was not followed: %s", error)

    # What the conversation calls.

    async def resume(self, platform: str) -> None:
        """End what was begun before the program last ended, or could not be done: what is still worth it."""
        posts, since = self._context.posts, stamp(self._context.clock() - RECENT)
        try:
            await posts.drop_older(since)
            unfinished = [*await posts.doubtful(since), *await posts.unfinished(since)]
            to_remove = await posts.to_remove()
        except StoreError as error:
            _log.error("What was begun cannot be ended: %s", error)
            return
        try:
            for post in unfinished:
                if platform_of(post) == platform:
                    await self._under_way.do(False, partial(self._making.end, post.id, since))
            for post in to_remove:
                if platform_of(post) == platform:
                    told = await self._under_way.do(False, partial(self._delivery.take_back, post))
                    if told == texts.REMOVED_LATER:
                        return  # nor can the others be removed now
        except ClosingError:
            return  # it is for the next start

    async def close(self, patience: float) -> None:
        """Take on nothing more, and let what is under way end for `patience` seconds; what is left is for `resume`."""
        await self._under_way.close(patience)

    # The story.

    async def _does(self, work: Callable[[], Awaitable[str]]) -> str:
        """Do what somebody asked for by a command, menu or button."""
        try:
            return await self._under_way.do(True, work)
        except ClosingError as error:
            return str(error)

    async def _hears(self, heard: Heard) -> str:
        settings = await self._context.settings(heard.place, heard.parent)
        return await self._answer(Request(heard, settings, heard.message, self._context.seconds(), heard.person))

    async def _asks(
        self, asker: Asker, heard: Heard, via: Outlet | None, pair: Pair | None = None, *, again: bool = False
    ) -> str:
        """Answer what somebody asked for by a command, menu or button."""
        settings, began = await self._context.settings(heard.place, heard.parent), self._context.seconds()
        source, author = source_of(asker), asker.author
        request = Request(heard, settings, source, began, author, via, mark(asker), by_command=True, again=again)
        return await self._answer(request, pair)

    async def _answer(self, request: Request, pair: Pair | None = None) -> str:
        """Decide about something heard, and answer its songs, or what lies between two."""
        heard, again = request.heard, request.again
        state = await self._making.unwanted(request)
        wait = self._cooldowns.would_wait(heard, request.settings, again=again)
        decision = decide(heard, request.settings, replace(state, wait=wait, queue_full=self._under_way.full))
        if decision.act == "silent":
            self._context.health.refused(decision.reason)
            return decision.tell
        if not heard.links and not (request.by_command and heard.text.strip()) and not names_song(heard.text):
            return texts.ASK_ME  # whoever mentions the bot may only want to thank it
        use = self._cooldowns.use(heard, again=again)
        queries: Sequence[Query] = (pair,) if pair else tuple(heard.links) or (heard.text,)
        told, said = list[str](), False
        try:
            new = await self._added(request, queries) if heard.edited and heard.links else queries[:MAX_SONGS]
            told, said = await self._making.answer(request, new)
        finally:
            if not said:
                self._cooldowns.give_back(use)
        if heard.asked and not heard.edited and len(queries) > MAX_SONGS:
            told.append(texts.first_of(MAX_SONGS, len(queries)))
        return " ".join(dict.fromkeys(told))

    async def _added(self, request: Request, queries: Sequence[Query]) -> Sequence[Query]:
        """What an edit has added to a message, as far as that makes no more than MAX_SONGS of it.

        Else somebody could go on for ever with a single message, since an edit does not wait for its own cooldown.
        """
        before = [post for post in await self._context.posts.of_source(request.source) if not is_marked(post)]
        known = {post.link for post in before if post.state != "dropped" or not request.heard.asked}
        room = MAX_SONGS - len(before)
        new: list[Query] = []
        for query in queries:
            link = kept(query)
            taken_over = any(post.link == link for post in before)
            if link not in known and (taken_over or room > 0):
                new.append(query)
                room -= not taken_over
        return new

    async def _again(self, asker: Asker, reply: str, via: Outlet | None) -> str:
        posts = self._context.posts
        before = await (posts.of_reply(reply) if reply else posts.last(str(asker.place)))
        reply_kept = await self._context.replies.get(before.reply) if before and before.reply else None
        if before is None or reply_kept is None or before.scope != asker.place.scope:
            return texts.NO_SUCH_REPLY
        asker = replace(asker, answering=message_of(before), author=before.author or "", thread=before.thread or asker.thread)
        links, song = links_of(before), song_of(reply_kept.song)
        if len(links) == 2:
            return await self._blend(asker, links[0].url, links[1].url, via, again=True)
        if is_blend(before) or not (links or song.title):
            return texts.NAME_NOT_KEPT
        return await self._asks(asker, asked_by(asker, links, song.line), via, again=True)

    async def _blend(self, asker: Asker, one: str, other: str, via: Outlet | None, *, again: bool = False) -> str:
        pair = Pair(queries_in(asker, one)[0], queries_in(asker, other)[0])
        return await self._asks(asker, asked_by(asker, (), f"{one} {other}"), via, pair, again=again)
