"""Votes on our messages: by emoji in the order in which they were cast, by buttons, and what was cast while nobody listened."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile

from bot import texts
from bot.conversation.context import Context
from bot.curation.signs import Signs, meaning_of
from bot.curation.votes import Ballot, Sign
from bot.errors import HypeError, InputError, StoreError
from bot.platforms.outlet import Asker, Place
from bot.store.tables import stamp
from bot.store.vote_writer import VoteWriter
from bot.store.votes import MessageVote

# Hardly anybody scrolls farther back to vote, and each message that is read back costs a request or more. What is kept so
# that an emoji counts no more is forgotten after this time too, so that nothing older may be read back.
RECENT = timedelta(days=14)
# What cannot be written down, since the database fails, is tried again for so long, and not more than so many.
_LATE = timedelta(minutes=10)
_MOST_LEFT = 10_000
_AT_ONCE = 1_000  # in one transaction, which keeps other writers waiting
_MOST_UNREADABLE = 1_000  # places whose settings cannot be read, to tell of each once

AGAIN = 2.0  # seconds in which several of a message's emoji are taken back, before those that are left are asked for
_MOST_ASKED = 200  # messages at once

_log = logging.getLogger(__name__)

Read = Callable[[str], Awaitable[None]]  # gives `read_back` all reactions of a message of ours; never raises


@dataclass(frozen=True)
class _Reaction:
    """Somebody gave a message an emoji, or took it back."""

    message: str
    person: str
    emoji: str
    place: Place
    parent: str
    added: bool
    at: str


@dataclass(frozen=True)
class _Clearing:
    """Somebody removed everybody's reactions, all or those of one emoji."""

    message: str
    emoji: str | None
    at: str


@dataclass(frozen=True)
class _Reading:
    """All the reactions that a message has now."""

    message: str
    given: Mapping[str, Sequence[str]]
    parent: str
    at: str


_Turn = _Reaction | _Clearing | _Reading


def _is_reaction(turn: _Turn) -> bool:
    return isinstance(turn, _Reaction)


