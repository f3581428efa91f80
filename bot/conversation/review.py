"""Curators: they are shown drafts in their channel, and decide what goes to where the song was shared."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from bot import texts
from bot.conversation.context import Context, key_of, new_draft_id
from bot.conversation.delivery import Delivery, with_slots
from bot.conversation.draft_cards import read_ticket
from bot.conversation.drafting import candidates_of, made_of, parent_of, rounds_of
from bot.conversation.settling import CLOSED, TO_SEND, Settling
from bot.conversation.speaking import speak
from bot.curation.settings import PlaceSettings
from bot.errors import HypeError
from bot.hype import Answer
from bot.platforms.cards import tidy
from bot.platforms.outlet import Asker, OutletError, Place
from bot.store.drafts import DraftState
from bot.store.tables import KeptDraft, KeptPost, stamp
from inference.errors import InferenceError

CHOICES = 5  # candidates of a draft
MOST_TEXT = 600  # characters that a curator may write
MOST_ROUNDS = 10
LIFE = timedelta(hours=24)  # for so long a draft waits for a decision, and a decision for a platform that takes it
_MOST_READ = 4_000  # characters, as many as a platform's form can hold
# As Discord and Slack write that somebody is called.
_MENTION = re.compile(r"<[@!][^<>]*>|@(?:everyone|here|channel)\b", re.IGNORECASE)

_NO_SUCH_DRAFT = "This draft is not known here any more."
_NO_CURATOR = 'Only curators decide that: those who manage this place say who they are with "/hype settings curators".'
_NO_CHANNEL = (
    "I cannot write to the curators' channel, so nobody can approve an answer: those who manage this place choose it with "
    '"/hype settings curators_channel".'
)

_log = logging.getLogger(__name__)


def fault(text: str) -> str:
    """Why a curator's text cannot be posted, in one sentence that says what to do; "" where nothing stands against it.

    Platforms count characters in their own ways, so a form takes more than MOST_TEXT and asks here before it is closed.
    """
    written = tidy(text[:_MOST_READ])
    length = max(len(written), len(text) if len(text) > _MOST_READ else 0)
    if length > MOST_TEXT:
        return f"The text has {length} characters, and {MOST_TEXT} are the most: shorten it."
    if not written:
        return "The text is empty: write a sentence or two, or reject the draft."
    return "The text calls somebody, which I never do: write it without a mention." if _MENTION.search(written) else ""


T = TypeVar("T")


class _ClickError(HypeError):
    """Why a click leads to nothing, in one sentence."""


@dataclass(frozen=True)
class _Desk:
    """An open draft before a curator, what it is for, and what holds there."""

    draft: KeptDraft
    post: KeptPost
    settings: PlaceSettings


class Review:
    """Drafts and those who decide about them; every method that tells something never raises.

    The `draft` that somebody acts on is what the card's buttons carry: it names the round too, so that a click on an older
    round decides nothing.
    """

    def __init__(self, context: Context, delivery: Delivery, *, life: timedelta = LIFE) -> None:
        """Work with these parts; a draft waits for a decision for so long."""
        self._context = context
        self._delivery = delivery
        self._settling = Settling(context, delivery)
        self._life = life
        self._making: set[str] = set()  # drafts of which another round is being made

    # What Answering calls.

    async def begin(self, post: KeptPost, answer: Answer, settings: PlaceSettings, *, parent: str = "") -> None:
        """Show curators what there is to say (at least one reply) for a claimed post; `parent` is the channel of a thread.

        Where their channel cannot be written to for good, draft and post are given up and OutletError is raised; where that
        is so for now, the card is shown at `resume`. Raises StoreError.
        """
        place = Place.read(post.place)
        # In private there is nobody else; nor may a channel of another community be named there.
        channel = settings.curators_channel if place.community else place.channel
        kept = [self._delivery.keep(answer, which, post) for which in range(len(answer.replies))]
        draft = KeptDraft(
            id=new_draft_id(),
            post=post.id,
            scope=post.scope,
            place=str(Place(place.platform, place.community, channel)),
            expires=stamp(self._context.clock() + self._life),
            at=self._context.at(),
            candidates=candidates_of(kept),
            made=made_of(kept, parent=parent),
        )
        if not await self._context.drafts.create(draft, post.song or key_of(answer.song)):
            return
        shown = await self._settling.begin(draft, post, answer.song)
        if shown.state == "dropped":
            raise OutletError(_NO_CHANNEL, "forbidden")

    # What adapters call.

    async def approve(self, asker: Asker, draft: str, choice: int) -> str:
        """Post candidate number `choice`, from 1."""
        return await self._told(self._approve(asker, draft, choice))

    async def edit_text(self, asker: Asker, draft: str) -> tuple[str, str]:
        """The best candidate, for an edit to begin with, and ""; or "" and why there is nothing to be edited."""
        desk, refusal = await self._tried(self._desk(asker, draft))
        return (self._settling.choices(desk.draft, desk.post)[0], "") if desk else ("", refusal)

    async def edit(self, asker: Asker, draft: str, text: str) -> str:
        """Post what a curator wrote instead of the candidates."""
        return await self._told(self._edit(asker, draft, text))

    async def another(self, asker: Asker, draft: str) -> str:
        """Make other candidates."""
        return await self._told(self._another(asker, draft))

    async def reject(self, asker: Asker, draft: str) -> str:
        """Post nothing."""
        return await self._told(self._reject(asker, draft))

    # What the conversation calls.

    async def gone(self, messages: Sequence[str]) -> None:
        """Of deleted messages some may be cards: those of open drafts are shown again at `resume`."""
        await self._tried(self._context.drafts.lost(messages))

    async def resume(self, platform: str) -> None:
        """Post what was decided and is not posted, and show what was never shown; call it before other posts are ended."""
        waiting, _ = await self._tried(self._context.drafts.in_states(*TO_SEND))
        shown, _ = await self._tried(self._context.drafts.in_states("open"))
        closed, _ = await self._tried(self._context.drafts.unsettled(*CLOSED))
        for draft in closed or []:
            if Place.read(draft.place).platform == platform:
                await self._tried(self._settling.settle(draft.id))
        for draft in [*(waiting or []), *(each for each in shown or [] if each.message is None)]:
            if Place.read(draft.place).platform == platform:
                await self._tried(self._settling.settle(draft.id, again=True))

    async def expire(self) -> None:
        """Close the drafts that nobody decided about in time."""
        late, _ = await self._tried(self._context.drafts.expired(self._context.at()))
        for draft in late or []:
            await self._tried(self._close(draft, "expired"))

    async def withdraw(self, post: KeptPost) -> None:
        """Give up the open draft for a post that was dropped, if there is one."""
        draft, _ = await self._tried(self._context.drafts.of_post(post.id))
        if draft:
            await self._tried(self._close(draft, "dropped", "gone"))

    # The clicks.

    async def _approve(self, asker: Asker, carried: str, choice: int) -> str:
        desk = await self._desk(asker, carried)
        choices = self._settling.choices(desk.draft, desk.post)
        if not 1 <= choice <= len(choices):
            raise _ClickError(f"There is no candidate {choice}: choose one from 1 to {len(choices)}.")
        await self._refuse_blocked(desk, choices[choice - 1])
        return await self._decide(desk, asker, "approved", str(choice), chosen=choice - 1)

    async def _edit(self, asker: Asker, carried: str, text: str) -> str:
        desk = await self._desk(asker, carried)
        if refusal := fault(text):
            raise _ClickError(refusal)
        written = tidy(text[:_MOST_READ])
        choices = self._settling.choices(desk.draft, desk.post)
        if written in choices:
            return await self._approve(asker, carried, choices.index(written) + 1)
        await self._refuse_blocked(desk, written)
        return await self._decide(desk, asker, "edited", text=with_slots(written, self._settling.song(desk.draft)))

    async def _another(self, asker: Asker, carried: str) -> str:
        desk = await self._desk(asker, carried)
        draft = desk.draft
        if draft.round >= MOST_ROUNDS:
            raise _ClickError(f"{MOST_ROUNDS} rounds are the most: approve, edit or reject.")
        if draft.id in self._making:
            raise _ClickError("Another round is being made already: wait a moment.")
        self._making.add(draft.id)
        try:
            return await self._next_round(desk, asker)
        finally:
            self._making.discard(draft.id)

    async def _next_round(self, desk: _Desk, asker: Asker) -> str:
        draft, post, rounds = desk.draft, desk.post, rounds_of(desk.draft)
        said = [candidate["text"] for candidates in rounds for candidate in candidates]
        praise = desk.settings.praise
        place = Place.read(post.place)
        answer = await speak(self._context, self._settling.song(draft), place, praise=praise, n=CHOICES, besides=said)
        if not answer.replies:
            return texts.nothing_to_say(answer)
        kept = [self._delivery.keep(answer, which, post) for which in range(len(answer.replies))]
        following = draft.round + 1
        won = await self._context.drafts.transition(
            draft.id,
            ["open"],
            "open",
            self._settling.event(draft, "round", asker.person, str(following)),
            at_round=draft.round,
            round=following,
            candidates=candidates_of(kept),
            made=made_of(kept, parent=parent_of(draft), rounds=rounds),
        )
        if won is None:
            raise await self._late(draft.id)
        await self._settling.settle(draft.id)
        return f"Round {following} is here: the card shows other candidates."

    async def _reject(self, asker: Asker, carried: str) -> str:
        return await self._decide(await self._desk(asker, carried), asker, "rejected")

    async def _desk(self, asker: Asker, carried: str) -> _Desk:
        """The draft that somebody clicked on, if it is open and theirs to decide; raises _ClickError."""
        read = read_ticket(carried)
        draft = await self._context.drafts.get(read[1]) if read else None
        post = await self._context.posts.get(draft.post) if draft else None
        if read is None or draft is None or post is None or draft.scope != asker.place.scope:
            raise _ClickError(_NO_SUCH_DRAFT)
        settings = await self._context.settings(Place.read(post.place), parent_of(draft))
        if not settings.curated_by(asker.roles, manages=asker.manages):
            raise _ClickError(_NO_CURATOR)
        if draft.state == "open" and draft.expires <= self._context.at():
            await self._close(draft, "expired")
        elif draft.state == "open" and post.state != "making":
            await self._close(draft, "dropped", "gone")
        elif draft.state == "open" and draft.round == read[0]:
            return _Desk(draft, post, settings)
        raise await self._late(draft.id)

    async def _decide(self, desk: _Desk, asker: Asker, new: DraftState, detail: str = "", **changes: Any) -> str:
        """Write down what a curator decided, and do it; returns what came of it."""
        draft = desk.draft
        event = self._settling.event(draft, new, asker.person, detail)
        changes |= {"by": asker.person, "expires": stamp(self._context.clock() + LIFE)}
        won = await self._context.drafts.transition(draft.id, ["open"], new, event, at_round=draft.round, **changes)
        if won is None:
            raise await self._late(draft.id)
        settled = await self._settling.settle(draft.id)
        return await self._settling.told(settled) if settled else _NO_SUCH_DRAFT

    async def _late(self, draft: str) -> _ClickError:
        """What to tell whoever clicked too late; the card that they saw may be an old one, so it is shown anew."""
        settled = await self._settling.settle(draft)
        return _ClickError(f"Too late. {await self._settling.told(settled)}" if settled else _NO_SUCH_DRAFT)

    async def _refuse_blocked(self, desk: _Desk, text: str) -> None:
        blocks = await self._context.blocks(desk.draft.scope)
        if (word := blocks.blocked_in(text)) is not None:
            raise _ClickError(f'"{word}" is blocked here and stands in the text: choose or write another one.')
        if (name := blocks.blocked_song(self._settling.song(desk.draft))) is not None:
            raise _ClickError(f'"{name}" is blocked here, so nothing is posted about this song: reject the draft.')

    # Smaller parts.

    async def _close(self, draft: KeptDraft, new: DraftState, detail: str = "") -> None:
        """Let an open draft come to nothing, unless somebody decided about it first."""
        await self._context.drafts.transition(draft.id, ["open"], new, self._settling.event(draft, new, None, detail))
        await self._settling.settle(draft.id)

    async def _told(self, work: Awaitable[str]) -> str:
        done, refusal = await self._tried(work)
        return refusal if done is None else done

    async def _tried(self, work: Awaitable[T]) -> tuple[T | None, str]:
        """What came of some work, or None and what to tell of the fault, which is in the log too unless it is the asker's."""
        try:
            return await work, ""
        except _ClickError as refusal:
            return None, str(refusal)
        except (HypeError, InferenceError) as error:
            _log.warning("A draft was not dealt with: %s", error)
            return None, str(error)
        except Exception:  # a fault of ours: the platform's task must go on, and the operator must see it
            _log.exception("A draft was not dealt with.")
            return None, texts.FAULT
