"""Learning: votes become a small correction of the bundle's ranker for each community, which can be explained and reset.

A reply's votes are a logistic regression on how it differs from what the bundle usually says (its scores and traits, in
usual spreads), with a Gaussian prior at zero that lets a few votes say hardly anything.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.curation.tastes import TASTES
from bot.errors import HypeError, InputError

SCHEMA = 1
HALF_LIFE = 180.0  # days in which a vote loses half its weight
_OLDEST = 30.0  # half-lives, so that some weight is always left
MOST_OF_PERSON = 20.0  # votes that one person may count for, however many they cast
MOST_OF_REPLY = 8.0  # votes that may count on one reply
_PRIOR = 0.3  # deviation of the prior: log-odds of being liked that a usual spread of a score may well be worth
_PRIOR_MOOD = 2.0  # the same for how readily a community likes anything
_SILENT = 0.5  # weight of a reply that nobody voted on, half for and half against; together half of all votes at most
_OTHERS = 16  # candidates that a reply is held against, at most
_STEADY = 1.0  # the bundle's usual candidate counts as so many of them
_FARTHEST = 4.0  # spreads from the usual, beyond which a score is an error or a freak
_STEPS, _HALVINGS, _NEAR = 25, 30, 1e-10  # of Newton's method
_FELT = 0.01  # points that a usual difference must change to be told
_ROUNDING = 1e-6  # points; weights below are zero
MOST_REPLIES = 4_000  # that one correction is learnt from
_MOST_SCOPES = 1_000  # communities whose correction is remembered
_FEW = 100  # replies from which it is learnt while somebody waits for an answer: it takes some milliseconds
_REST = 0.002  # seconds between two times of learning from more, for each of the replies: some 20 times as long as it takes

_COUNTS = ("votes", "people", "replies")
_NAMES = tuple(TASTES)
_ALL = itemgetter(*_NAMES)
_USUAL = np.array([taste.usual for taste in TASTES.values()])
_SPREAD = np.array([taste.spread for taste in TASTES.values()])
_MOST = np.array([taste.most for taste in TASTES.values()])

Floats = NDArray[np.float64]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A reply that a community saw; all of it may come from a database and is checked where it is read.

    Scores that are missing or no numbers are taken for usual ones, votes other than +1 and -1 for none.
    """

    scores: Mapping[str, Any]  # of the reply, with its traits, by name
    votes: Mapping[str, int]  # by person; empty where nobody voted, which tells a little too
    others: Sequence[Mapping[str, Any]] = ()  # scores of candidates that were not chosen, where they are kept
    age: float = 0.0  # days


@dataclass(frozen=True)
class Correction:
    """What a community adds to the bundle's ranker, and from how much it was learnt."""

    weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))  # points of the total, a unit of score
    votes: int = 0
    people: int = 0
    replies: int = 0  # with a vote

    def explained(self) -> list[str]:
        """A line for each weight that matters, the largest first, with the points that a usual difference is worth."""
        points = {name: weight * TASTES[name].spread for name, weight in self.weights.items()}
        return [
            f"this place likes {TASTES[name].more if worth > 0 else TASTES[name].less}: +{abs(worth):.2f}"
            for name, worth in sorted(points.items(), key=lambda item: (-abs(item[1]), item[0]))
            if abs(worth) >= _FELT
        ]

    def as_dict(self) -> dict[str, Any]:
        """The correction, JSON-ready, as `from_dict` reads it."""
        return {
            "schema": SCHEMA,
            "weights": dict(self.weights),
            "votes": self.votes,
            "people": self.people,
            "replies": self.replies,
        }

    @classmethod
    def from_dict(cls, told: object) -> Correction:
        """Read a correction back; raises InputError for what is none, or is stronger than any that can be learnt."""
        if not isinstance(told, Mapping) or told.get("schema") != SCHEMA or not isinstance(told.get("weights"), Mapping):
            raise InputError(f"This is no correction of schema {SCHEMA}; reset it, and it is learnt again from the votes.")
        counts = [count for name in _COUNTS if type(count := told.get(name)) is int and 0 <= count < 2**53]
        if len(counts) < len(_COUNTS):
            raise InputError("A correction counts votes, people and replies from 0; reset it, and it is learnt again.")
        weights = {name: _number(weight) for name, weight in told["weights"].items()}
        for name, weight in weights.items():
            if name not in TASTES or not abs(weight) <= TASTES[name].most / TASTES[name].spread * (1 + 1e-9):
                raise InputError(f"The weight of {str(name)[:40]!r} is none that can be learnt; reset the correction.")
        return cls(MappingProxyType(weights), *counts)


NOTHING = Correction()


