"""Brings a reply to where it belongs, once: written down, then posted, then written down as posted."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from typing import Any

from bot import texts
from bot.conversation.asking import links_of, message_of
from bot.conversation.context import Context, key_of, new_id
from bot.errors import StoreError
from bot.hype import Answer, subject_of
from bot.links import Kind, Link, Service
from bot.platforms.outlet import Button, Card, Outlet, OutletError, Place
from bot.songs.query import keepable, typed
from bot.songs.song import Song
from bot.store.tables import KeptPost, KeptReply
from inference.prose import Names

_FOR_GOOD = frozenset({"forbidden", "gone"})
_MOST_UNPOSTED = 1_000  # posts that are remembered as surely not posted
_MOST_GONE = 1_000  # deleted messages that are remembered, in case an answer to them is on its way
EDITED = "edited_by"  # stands in the bundle of a reply that is not word for word the model's
REPLY_BUTTONS: tuple[Button, ...] = ("up", "down", "again", "why", "remove")

_APOSTROPHE = "['\u2019]"
_SHORT = 2  # letters
# Ids that lead to where a song can be heard, those first that do so best.
_IDS: tuple[tuple[str, Service, Kind], ...] = (
    ("spotify", "spotify", "track"),
    ("youtube", "youtube", "video"),
    ("spotify_album", "spotify", "album"),
    ("spotify_artist", "spotify", "artist"),
)

_log = logging.getLogger(__name__)


class UncertainError(OutletError):
    """A reply was given up of which nobody can tell whether it was posted: it must not be posted a second time."""

    def __init__(self, fault: OutletError) -> None:
        """Take what keeps us from looking."""
        told = "Whether a reply was posted cannot be told, so it is not posted again"
        super().__init__(f"{told}: {fault}", fault.reason, certain=False)


class Delivery:
    """Posts replies; whatever ends the program in between, none is posted twice and none is lost."""

    def __init__(self, context: Context) -> None:
        """Work with these parts."""
        self._context = context
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._busy: set[str] = set()  # posts that are on their way
        self._unposted: OrderedDict[str, None] = OrderedDict()  # posts of which nothing can be there, since all was refused

    def keep(self, answer: Answer, which: int, post: KeptPost) -> KeptReply:
        """What is kept of an answer's reply number `which` (from 0): no word that a person typed and nobody confirmed."""
        chosen = answer.replies[which]
        others = [each for number, each in enumerate(answer.replies) if number != which] + list(answer.others)
        return KeptReply(
            id=new_id(),
            at=self._context.at(),
            channel=post.place,
            scope=post.scope,
            text=with_slots(chosen.text, answer.song),
            song=keepable(answer.song).as_dict(),
            seed=answer.seed,
            conditions=answer.conditions,
            bundle=dict(answer.bundle),
            scores=dict(chosen.scores),
            rejected=dict(answer.rejected),
            candidates=[{"text": with_slots(each.text, answer.song), "scores": dict(each.scores)} for each in others],
        )

    def card(self, reply: KeptReply, post: KeptPost | None = None, song: Song | None = None) -> Card:
        """How a kept reply looks; with its `song` as it was found out, which may know names that are not kept."""
        known = song or song_of(reply.song)
        links = links_of(post) if post else ()
        footer = (texts.footer(known, edited=EDITED in reply.bundle), texts.unknown(known))
        return Card(
            kind="reply",
            title=known.line,
            url=links[0].url if len(links) == 1 else address_of(known),
            text=texts.without_slots(with_names(reply.text, known)),
            footer=" · ".join(part for part in footer if part),
            reply=reply.id,
            buttons=REPLY_BUTTONS,
        )

    async def deliver(
        self,
        post: KeptPost,
        reply: KeptReply,
        *,
        mode: str,
        song: Song | None = None,
        via: Outlet | None = None,
        began: float | None = None,
    ) -> str:
        """Post a reply for a post that is claimed, or with curators; returns our message, "" where it was too late for that.

        `via` posts it first; where it cannot, the platform's own end does. `mode` is "auto", "asked" or "review", `began` when
        (by `Context.seconds`) what it answers came in. Raises StoreError, and OutletError: for good the post is given up;
        otherwise it stays written down, and `resend` tries again.
        """
        self._busy.add(post.id)
        try:
            post.song = post.song or key_of(song or song_of(reply.song))
            if not await self._context.posts.sending(post.id, reply, post.song):
                return ""
            message = await self._post(post, self.card(reply, post, song), via)
            await self._sent(post, message)
        finally:
            self._busy.discard(post.id)
        if began is not None:
            self._context.health.posted(platform_of(post), mode, self._context.seconds() - began)
        return message

    async def show(self, post: KeptPost, answer: Answer, *, via: Outlet | None = None) -> str:
        """Post the best of an answer without writing anything down, so that nobody can vote on it; raises OutletError."""
        card = self.card(self.keep(answer, 0, post), post, answer.song)
        bare = Card(card.kind, card.title, card.url, card.text, card.footer, reply="")
        return await self._post_via(post, bare, via)

    async def resend(self, post: KeptPost, *, late: bool = False) -> bool:
        """Post what was written down and perhaps never posted; False where that is not possible, or somebody is at it.

        What is there already is written down as sent. What is too `late`, and not there, is given up. Raises StoreError,
        OutletError, and of the latter UncertainError where the post was given up since nobody can tell.
        """
        if post.id in self._busy:
            return False
        self._busy.add(post.id)
        try:
            now = await self._context.posts.get(post.id)  # it may have been sent since it was read
            reply = await self._context.replies.get(now.reply) if now and now.reply and now.state == "sending" else None
            if reply is None:
                return False
            message = await self._looked_for(post, reply.id)
            if late and not message:
                await self._context.posts.dropped(post.id)
                return False
            if not message:
                message = await self._post(post, self.card(reply, post), None)
            await self._sent(post, message)
        finally:
            self._busy.discard(post.id)
        return True

    def mark_gone(self, messages: tuple[str, ...]) -> None:
        """Remember deleted messages for a while: an answer to them that is on its way is taken back."""
        for message in messages:
            self._gone[message] = None
            if len(self._gone) > _MOST_GONE:
                self._gone.popitem(last=False)

    async def take_back(self, post: KeptPost) -> str:
        """Remove our message of a post, if there is one; returns what to tell: that it is gone, will be, or why it stays.

        What cannot be done for now is written down, and done when it is called again. Raises StoreError.
        """
        if post.state == "removed":
            return texts.REMOVED
        await self._context.posts.removing(post.id, post.message)
        if post.id in self._busy and not post.message:
            return texts.REMOVED_LATER  # whoever posts it removes it
        try:
            message = post.message or await self._found(post, post.reply or "")
            if message:
                await self._context.outlet(platform_of(post)).remove(message)
        except OutletError as error:
            if error.reason == "forbidden":
                _log.warning("A reply could not be removed: %s", error)
                await self._context.posts.stays(post.id, sent=bool(post.message))
                return str(error)
            if error.reason != "gone":
                _log.info("A reply is removed later: %s", error)
                return texts.REMOVED_LATER
        await self._context.posts.removed(post.id)
        return texts.REMOVED

    async def _looked_for(self, post: KeptPost, nonce: str) -> str:
        """Our message of a post that is perhaps there, "" where it is not; where we may not look the post is given up."""
        try:
            return await self._found(post, nonce)
        except OutletError as error:
            if error.reason not in _FOR_GOOD:
                raise
            await self._context.posts.dropped(post.id)
            uncertain = UncertainError(error)
            _log.warning("%s", uncertain)
            raise uncertain from error

    async def _found(self, post: KeptPost, nonce: str) -> str:
        if post.id in self._unposted:
            return ""
        outlet = self._context.outlet(platform_of(post))
        message = await outlet.find(Place.read(post.place), nonce, answering=message_of(post))
        if message and await self._context.posts.of_message(message) is not None:
            return ""  # it answers the same message, but belongs to another post
        return message

    async def _post(self, post: KeptPost, card: Card, via: Outlet | None) -> str:
        self._unposted.pop(post.id, None)
        try:
            return await self._post_via(post, card, via)
        except OutletError as error:
            self._context.health.refused(error.reason)
            if error.certain:
                self._unposted[post.id] = None
                if len(self._unposted) > _MOST_UNPOSTED:
                    self._unposted.popitem(last=False)
            if error.reason in _FOR_GOOD:
                await self._context.posts.dropped(post.id)
            raise

    async def _post_via(self, post: KeptPost, card: Card, via: Outlet | None) -> str:
        place, answering, nonce = Place.read(post.place), message_of(post), card.reply or post.id
        if via is not None:
            try:
                return await via.post(place, card, answering=answering, nonce=nonce, thread=post.thread)
            except OutletError as error:
                if not error.certain:  # it may be there
                    raise
                _log.info("An answer goes another way: %s", error)
        outlet = self._context.outlet(place.platform)
        return await outlet.post(place, card, answering=answering, nonce=nonce, thread=post.thread)

    async def _sent(self, post: KeptPost, message: str) -> None:
        try:
            wanted = await self._context.posts.sent(post.id, message) or await self._is_of(post, message)
        except StoreError as error:
            # It stays written down as being sent; `resend` finds the message.
            _log.error("A reply was posted, but that could not be written down: %s", error)
            return
        post.message, post.state = message, "sent"
        self._context.learner.changed(post.scope)  # by votes that came before this was known
        if message_of(post) in self._gone or not wanted:
            await self.take_back(post)

    async def _is_of(self, post: KeptPost, message: str) -> bool:
        """Whether a post is known to have become this message; else it was given up, or is to be removed."""
        now = await self._context.posts.get(post.id)
        return now is not None and now.message == message


