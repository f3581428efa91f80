"""Composition: which sentences are said together, and which replies beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from inference import lexicon
from inference.novelty import NoveltyFilter
from inference.ranking import Candidate, content_of_text, familiarity
from inference.words import words_of

MOST_SENTENCES = 3
MOST_WORDS = 45  # of a reply, names restored
_ENOUGH_WORDS = 9  # a reply of so many words needs no further sentence
_DIVERSITY = 2.5  # what being all familiar costs, in units of the total score (maximal marginal relevance)
_TOO_FAMILIAR = 0.7  # share of familiar words from which a sentence counts as said already
_MARGIN = 0.4  # how much worse than the first sentence a further one may be
_SHARED = 1  # words of weight that two sentences of a reply may share
_NO_NAME = 1.0  # what it costs to begin a reply without naming the song or the artist
_SONG_WORDS = frozenset({"song", "track", "tune", "music"})  # may come again: a reply is about one song


@dataclass(frozen=True)
class Composed:
    """Sentences that make one reply."""

    candidates: tuple[Candidate, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """As they are read."""
        return tuple(candidate.sentence.finished for candidate in self.candidates)

    @property
    def text(self) -> str:
        """The whole reply."""
        return " ".join(self.sentences)

    @property
    def content(self) -> frozenset[str]:
        """Words of weight in all sentences."""
        return frozenset[str]().union(*(candidate.sentence.content for candidate in self.candidates))


def compose(candidates: Sequence[Candidate], n: int, heard: Sequence[str], novelty: NoveltyFilter) -> list[Composed]:
    """Up to `n` replies of one to three sentences each, the best first, unlike each other and what was heard.

    `candidates` come best first. No sentence is used twice.
    """
    familiar = [content_of_text(text) for text in heard]
    left = list(candidates)
    replies: list[Composed] = []
    while len(replies) < n:
        opener = _best_opener(left, familiar)
        if opener is None:
            break
        left.remove(opener)
        reply = Composed((opener,))
        while (following := _best_following(reply, left, familiar, novelty)) is not None:
            left.remove(following)
            reply = Composed((*reply.candidates, following))
        replies.append(reply)
        familiar.append(reply.content)
    return replies


def left_over(candidates: Sequence[Candidate], replies: Sequence[Composed], heard: Sequence[str], most: int) -> list[Candidate]:
    """The best candidates that could have been said alone and were not: `most` at most, unlike the replies and what was heard.

    `candidates` come best first.
    """
    said = {id(candidate) for reply in replies for candidate in reply.candidates}
    familiar = [*map(content_of_text, heard), *(reply.content for reply in replies)]
    fresh = (c for c in candidates if id(c) not in said and can_open(c) and not _said_already(c, familiar))
    return list(islice(fresh, most))


def can_open(candidate: Candidate) -> bool:
    """Whether a sentence can stand first: it leans on none before it."""
    return candidate.sentence.words[0] not in lexicon.LEANING


def _best_opener(left: Sequence[Candidate], familiar: Sequence[frozenset[str]]) -> Candidate | None:
    def value(candidate: Candidate) -> float:
        return _value(candidate, familiar) - _NO_NAME * (not candidate.scores["slot"])

    fresh = [c for c in left if can_open(c) and not _said_already(c, familiar)]
    return max(fresh, key=value, default=None)


def _best_following(
    reply: Composed, left: Sequence[Candidate], familiar: Sequence[frozenset[str]], novelty: NoveltyFilter
) -> Candidate | None:
    """The best sentence to come after those of a reply, or None when it says enough or nothing fits."""
    words = len(words_of(reply.text))
    if len(reply.candidates) == MOST_SENTENCES or words >= _ENOUGH_WORDS:
        return None
    least = reply.candidates[0].total - _MARGIN
    fitting = (
        candidate
        for candidate in left
        if candidate.total >= least
        and candidate.sentence.words[0] not in lexicon.LEANING
        and _fits(candidate, reply)
        and words + len(words_of(candidate.sentence.finished)) <= MOST_WORDS
        and not _said_already(candidate, familiar)
        and not novelty.copied_run(f"{reply.text} {candidate.sentence.finished}")
    )
    return max(fitting, key=lambda candidate: _value(candidate, familiar), default=None)


def _fits(candidate: Candidate, reply: Composed) -> bool:
    """Whether a sentence says something new after others: no name again, hardly a word again, another beginning."""
    sentence = candidate.sentence
    slots = sentence.names.slots
    used = {word for said in reply.candidates for word in said.sentence.words if word in slots}
    return (
        used.isdisjoint(sentence.words)
        and len(sentence.content & reply.content - _SONG_WORDS) <= _SHARED
        and all(said.sentence.words[:2] != sentence.words[:2] for said in reply.candidates)
    )


def _value(candidate: Candidate, familiar: Sequence[frozenset[str]]) -> float:
    return candidate.total - _DIVERSITY * familiarity(candidate.sentence.content, familiar)


def _said_already(candidate: Candidate, familiar: Sequence[frozenset[str]]) -> bool:
    return familiarity(candidate.sentence.content, familiar) >= _TOO_FAMILIAR
