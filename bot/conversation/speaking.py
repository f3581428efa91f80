"""What there is to say about a song in a place: unlike what was said there, as its votes call for, nothing blocked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from bot.conversation.context import Context
from bot.hype import Answer, Asked, Blend
from bot.platforms.outlet import Place
from bot.songs.resolver import LookUp
from bot.songs.song import Song, between

_TRIES = 3  # other seeds, where nothing that was made may be said


async def speak(
    context: Context,
    song: LookUp | Song,
    place: Place,
    *,
    praise: float,
    n: int = 1,
    besides: Sequence[str] = (),
    other: LookUp | None = None,
) -> Answer:
    """Up to `n` replies (1 to 10, the best first) about a song that may be said in a place; none where there are none.

    With an `other` song they are about what lies between the two, and the answer's song is `between` them. They take up
    neither what was said there lately nor what stands in `besides`. Raises what `Hype.answer_about` does, and InputError and
    StoreError.
    """
    blocks = await context.blocks(place.scope)
    heard = [*await context.replies.texts(str(place), context.remembered), *besides]
    correction = await context.learner.correction(place.scope)
    for _ in range(_TRIES):
        asked: Asked = {"n": n, "praise": praise, "heard": heard, "correction": correction.weights}
        if other is None:
            answer = await context.hype.answer_about(song, **asked)
        else:
            answer = _as_one(await context.hype.blend_of(song, other, **asked))
        allowed = tuple(each for each in answer.replies if blocks.blocked_in(each.text) is None)
        if allowed:
            break
    return replace(answer, replies=allowed)


def _as_one(blend: Blend) -> Answer:
    """A blend as the answer about one song, so that it is kept and shown like any."""
    parts = {each.name: getattr(blend, each.name) for each in fields(Answer)}
    return Answer(**parts | {"song": between(blend.song, blend.other)})