def with_slots(text: str, song: Song) -> str:
    """A text as it may be kept: names that a person typed and nobody confirmed are replaced by what stands for them."""
    shown = _shown(song)
    for slot, name in typed(song).items():
        if slot in shown:
            text = _whole(shown[slot]).sub(_quoted(slot), text)
        if len(name) > _SHORT:  # as a curator may write it; a shorter one tells nothing
            text = _whole(name).sub(slot, text)
    return text


def with_names(text: str, song: Song) -> str:
    """A text that was kept with the names that `with_slots` took out of it."""
    shown = _shown(song)
    for slot, name in typed(song).items():
        text = text.replace(_quoted(slot), shown.get(slot, name)).replace(slot, name)
    return text


def _shown(song: Song) -> dict[str, str]:
    """How the names of a song stand in what was said of it."""
    subject = subject_of(song)
    return Names.of(subject.artist, subject.title).shown


def _quoted(slot: str) -> str:
    """What stands for a name as it is shown: titles are in quotation marks."""
    return f"\u201c{slot}\u201d" if slot == "<title>" else slot


def _whole(name: str) -> re.Pattern[str]:
    """Finds a name that stands for itself, in any case and with any apostrophe."""
    return re.compile(rf"(?<!\w){re.sub(_APOSTROPHE, _APOSTROPHE, re.escape(name))}(?!\w)", re.IGNORECASE)


def song_of(kept: Any) -> Song:
    """A song as it was kept; one of which nothing is known where that cannot be read."""
    try:
        return Song.from_dict(kept)
    except ValueError:  # written by another version
        return Song()


def address_of(song: Song) -> str:
    """Where a song can be heard, as far as its ids tell; "" where they do not."""
    for name, service, kind in _IDS:
        if id_ := song.ids.get(name):
            return Link(service, kind, id_).url
    return ""


def platform_of(post: KeptPost) -> str:
    """On which platform a post is."""
    return post.place.partition(":")[0]