class Voting:
    """Takes votes; that they cannot be written down is told in the log once, and no method raises."""

    def __init__(self, context: Context) -> None:
        """Work with these parts."""
        self._context = context
        self._ballot = Ballot(context.votes, context.clock)
        self._turns: VoteWriter[_Turn | None, None] = VoteWriter(self._take)
        self._left: list[_Turn] = []  # that came in and are not written down
        self._failing = False
        self._unreadable: set[Place] = set()
        self._readers: dict[str, Read] = {}
        self._asked: dict[str, str] = {}  # messages whose emoji are asked for, with their platform
        self._asking: asyncio.Task[None] | None = None

    # What adapters call.

    def reads(self, platform: str, read: Read) -> None:
        """From now on ask a platform by `read` for the emoji that are left where somebody took one of theirs back."""
        self._readers[platform] = read

    async def reacted(self, message: str, person: str, emoji: str, place: Place, *, added: bool, parent: str = "") -> None:
        """A person gave a message of ours an emoji, written as the platform writes it, or took it back.

        It comes back once that is written down, or could not be: then it is tried again. A person's last emoji counts, and
        one that means nothing changes nothing.
        """
        await self._turns.write(_Reaction(message, person, emoji, place, parent, added, self._context.at()))

    async def cleared(self, message: str, emoji: str | None = None) -> None:
        """A moderator removed all reactions from a message, or all of one emoji; votes by buttons stay."""
        await self._turns.write(_Clearing(message, emoji, self._context.at()))

    async def pressed(self, asker: Asker, reply: str, sign: Sign) -> str:
        """A person pressed a button: their vote is set, changed, or by the same sign again withdrawn; tells how it stands."""
        try:
            post = await self._context.posts.of_reply(reply)
            if post is None or post.scope != asker.place.scope:
                return texts.NO_SUCH_REPLY
            once = f"vote:{asker.key}" if asker.key else ""
            cast = await self._ballot.press(asker.person, reply, sign, once=once)
        except StoreError as error:
            self._fails(error)
            return str(error)
        self._works()
        self._count(post.scope, cast.vote)
        return texts.voted(cast.vote, cast.tally.up, cast.tally.down)

    async def recent(self, platform: str, limit: int = 200) -> list[str]:
        """The messages of ours on a platform whose votes had better be read back after a start, newest first."""
        try:
            return await self._context.posts.recent(platform, self._since(), max(0, limit))
        except StoreError as error:
            self._fails(error)
            return []

    async def read_back(self, message: str, given: Mapping[str, Sequence[str]], *, parent: str = "") -> None:
        """The emoji that each person has given a message of ours, all of them as they are now, and of no bots."""
        await self._turns.write(_Reading(message, given, parent, self._context.at()))

    async def tidy(self) -> None:
        """Try again what could not be written down."""
        if self._left:
            await self._turns.write(None)

    async def close(self) -> None:
        """Wait until everything that came in is written down, or could not be."""
        if self._asking:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._turns.close()
        await self.tidy()

    # What is done with it, one batch after the other.

    async def _take(self, turns: Sequence[_Turn | None]) -> list[None]:
        """Write down what came in, in that order, behind what is left from before."""
        late = stamp(self._context.clock() - _LATE)
        waiting = [each for each in (*self._left, *turns) if each is not None and each.at >= late]
        self._left = waiting[-_MOST_LEFT:]
        while self._left:
            some = list(takewhile(_is_reaction, self._left[:_AT_ONCE])) or self._left[:1]
            try:
                await self._do(some)
            except StoreError as error:
                self._fails(error)
                break
            except Exception:  # a fault of ours: what comes next must be kept all the same, and the operator must see it
                _log.exception("Votes were not kept.")
            else:
                self._works()
            del self._left[: len(some)]
        return [None] * len(turns)

    async def _do(self, turns: Sequence[_Turn]) -> None:
        """Write down some reactions, or one of anything else."""
        match turns[0]:
            case _Clearing() as clearing:
                await self._clear(clearing)
            case _Reading() as reading:
                await self._read_back(reading)
            case _:
                await self._write([each for each in turns if isinstance(each, _Reaction)])

    async def _write(self, reactions: Sequence[_Reaction]) -> None:
        known: dict[tuple[Place, str], Signs] = {}
        votes: list[MessageVote] = []
        for each in reactions:
            sign: Sign | None = None
            if each.added:
                where = (each.place, each.parent)
                if where not in known:
                    known[where] = await self._signs(*where)
                sign = known[where].sign_of(each.emoji)
            # What is taken back is taken back, even if that emoji has come to mean nothing since.
            if sign is not None or not each.added:
                votes.append(MessageVote(each.message, each.person, sign, each.at, meaning_of(each.emoji)))
        if not votes:
            return
        for vote, scope in zip(votes, await self._context.votes.write(votes), strict=True):
            if scope is not None:
                self._count(scope, vote.vote)
                if vote.vote is None:
                    self._ask(vote.message, scope.partition(":")[0])

    async def _clear(self, clearing: _Clearing) -> None:
        post = await self._context.posts.of_message(clearing.message)
        if post is None or post.reply is None:
            return
        emoji = None if clearing.emoji is None else meaning_of(clearing.emoji)
        if await self._context.votes.clear(post.reply, emoji):
            self._context.learner.changed(post.scope)

    async def _read_back(self, reading: _Reading) -> None:
        post = await self._context.posts.of_message(reading.message)
        if post is None or post.at < self._since():
            return
        signs = await self._signs(Place.read(post.place), reading.parent)
        cast = {
            person: [(meaning_of(each), sign) for each in given if (sign := signs.sign_of(each)) is not None]
            for person, given in reading.given.items()
        }
        if scope := await self._context.votes.read_back(reading.message, cast, reading.at):
            self._context.learner.changed(scope)

    def _since(self) -> str:
        """From when on votes are read back."""
        return stamp(self._context.clock() - RECENT)

    def _ask(self, message: str, platform: str) -> None:
        """Ask soon for the emoji that are left on a message: another one by the same person may count now."""
        if platform in self._readers and len(self._asked) < _MOST_ASKED:
            self._asked[message] = platform
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask_soon())

    async def _ask_soon(self) -> None:
        while self._asked:
            await asyncio.sleep(AGAIN)
            asked, self._asked = self._asked, {}
            for message, platform in asked.items():
                try:
                    post = await self._context.posts.of_message(message)
                    if post and post.state == "sent" and post.at >= self._since():
                        await self._readers[platform](message)
                except StoreError as error:
                    self._fails(error)
                except Exception:  # a fault of ours: the next one must be asked for all the same
                    _log.exception("The emoji on a message could not be read back.")

    async def _signs(self, place: Place, parent: str) -> Signs:
        """What emoji mean in a place; what they usually mean, where its settings cannot be read."""
        try:
            return (await self._context.settings(place, parent)).signs
        except InputError as error:
            if place not in self._unreadable and len(self._unreadable) < _MOST_UNREADABLE:
                self._unreadable.add(place)
                _log.warning("In %s emoji mean what they usually mean: %s", place, error)
            return self._context.defaults.signs

    def _count(self, scope: str, vote: int | None) -> None:
        self._context.learner.changed(scope)
        self._context.health.voted(vote)

    def _fails(self, error: HypeError) -> None:
        """Tell that votes cannot be kept, once until they can be again."""
        self._context.health.degraded("votes", str(error))
        if not self._failing:
            self._failing = True
            _log.error("Votes cannot be kept: %s", error)

    def _works(self) -> None:
        if self._failing:
            self._failing = False
            self._context.health.mended("votes")
            _log.warning("Votes can be kept again.")
