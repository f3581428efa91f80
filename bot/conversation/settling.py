"""Brings the chat into line with the record of a draft: what was decided is posted once, and the curators' card shows it.

Whoever decides about a draft changes its record first, in one step that only one of several can take; then it is settled.
Where the program ends in between, that is done later: to settle a draft twice does no harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from datetime import datetime
from weakref import WeakValueDictionary

from bot.conversation.context import Context
from bot.conversation.delivery import Delivery, UncertainError
from bot.conversation.draft_cards import draft_card, nonce_of, nonces, outcome
from bot.conversation.drafting import reply_of, song_in
from bot.platforms.outlet import Card, Outlet, OutletError, Place
from bot.songs.song import Song
from bot.store.drafts import DraftState
from bot.store.tables import KeptDraft, KeptDraftEvent, KeptPost

TO_SEND: tuple[DraftState, ...] = ("approved", "edited")
CLOSED: tuple[DraftState, ...] = ("rejected", "expired", "dropped")
_FOR_GOOD = frozenset({"forbidden", "gone"})
_MOST_SONGS = 1_000

_log = logging.getLogger(__name__)


class Settling:
    """Does what the records of drafts call for; in this program one at a time for each draft."""

    def __init__(self, context: Context, delivery: Delivery) -> None:
        """Work with these parts."""
        self._context = context
        self._delivery = delivery
        self._songs: OrderedDict[str, Song] = OrderedDict()  # by draft, with names that people typed and that are not kept
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, draft: KeptDraft, post: KeptPost, song: Song) -> KeptDraft:
        """Show a new draft for the first time; returns it as it is then: dropped, where its card cannot be posted for good."""
        self._songs[draft.id] = song
        if len(self._songs) > _MOST_SONGS:
            self._songs.popitem(last=False)
        async with self._lock(draft.id):
            return await self._show(draft, post, new=True)

    async def settle(self, id_: str, *, again: bool = False) -> KeptDraft | None:
        """Do what a draft's record calls for and show how it stands; returns it as it is then, None where there is none.

        With `again`, for whoever looks after drafts that were left, a reply that is written down as being sent is sent
        again, and a card that shows what it should is left alone. Raises StoreError.
        """
        async with self._lock(id_):
            draft = await self._context.drafts.get(id_)
            post = await self._context.posts.get(draft.post) if draft else None
            if draft is None or post is None:
                return None
            before = draft.state
            if draft.state in TO_SEND:
                draft = await self._send(draft, post, again)
            if not again or draft.state != before or draft.message is None:
                draft = await self._show(draft, post)
            if draft.state not in {"open", *TO_SEND}:
                self._songs.pop(id_, None)
            if draft.state in CLOSED:  # last of all: whoever finds a post that is not dropped knows that this was not done
                await self._context.posts.dropped(post.id)
            return draft

    async def told(self, draft: KeptDraft) -> str:
        """What became of a draft, in one sentence that names nobody."""
        events = await self._context.drafts.events(draft.id) if draft.state == "dropped" else []
        return outcome(draft, events[-1].detail if events else "")

    def song(self, draft: KeptDraft) -> Song:
        """The song of a draft, with names that are not kept for as long as they are remembered."""
        return self._songs.get(draft.id) or song_in(draft)

    def choices(self, draft: KeptDraft, post: KeptPost) -> list[str]:
        """The candidates as they would be posted."""
        return [self._like(draft, post, which).text for which in range(len(draft.candidates))]

    def event(self, draft: KeptDraft, what: str, who: str | None, detail: str = "") -> KeptDraftEvent:
        """Something that somebody did with a draft now, None for the bot itself."""
        return KeptDraftEvent(draft=draft.id, at=self._context.at(), who=who, what=what, detail=detail)

    async def _send(self, draft: KeptDraft, post: KeptPost, again: bool) -> KeptDraft:
        """Post what was decided, unless it was posted or is not to be any more; returns the draft as it is then."""
        late = draft.expires <= self._context.at()
        why = "late" if late else "gone"
        if post.state == "making" and late:
            return await self._give_up(draft, "late")
        if post.state == "making" and post.person and await self._context.wishes.opted_out(post.person):
            return await self._give_up(draft, "unwanted")
        try:
            if post.state == "making":
                waited = (self._context.clock() - datetime.fromisoformat(post.at)).total_seconds()
                reply = reply_of(draft, post, draft.chosen, self._context.at())
                song, began = self._songs.get(draft.id), self._context.seconds() - waited
                await self._delivery.deliver(post, reply, mode="review", song=song, began=began)
            elif post.state == "sending" and again:
                await self._delivery.resend(post, late=late)
        except UncertainError:  # which the log tells already
            why = "uncertain"
        except OutletError as error:
            _log.warning("An approved reply was not posted: %s", error)
            why = error.reason
        now = await self._context.posts.get(post.id)
        if now is None or now.state == "dropped":
            return await self._give_up(draft, why)
        if now.state in {"sent", "removing", "removed"}:
            return await self._move(draft, "posted")
        return await self._give_up(draft, "late") if late else draft

    async def _show(self, draft: KeptDraft, post: KeptPost, *, new: bool = False) -> KeptDraft:
        """Let the curators' card say how a draft stands; an open one gets a card where it has none."""
        place, message = Place.read(draft.place), draft.message
        try:
            outlet = self._context.outlet(place.platform)
            found = message or ("" if new else await _found(outlet, draft))
            if found:
                await outlet.change(found, await self._card(draft, post))
            elif draft.state == "open":
                found = await outlet.post(place, await self._card(draft, post), nonce=nonce_of(draft))
        except OutletError as error:
            _log.warning("Curators cannot be shown a draft: %s", error)
            if message and error.reason == "gone":
                await self._context.drafts.lost([message])
            if draft.state != "open" or message or error.reason not in _FOR_GOOD:
                return draft
            self._context.health.refused(error.reason)
            return await self._give_up(draft, "hidden")
        if found and not message:
            await self._context.drafts.shown(draft.id, found)
            draft.message = found
        return draft

    async def _card(self, draft: KeptDraft, post: KeptPost) -> Card:
        """The curators' card as it is to be now."""
        won = "" if draft.chosen is None and draft.text is None else self._like(draft, post, draft.chosen).text
        told = "" if draft.state == "open" else await self.told(draft)
        return draft_card(draft, post, self._like(draft, post, 0), self.choices(draft, post), told, won)

    def _like(self, draft: KeptDraft, post: KeptPost, which: int | None) -> Card:
        """The card of the reply that a candidate becomes, None for what a curator wrote."""
        return self._delivery.card(reply_of(draft, post, which, draft.at), post, self._songs.get(draft.id))

    async def _give_up(self, draft: KeptDraft, detail: str) -> KeptDraft:
        await self._context.posts.dropped(draft.post)
        return await self._move(draft, "dropped", detail)

    async def _move(self, draft: KeptDraft, new: DraftState, detail: str = "") -> KeptDraft:
        """Write down what became of a draft; returns it as it is then, whoever was first."""
        event = self.event(draft, new, None, detail)
        moved = await self._context.drafts.transition(draft.id, ["open", *TO_SEND], new, event)
        return moved or await self._context.drafts.get(draft.id) or draft

    def _lock(self, draft: str) -> asyncio.Lock:
        return self._locks.setdefault(draft, asyncio.Lock())


async def _found(outlet: Outlet, draft: KeptDraft) -> str:
    """A card that was posted without our learning of it, "" where there is none, or we may not look."""
    try:
        for nonce in nonces(draft):
            if message := await outlet.find(Place.read(draft.place), nonce):
                return message
    except OutletError as error:
        if error.reason not in _FOR_GOOD:
            raise
    return ""