def learn(examples: Iterable[Example], *, half_life: float = HALF_LIFE) -> Correction:
    """The correction that a community's votes call for; the order of examples and votes does not matter.

    Without votes, and where all votes agree on everything shown, it is exactly none. A score's weight stays within
    `Taste.most` points for a usual spread, however many votes there are. One person counts for MOST_OF_PERSON votes at
    most, one reply for MOST_OF_REPLY; a vote of `half_life` days counts half. Blocks for some milliseconds a thousand votes.
    """
    seen = list(examples)
    votes = [{person: vote for person, vote in example.votes.items() if vote in (1, -1)} for example in seen]
    people = Counter(person for cast in votes for person in cast)
    if not people:
        return NOTHING
    ages = np.array([_number(example.age, 0.0) for example in seen])
    decays = 0.5 ** np.clip(ages / half_life, 0.0, _OLDEST)
    up, down = _strengths(votes, people) * decays
    rows = _differences(seen)
    # In one order, so that rounding is the same whatever order they came in.
    order = np.lexsort((*rows.T, up, down, decays))
    rows, up, down, decays = rows[order], up[order], down[order], decays[order]
    silent = up + down == 0
    if silent.any():
        weight = min(_SILENT, _SILENT * float((up + down).sum() / decays[silent].sum())) * decays[silent]
        up[silent] = down[silent] = weight / 2
    worth = _MOST * np.tanh(_fit(rows, up, down))  # points for a usual spread
    weights = {name: float(points / spread) for name, points, spread in zip(_NAMES, worth, _SPREAD, strict=True)}
    told = {name: weight for name, weight in weights.items() if abs(weight) * TASTES[name].spread > _ROUNDING}
    return Correction(MappingProxyType(told), people.total(), len(people), int((~silent).sum()))


def _strengths(votes: Sequence[Mapping[str, int]], people: Mapping[str, int]) -> Floats:
    """How much is said for and against each reply, in votes (2, B)."""
    many = np.array(list(map(len, votes)))
    share = {person: _capped(count, MOST_OF_PERSON) for person, count in people.items()}
    shares = np.array([share[person] for cast in votes for person in cast])
    against = np.array([vote == -1 for cast in votes for vote in cast.values()])
    # Summed up from the smallest, so that rounding is the same whatever order they came in.
    order = np.lexsort((shares, place := np.repeat(np.arange(len(votes)), many) + len(votes) * against))
    summed = np.bincount(place[order], shares[order], minlength=2 * len(votes)).reshape(2, -1)
    each: Floats = _capped(np.maximum(many, 1), MOST_OF_REPLY)
    return each * summed


def _capped(count: Any, most: float) -> Any:
    """What each of so many votes counts, so that together they count as less than `most`, and one as one."""
    return most / (most + count - 1)


def _differences(examples: Sequence[Example]) -> Floats:
    """How each reply differs from those that might have been, in usual spreads (B, K); 0 where that is not known."""
    rows = _table(example.scores for example in examples)  # (B, K)
    beside = [example.others[:_OTHERS] if example.others else () for example in examples]
    of = np.repeat(np.arange(len(examples)), list(map(len, beside)))
    table = _table(scores for others in beside for scores in others)  # (all others, K)
    known = np.isfinite(table)
    total, count = np.zeros_like(rows), np.zeros_like(rows)
    np.add.at(total, of, np.where(known, table, 0.0))
    np.add.at(count, of, known)
    return np.nan_to_num(np.clip(rows - total / (count + _STEADY), -_FARTHEST, _FARTHEST), nan=0.0)


def _table(many: Iterable[Mapping[str, Any]]) -> Floats:
    """Scores in usual spreads from the usual (rows, K); NaN where there is none."""
    listed = list(many)
    values: list[tuple[float, ...]]
    try:
        values = list(map(_ALL, listed))
    except (KeyError, TypeError):
        values = []
    if set(map(type, chain.from_iterable(values))) != {float}:  # the quick way is for rows that lack nothing
        told = (scores if isinstance(scores, Mapping) else {} for scores in listed)
        values = [tuple(_number(scores.get(name)) for name in _NAMES) for scores in told]
    with np.errstate(over="ignore"):  # what is too large is no score either
        rows = (np.array(values, dtype=np.float64).reshape(-1, len(_NAMES)) - _USUAL) / _SPREAD
    return np.where(np.isfinite(rows), np.clip(rows, -_FARTHEST, _FARTHEST), np.nan)


def _number(value: object, otherwise: float = math.nan) -> float:
    """A finite number as it is, and anything else as `otherwise`."""
    if type(value) is float:
        return value if math.isfinite(value) else otherwise
    return float(value) if type(value) is int and abs(value) < 2**53 else otherwise


