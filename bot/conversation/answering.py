"""Someone shared a song, or asked for one: whether and how that is answered, from what was heard to the posted reply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import texts
from bot.conversation.asking import (
    Pair,
    Query,
    asked_by,
    is_blend,
    kept,
    links_of,
    mark,
    message_of,
    names_song,
    queries_in,
    source_of,
    was_asked,
)
from bot.conversation.context import Context, key_of, new_id
from bot.conversation.delivery import Delivery, platform_of, song_of
from bot.conversation.review import CHOICES, Review
from bot.conversation.speaking import speak
from bot.conversation.under_way import UnderWay
from bot.curation.cooldowns import Cooldowns
from bot.curation.policy import Decision, State, decide
from bot.curation.settings import PlaceSettings
from bot.errors import QueryError, StoreError
from bot.hype import Answer
from bot.platforms.outlet import Asker, Heard, Outlet, OutletError, Place
from bot.songs.resolver import LookUp
from bot.songs.song import between
from bot.store.tables import KeptPost, stamp

MAX_SONGS = 3  # of one message that are answered
RECENT = timedelta(minutes=10)  # for so long what was begun is worth ending
_PATIENCE = 0.4  # seconds after which it is shown that an answer is coming

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Request:
    """Something heard or asked for, with all that an answer to it needs."""

    heard: Heard
    settings: PlaceSettings
    source: str
    began: float
    via: Outlet | None = None
    mark: str = ""  # behind the link, where one message may be answered more than once


class _NotWrittenError(StoreError):
    """A post could not even be claimed."""


class Answering:
    """Answers what is heard and asked; every public method tells what the asker alone is to read, and never raises."""

    def __init__(self, context: Context, delivery: Delivery, review: Review) -> None:
        """Work with these parts."""
        self._context = context
        self._delivery = delivery
        self._review = review
        self._cooldowns = Cooldowns(context.seconds)
        self._under_way = UnderWay(context.health)
        self._posts: set[str] = set()  # that are being worked on
        self._songs: set[tuple[str, str]] = set()  # (place, song) that are being answered

    @property
    def busy(self) -> int:
        """How many answers are under way."""
        return len(self._under_way)

    # What adapters call.

    async def heard(self, heard: Heard) -> str:
        """A message: links in it are answered, and whoever asked by name gets what they asked for."""
        self._context.health.heard(heard.place.platform, len(heard.links))
        if heard.author != "person" or not (heard.links or heard.asked):
            return ""
        return await self._under_way.do(heard.asked, lambda: self._hear(heard, source=heard.message))

    async def song(self, asker: Asker, text: str, via: Outlet | None = None) -> str:
        """A command or menu: links in a text, else the text as a song's name; `via` posts through the interaction."""
        queries = queries_in(asker, text)
        return await self._under_way.do(True, lambda: self._asks(asker, asked_by(asker, queries, text), via))

    async def again(self, asker: Asker, reply: str = "", via: Outlet | None = None) -> str:
        """Something else about the song of a reply, "" for the last one in this place."""
        return await self._under_way.do(True, lambda: self._again(asker, reply, via))

    async def blend(self, asker: Asker, one: str, other: str, via: Outlet | None = None) -> str:
        """A line between two songs, each a link or a name."""
        return await self._under_way.do(True, lambda: self._blend(asker, one, other, via))

    async def remove(self, asker: Asker, reply: str, moderates: bool) -> str:
        """Take a reply away, for whoever shared the song, and for moderators."""
        try:
            post = await self._context.posts.of_reply(reply)
            if post is None or post.message is None or post.scope != asker.place.scope:
                return texts.NO_SUCH_REPLY
            if not (moderates or post.person == asker.person):
                return texts.NOT_YOURS
            await self._delivery.take_back(post)
        except StoreError as error:
            return str(error)
        return texts.REMOVED

    async def gone(self, *messages: str) -> None:
        """Deleted messages: of ours it is written down, and what answered one of others' is taken back."""
        self._delivery.mark_gone(messages)
        try:
            for post in await self._context.posts.of_messages(messages):
                if post.message in messages:
                    await self._context.posts.removed(post.id)
                elif post.state == "sent":
                    await self._delivery.take_back(post)
                else:
                    await self._context.posts.dropped(post.id)
                    await self._review.withdraw(post)
        except StoreError as error:
            _log.error("A deleted message was not followed: %s", error)

    # What the conversation calls.

    async def resume(self, platform: str) -> None:
        """End what was begun before the program last ended, or could not be posted: what is still worth it."""
        since = stamp(self._context.clock() - RECENT)
        try:
            await self._context.posts.drop_older(since)
            unfinished = await self._context.posts.unfinished(since)
        except StoreError as error:
            _log.error("What was begun cannot be ended: %s", error)
            return
        for post in unfinished:
            if platform_of(post) == platform:
                await self._under_way.do(False, lambda id_=post.id: self._end(id_))  # type: ignore[misc] # mypy knows no default here

    async def close(self, patience: float) -> None:
        """Take on nothing more, and let what is under way end for `patience` seconds; what is left is for `resume`."""
        await self._under_way.close(patience)

    # The story.

    async def _asks(self, asker: Asker, heard: Heard, via: Outlet | None, pair: Pair | None = None) -> str:
        """Answer what somebody asked for by a command or menu."""
        return await self._hear(heard, source_of(asker), mark(asker), via, pair, by_command=True)

    async def _hear(
        self,
        heard: Heard,
        source: str,
        mark: str = "",
        via: Outlet | None = None,
        pair: Pair | None = None,
        *,
        by_command: bool = False,
    ) -> str:
        """Decide about something heard, and answer its songs, or what lies between two."""
        request = _Request(
            heard, await self._context.settings(heard.place, heard.parent), source, self._context.seconds(), via, mark
        )
        opted_out = await self._context.wishes.opted_out(heard.person)
        state = State(
            now=self._context.clock(),
            opted_out=opted_out,
            wait=self._cooldowns.would_wait(heard, request.settings),
            queue_full=self._under_way.full,
        )
        decision = decide(heard, request.settings, state)
        if decision.act == "silent":
            return self._refused(decision)
        if not heard.links and not (by_command and heard.text.strip()) and not names_song(heard.text):
            return texts.ASK_ME  # whoever mentions the bot may only want to thank it
        use = self._cooldowns.use(heard)
        queries: tuple[Query, ...] = (pair,) if pair else tuple(heard.links) or (heard.text,)
        told: list[str] = []
        said = False
        try:
            for query in queries[:MAX_SONGS]:
                sentence, done = await self._about(request, query)
                said |= done
                told += [sentence] if sentence else []
        finally:
            if not said:
                self._cooldowns.give_back(use)
        if heard.asked and len(queries) > MAX_SONGS:
            told.append(texts.first_of(MAX_SONGS, len(queries)))
        return " ".join(dict.fromkeys(told))

    async def _about(self, request: _Request, query: Query) -> tuple[str, bool]:
        """Claim one song and answer it; returns what to tell, and whether something came of it."""
        try:
            post = self._new_post(request, query)
            return await self._claimed(post, lambda: self._make(request, query, post), claim=True)
        except QueryError as error:
            return (str(error) if request.heard.asked else ""), False
        except _NotWrittenError as error:
            if not request.heard.asked:
                raise
            _log.error("A reply is not kept: %s", error)
            return await self._unkept(request, query, post)

    async def _claimed(
        self, post: KeptPost, make: Callable[[], Awaitable[tuple[str, bool]]], *, claim: bool = False
    ) -> tuple[str, bool]:
        """Do the work for a post that is claimed, or is to be; when it fails, it is given up, unless the program ends."""
        self._posts.add(post.id)
        try:
            if claim and not await self._claim(post):
                return "", False  # it is answered already, or somebody is at it
            sentence, done = await make()
            if not done:
                await self._context.posts.dropped(post.id)
            return sentence, done
        except (OutletError, _NotWrittenError):
            raise  # delivery knows what becomes of the post, or there is none
        except Exception:
            await self._context.posts.dropped(post.id)
            raise
        finally:
            self._posts.discard(post.id)

    async def _claim(self, post: KeptPost) -> bool:
        try:
            return await self._context.posts.claim(post)
        except StoreError as error:
            raise _NotWrittenError(str(error)) from error

    async def _make(self, request: _Request, query: Query, post: KeptPost) -> tuple[str, bool]:
        """Find a song out, decide again, and answer."""
        with self._typing(request):
            found, other = await self._found(query)
            song = between(found.song, other.song) if other else found.song
            heard, post.song = request.heard, key_of(song)
            if song.kind == "video" and not heard.asked:
                self._context.health.refused("no music")
                return "", False
            with self._alone(post) as first:
                decision = await self._decide_again(request, (found, other), post, first)
                if decision.act == "silent":
                    return self._refused(decision), False
                n = CHOICES if decision.act == "draft" else 1
                answer = await speak(self._context, found, heard.place, praise=request.settings.praise, n=n, other=other)
                return await self._say(request, post, decision, answer)

    async def _say(self, request: _Request, post: KeptPost, decision: Decision, answer: Answer) -> tuple[str, bool]:
        """Post an answer, or give it to the curators."""
        if not answer.replies:
            self._context.health.refused("nothing to say")
            return texts.nothing_to_say(answer), False
        if decision.act == "draft":
            await self._review.begin(post, answer, request.settings, parent=request.heard.parent)
            return decision.tell, True
        reply = self._delivery.keep(answer, 0, post)
        mode = "asked" if request.heard.asked else "auto"
        await self._delivery.deliver(post, reply, mode=mode, song=answer.song, via=request.via, began=request.began)
        return "", True

    async def _found(self, query: Query) -> tuple[LookUp, LookUp | None]:
        """The song that is asked about, or both."""
        if not isinstance(query, Pair):
            return await self._context.hype.look_up(query), None
        one, other = await asyncio.gather(*map(self._context.hype.look_up, query))
        return one, other

    async def _decide_again(
        self, request: _Request, found: tuple[LookUp, LookUp | None], post: KeptPost, first: bool
    ) -> Decision:
        """Decide once the song is known: whether it was answered here lately, or is blocked."""
        heard, settings, now = request.heard, request.settings, self._context.clock()
        said = not first
        if not said and post.song and not heard.asked:
            since = stamp(now - timedelta(seconds=settings.window))
            said = await self._context.posts.said(post.place, post.song, since)
        blocks = await self._context.blocks(heard.place.scope)
        return decide(
            heard,
            settings,
            State(
                now=now,
                since_same=0.0 if said else None,
                blocked=any(each and blocks.blocked_song(each.song) for each in found),
            ),
        )

    async def _unkept(self, request: _Request, query: Query, post: KeptPost) -> tuple[str, bool]:
        """Answer although nothing can be written down: whoever asked by name is answered all the same."""
        found, other = await self._found(query)
        answer = await speak(self._context, found, request.heard.place, praise=request.settings.praise, other=other)
        if not answer.replies:
            return texts.nothing_to_say(answer), False
        await self._delivery.show(post, answer, via=request.via)
        return texts.NOT_KEPT, True

    async def _again(self, asker: Asker, reply: str, via: Outlet | None) -> str:
        posts = self._context.posts
        before = await (posts.of_reply(reply) if reply else posts.last(str(asker.place)))
        reply_kept = await self._context.replies.get(before.reply) if before and before.reply else None
        if before is None or reply_kept is None or before.scope != asker.place.scope:
            return texts.NO_SUCH_REPLY
        asker = replace(asker, answering=message_of(before))
        links, song = links_of(before), song_of(reply_kept.song)
        if len(links) == 2:
            return await self._blend(asker, links[0].url, links[1].url, via)
        if is_blend(before) or not (links or song.title):
            return texts.NAME_NOT_KEPT
        return await self._asks(asker, asked_by(asker, links, song.line), via)

    async def _blend(self, asker: Asker, one: str, other: str, via: Outlet | None) -> str:
        pair = Pair(queries_in(asker, one)[0], queries_in(asker, other)[0])
        return await self._asks(asker, asked_by(asker, (), f"{one} {other}"), via, pair)

    async def _end(self, id_: str) -> str:
        """End one post that was begun, unless somebody is at it or was: post what is written, or make it anew."""
        if id_ in self._posts:
            return ""
        self._posts.add(id_)  # before anything is waited for, since several may resume at once
        try:
            post = await self._context.posts.get(id_)
            if post is None or post.state == "claimed":
                return await self._make_anew(post) if post else ""
            await self._delivery.resend(post)
            return ""
        finally:
            self._posts.discard(id_)

    async def _make_anew(self, post: KeptPost) -> str:
        links = links_of(post)
        if not links:  # what a person typed was not kept
            await self._context.posts.dropped(post.id)
            return ""
        place = Place.read(post.place)
        heard = Heard(message_of(post), place, post.person or "", links, asked=was_asked(post))
        request = _Request(heard, await self._context.settings(place), post.source, self._context.seconds())
        query = Pair(links[0], links[1]) if len(links) == 2 else links[0]
        return (await self._claimed(post, lambda: self._make(request, query, post)))[0]

    # Smaller parts.

    def _new_post(self, request: _Request, query: Query) -> KeptPost:
        heard = request.heard
        return KeptPost(
            id=new_id(),
            source=request.source,
            link=kept(query, request.mark),
            place=str(heard.place),
            scope=heard.place.scope,
            at=self._context.at(),
            person=heard.person,
        )

    def _refused(self, decision: Decision) -> str:
        self._context.health.refused(decision.reason)
        return decision.tell

    @contextmanager
    def _alone(self, post: KeptPost) -> Iterator[bool]:
        """Whether nobody else is answering the same song in the same place at this moment."""
        this = (post.place, post.song)
        first = not post.song or this not in self._songs
        if first:
            self._songs.add(this)
        try:
            yield first
        finally:
            if first:
                self._songs.discard(this)

    @contextmanager
    def _typing(self, request: _Request) -> Iterator[None]:
        """Show that an answer is coming, if it takes long."""
        place, loop = request.heard.place, asyncio.get_running_loop()
        shown: list[asyncio.Task[None]] = []

        def show() -> None:
            if (outlet := self._context.outlets.get(place.platform)) and request.via is None:
                shown.append(loop.create_task(outlet.typing(place)))

        later = loop.call_later(_PATIENCE, show)
        try:
            yield
        finally:
            later.cancel()
            for task in shown:
                task.cancel()
