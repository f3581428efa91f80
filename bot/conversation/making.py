"""Makes answers: each song is claimed, found out, decided about again, and answered; or ended later, where that was cut off."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from bot import texts
from bot.conversation.asking import Pair, Query, kept, links_of, message_of
from bot.conversation.context import Context, key_of, new_id
from bot.conversation.delivery import Delivery
from bot.conversation.review import CHOICES, Review
from bot.conversation.speaking import speak
from bot.conversation.under_way import UnderWay
from bot.curation.policy import Decision, State, decide
from bot.curation.settings import PlaceSettings
from bot.errors import QueryError, StoreError
from bot.hype import Answer
from bot.platforms.outlet import Heard, Outlet, OutletError, Place
from bot.songs.resolver import LookUp
from bot.songs.song import between
from bot.store.tables import KeptPost, stamp

_PATIENCE = 0.4  # seconds after which it is shown that an answer is coming

_log = logging.getLogger(__name__)

Outcome = tuple[str, bool]  # what to tell, and whether something came of it


@dataclass(frozen=True)
class Request:
    """Something heard or asked for, with all that an answer to it needs."""

    heard: Heard
    settings: PlaceSettings
    source: str
    began: float
    author: str = ""  # who wrote the message that is answered; "" where there is none, or that is not known
    via: Outlet | None = None
    mark: str = ""  # behind the link, where one message may be answered more than once
    by_command: bool = False
    again: bool = False  # whether another reply is wanted to what was answered before


class Making:
    """Makes the answers to songs, each once and each for itself."""

    def __init__(self, context: Context, delivery: Delivery, review: Review, under_way: UnderWay) -> None:
        """Work with these parts."""
        self._context = context
        self._delivery = delivery
        self._review = review
        self._under_way = under_way
        self._posts: set[str] = set()  # that are being worked on
        self._songs: set[tuple[str, str]] = set()  # (place, song) that are being answered

    async def answer(self, request: Request, queries: Sequence[Query]) -> tuple[list[str], bool]:
        """Claim all songs of a request at once, then answer one after the other, whatever becomes of the others.

        Returns what to tell, and whether something came of any. Raises StoreError where none can be claimed, and nobody
        asked.
        """
        asked, told = request.heard.asked, list[str]()
        posts: list[tuple[Query, KeptPost]] = []
        for query in queries:
            try:
                posts.append((query, self._new_post(request, query)))
            except QueryError as error:
                told += [str(error)] if asked else []
        here = {post.id for _, post in posts}
        self._posts |= here
        try:
            works = await self._claimed(request, posts)
            outcomes = [await self._try(asked, work) for work in works]
        finally:
            self._posts -= here
        return [*told, *(sentence for sentence, _ in outcomes if sentence)], any(done for _, done in outcomes)

    async def end(self, id_: str, since: str) -> str:
        """End one post that was begun, unless somebody is at it or was: post what is written, or make it anew.

        What was begun before a moment is only looked for, and given up where it was not posted.
        """
        if id_ in self._posts:
            return ""
        self._posts.add(id_)  # before anything is waited for, since several may resume at once
        try:
            post = await self._context.posts.get(id_)
            if post is None or post.state == "claimed":
                return await self._make_anew(post) if post else ""
            await self._delivery.resend(post, late=post.at < since)
            return ""
        finally:
            self._posts.discard(id_)

    async def unwanted(self, request: Request) -> State:
        """Whether somebody whom the answer is for wants none; raises StoreError."""
        person, author, opted_out = request.heard.person, request.author, self._context.wishes.opted_out
        return State(
            now=self._context.clock(),
            opted_out=await opted_out(person),
            author_opted_out=bool(author) and author != person and await opted_out(author),
            by_command=request.by_command,
        )

    # From a claim to an answer.

    async def _claimed(
        self, request: Request, posts: Sequence[tuple[Query, KeptPost]]
    ) -> list[Callable[[], Awaitable[Outcome]]]:
        """Claim posts, and give the work that each that was not claimed before calls for."""
        try:
            claimed = await self._context.posts.claim_all([post for _, post in posts]) if posts else set()
        except StoreError as error:
            if not request.heard.asked:
                raise
            _log.error("A reply is not kept: %s", error)
            return [partial(self._unkept, request, query, post) for query, post in posts]
        return [
            partial(self._ended, post, partial(self._make, request, query, post)) for query, post in posts if post.id in claimed
        ]

    async def _try(self, asked: bool, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Do some work; what goes wrong is told or logged, and keeps nothing else from being done."""
        done = False

        async def noted() -> str:
            nonlocal done
            sentence, done = await work()
            return sentence

        return await self._under_way.told(asked, noted), done

    async def _ended(self, post: KeptPost, make: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Do the work for a claimed post; when it fails, or nothing comes of it, it is given up, unless the program ends."""
        try:
            sentence, done = await make()
        except OutletError:
            raise  # delivery knows what becomes of the post
        except Exception:
            await self._context.posts.dropped(post.id)
            raise
        if not done:
            await self._context.posts.dropped(post.id)
        return sentence, done

    async def _make(self, request: Request, query: Query, post: KeptPost) -> Outcome:
        """Find a song out, decide again, and answer."""
        heard = request.heard
        with ExitStack() as shown:
            if heard.asked:
                shown.enter_context(self._typing(request))
            found, other = await self._found(query)
            song = between(found.song, other.song) if other else found.song
            post.song = key_of(song)
            if song.kind == "video" and not heard.asked:
                self._context.health.refused("no music")
                return "", False
            first = shown.enter_context(self._alone(post))
            decision = await self._decide_again(request, (found, other), post, first)
            if decision.act == "silent":
                self._context.health.refused(decision.reason)
                return decision.tell, False
            if decision.act == "answer" and not heard.asked:
                shown.enter_context(self._typing(request))
            n = CHOICES if decision.act == "draft" else 1
            answer = await speak(self._context, found, heard.place, praise=request.settings.praise, n=n, other=other)
            return await self._say(request, post, decision, answer)

    async def _say(self, request: Request, post: KeptPost, decision: Decision, answer: Answer) -> Outcome:
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
        self, request: Request, found: tuple[LookUp, LookUp | None], post: KeptPost, first: bool
    ) -> Decision:
        """Decide once the song is known: whether it was answered here lately, or is blocked, or is not wanted any more."""
        heard, settings = request.heard, request.settings
        state = await self.unwanted(request)
        said = not first
        if not said and post.song and not heard.asked:
            since = stamp(state.now - timedelta(seconds=settings.window))
            said = await self._context.posts.said(post.place, post.song, since)
        blocks = await self._context.blocks(heard.place.scope)
        blocked = any(each and blocks.blocked_song(each.song) for each in found)
        return decide(heard, settings, replace(state, since_same=0.0 if said else None, blocked=blocked))

    async def _unkept(self, request: Request, query: Query, post: KeptPost) -> Outcome:
        """Answer although nothing can be written down: whoever asked by name is answered all the same."""
        found, other = await self._found(query)
        answer = await speak(self._context, found, request.heard.place, praise=request.settings.praise, other=other)
        if not answer.replies:
            return texts.nothing_to_say(answer), False
        await self._delivery.show(post, answer, via=request.via)
        return texts.NOT_KEPT, True

    async def _make_anew(self, post: KeptPost) -> str:
        """Answer what was claimed before the program ended, as it was heard then."""
        links = links_of(post)
        if not links:  # what a person typed was not kept
            await self._context.posts.dropped(post.id)
            return ""
        place = Place.read(post.place)
        heard = Heard(
            message_of(post),
            place,
            post.person or "",
            links,
            asked=post.asked,
            nsfw=post.nsfw,
            parent=post.parent,
            thread=post.thread,
        )
        settings = await self._context.settings(place, post.parent)
        request = Request(heard, settings, post.source, self._context.seconds(), post.author or "")
        query = Pair(links[0], links[1]) if len(links) == 2 else links[0]
        return (await self._ended(post, partial(self._make, request, query, post)))[0]

    # Smaller parts.

    def _new_post(self, request: Request, query: Query) -> KeptPost:
        heard = request.heard
        return KeptPost(
            id=new_id(),
            source=request.source,
            link=kept(query, request.mark),
            place=str(heard.place),
            scope=heard.place.scope,
            at=self._context.at(),
            person=heard.person,
            author=request.author or None,
            parent=heard.parent,
            thread=heard.thread,
            asked=heard.asked,
            nsfw=heard.nsfw,
        )

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
    def _typing(self, request: Request) -> Iterator[None]:
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