def _fit(rows: Floats, up: Floats, down: Floats) -> Floats:
    """Log-odds (K,) for a spread of each score: the most probable under the prior, by Newton's method.

    The mood of a community, which likes or dislikes all there is, is one place more, and is no part of what comes back.
    """
    many = up + down
    centred = rows - (many @ rows) / many.sum()
    inputs = np.column_stack([centred, np.ones(len(rows))])  # (B, K + 1)
    precision = np.full(inputs.shape[1], _PRIOR**-2)
    precision[-1] = _PRIOR_MOOD**-2

    def loss(theta: Floats) -> float:
        logits = inputs @ theta
        return float(up @ np.logaddexp(0, -logits) + down @ np.logaddexp(0, logits) + 0.5 * precision @ theta**2)

    theta, before = np.zeros(inputs.shape[1]), loss(np.zeros(inputs.shape[1]))
    for _ in range(_STEPS):
        liked = 0.5 * (1 + np.tanh(0.5 * (inputs @ theta)))
        uphill = inputs.T @ (up - many * liked) - precision * theta
        curve = (inputs.T * (many * liked * (1 - liked))) @ inputs + np.diag(precision)
        step = np.linalg.solve(curve, uphill)
        for _ in range(_HALVINGS):
            if (after := loss(theta + step)) <= before:
                break
            step /= 2
        theta, before = theta + step, after
        if np.abs(step).max() < _NEAR:
            break
    return theta[:-1]


class VotesSource(Protocol):
    """Where the votes of communities are kept; both methods raise HypeError when they cannot be read or written."""

    async def examples(self, scope: str) -> Sequence[Example]:
        """The replies that a community saw since its reset, with their votes: the newest MOST_REPLIES at most."""

    async def reset(self, scope: str) -> None:
        """Let nothing count any more that a community has voted until now."""


@dataclass
class _Place:
    """What is known of one community."""

    learnt: Correction = NOTHING
    changes: int = 1  # of its votes, since the start
    learnt_at: int = 0  # at which of these it was learnt
    replies: int = 0  # from which it was learnt
    rest: float = 0.0  # until when nothing is learnt, where these are many
    learning: asyncio.Task[None] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Learner:
    """Keeps the corrections of communities, each learnt again at its next use after votes have changed.

    To learn from thousands of replies takes as long as an answer. Nobody waits for that but the first who asks: it is done
    beside, now and then, and until then the last correction holds, which one vote among so many hardly moves.
    """

    def __init__(self, source: VotesSource, seconds: Callable[[], float] = time.monotonic) -> None:
        """Learn from these votes; `seconds` is a clock."""
        self._source = source
        self._seconds = seconds
        self._places: OrderedDict[str, _Place] = OrderedDict()

    def changed(self, scope: str) -> None:
        """Tell that votes of a community have changed; costs nothing until its correction is used again."""
        if place := self._places.get(scope):
            place.changes += 1

    def changed_everywhere(self) -> None:
        """Tell that votes of any community may have changed, such as when somebody had theirs erased."""
        for place in self._places.values():
            place.changes += 1

    async def correction(self, scope: str) -> Correction:
        """What a community's votes call for now; the last that was learnt when they cannot be read, or are very many."""
        place = self._place(scope)
        if place.replies <= _FEW:
            await self._learn(scope, place)
        elif place.learnt_at != place.changes and place.learning is None and self._seconds() >= place.rest:
            place.learning = asyncio.create_task(self._learn(scope, place))
            place.learning.add_done_callback(lambda _: setattr(place, "learning", None))
        return place.learnt

    async def close(self) -> None:
        """Learn no more."""
        tasks = [place.learning for place in self._places.values() if place.learning]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def reset(self, scope: str) -> None:
        """Forget what a community has taught; raises HypeError when that cannot be written, and then nothing is forgotten."""
        place = self._place(scope)
        async with place.lock:
            await self._source.reset(scope)
            place.learnt, place.replies = NOTHING, 0
            place.changes += 1

    async def _learn(self, scope: str, place: _Place) -> None:
        """Learn a community's correction, unless nothing has changed."""
        async with place.lock:
            # Votes that come in while it learns are for the next time.
            changes = place.changes
            if place.learnt_at == changes:
                return
            try:
                examples = await self._source.examples(scope)
                place.learnt = await asyncio.to_thread(learn, examples)
                place.learnt_at, place.replies = changes, len(examples)
                place.rest = self._seconds() + len(examples) * _REST
            except HypeError as error:
                _log.warning("Votes could not be learnt from, so an older correction stays: %s", error)

    def _place(self, scope: str) -> _Place:
        place = self._places.setdefault(scope, _Place())
        self._places.move_to_end(scope)
        if len(self._places) > _MOST_SCOPES:
            self._places.popitem(last=False)
        return place
