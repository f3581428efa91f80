"""A draft as it is kept: from what a model said to candidates, and from a decision to the reply that is posted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.context import new_id
from bot.conversation.delivery import EDITED, song_of
from bot.songs.song import Song
from bot.store.tables import KeptDraft, KeptPost, KeptReply


def candidates_of(kept: Sequence[KeptReply]) -> list[dict[str, Any]]:
    """Replies to one song, the best first, as the candidates of a draft."""
    return [{"text": each.text, "seed": each.seed, "scores": each.scores} for each in kept]


def made_of(kept: Sequence[KeptReply], *, parent: str, rounds: Sequence[Any] = ()) -> dict[str, Any]:
    """What the reply of any candidate needs besides, with the channel of a thread and the candidates of earlier rounds.

    `others` are candidates that were not good enough to be shown.
    """
    best = kept[0]
    return {
        "song": best.song,
        "conditions": best.conditions,
        "bundle": best.bundle,
        "seed": best.seed,
        "rejected": best.rejected or {},
        "others": (best.candidates or [])[len(kept) - 1 :],
        "parent": parent,
        "rounds": list(rounds),
    }


def song_in(draft: KeptDraft) -> Song:
    """The song of a draft as it was kept."""
    return song_of(draft.made.get("song"))


def parent_of(draft: KeptDraft) -> str:
    """The channel of the thread that a draft is for; "" where it is for a channel."""
    return str(draft.made.get("parent", ""))


def rounds_of(draft: KeptDraft) -> list[list[dict[str, Any]]]:
    """The candidates of every round, the first round first."""
    return [*draft.made.get("rounds", []), draft.candidates]


def reply_of(draft: KeptDraft, post: KeptPost, which: int | None, at: str) -> KeptReply:
    """The reply that candidate number `which` (from 0) becomes, or for None what a curator wrote.

    The scores tell of no text that a person wrote, so that one has none, and its bundle says who edited it: whoever learns
    from replies can leave it out.
    """
    made = draft.made
    chosen: dict[str, Any] = draft.candidates[which] if which is not None else {"text": draft.text or "", "scores": {}}
    others = [each for number, each in enumerate(draft.candidates) if number != which]
    bundle = dict(made.get("bundle") or {})
    return KeptReply(
        id=new_id(),
        at=at,
        channel=post.place,
        scope=post.scope,
        text=chosen["text"],
        song=made.get("song") or {},
        seed=chosen.get("seed", made.get("seed", 0)),
        conditions=made.get("conditions") or {},
        bundle=bundle if which is not None else bundle | {EDITED: "curator"},
        scores=chosen["scores"],
        rejected=made.get("rejected"),
        candidates=[{"text": each["text"], "scores": each["scores"]} for each in [*others, *made.get("others", [])]],
    )
