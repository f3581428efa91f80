"""Commentary: a song in, or two, and replies out; the way from conditions over candidates, checks and ranking to a text."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inference.bundle import Bundle, shipped
from inference.checks import Context, Sentence, reason
from inference.composition import Composed, compose, left_over
from inference.conditions import Conditions
from inference.decoder import Decoder, Draft
from inference.errors import ConditionError
from inference.generator import open_generator
from inference.genres import GenreTable, families_of
from inference.interpolation import spherical
from inference.prose import Names
from inference.ranking import Candidate, Ranker, Weights, scorers
from inference.tokenizer import FILLABLE

CANDIDATES = 96  # N, sampled at once; more are better and slower: their number is what two cores manage in 0.15 s
MOST_CANDIDATES = 256
MOST_BATCHES = 3
MOST_REPLIES = 10
MOST_SEED = 2**63 - 1
MOST_PRAISE = 10.0
MOST_OTHERS = 8  # candidates that are told of though they were not said
_MOST_WEIGHT = 100.0  # of a score in a community's correction
_CHOICE = 3  # candidates to choose from for every reply, or another batch is sampled
_MOST_GENRES, _MOST_GENRE, _MOST_HEARD, _MOST_TEXT = 20, 60, 100, 1000  # genres, their letters, texts, their letters
_MOST_STYLES = 64  # that are remembered
_HUMAN = (-4.1, 0.7)  # mean and deviation of human sentences under the n-gram model, where the manifest has none
_BLEND = "this blend"  # what stands where the title of a song would
_BLEND_TIMES = 2  # as many candidates as for a song, since fewer of them are good
_LENGTHS = 4  # different lengths that are asked for
# Which slots are asked for, (artist, title), in turn: some sentences to begin with, some to follow.
_SLOTS = ((False, True), (False, False), (True, False), (False, True), (False, False))


@dataclass(frozen=True)
class Subject:
    """What is to be talked about; every field may be missing."""

    artist: str | None = None
    title: str | None = None
    genres: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)  # some of conditions.FEATURES, in their own units


@dataclass(frozen=True)
class Reply:
    """One to three sentences about a song, or about what lies between two."""

    text: str  # names restored, to be read
    sentences: tuple[str, ...]
    seed: int
    scores: Mapping[str, float]  # mean over the sentences, by name; "total" is what they add up to by weight


@dataclass(frozen=True)
class Commentary:
    """Replies, and what became of all the candidates."""

    replies: tuple[Reply, ...]  # best first, mutually different; empty only when every candidate was rejected
    others: tuple[Reply, ...]  # the best candidates that might have been said instead, MOST_OTHERS at most, one sentence each
    rejected: Mapping[str, int]  # named reason -> how many candidates
    batch: int  # how many were sampled at once
    candidates: int  # how many were sampled in all
    tokens: int  # how many tokens they have, ends counted
    timing_ms: Mapping[str, float]  # sample, check, rank


@dataclass(frozen=True)
class _Theme:
    """What is to be talked about: a song, or what lies between two."""

    subject: Subject
    names: Names  # that may be said
    song: NDArray[np.float32]  # (1, A): what the candidates are conditioned on
    sources: tuple[NDArray[np.float32], ...]  # (1, A) each: what latents are proposed for, the song's or both songs'
    marks: tuple[int, ...]  # so that one seed does not make all themes draw the same latents and words


class Commentator:
    """Speaks from a bundle; may be used from several threads."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        candidates: int = CANDIDATES,
        weights: Weights | None = None,
        generator: Literal["learnt", "prior"] | None = None,
        critics: bool | None = None,
    ) -> None:
        """Sample so many candidates at once, and rank them by these weights.

        `generator` proposes latents, "learnt" or from the "prior", and `critics` choose among them before any is
        decoded; None takes what the bundle ships with. BundleError when the bundle lacks what is asked for.
        """
        self._bundle = bundle
        self._candidates = candidates
        self._weights = weights
        learnt = None if generator is None else generator == "learnt"
        self._generator = open_generator(bundle, learnt=learnt, critics=critics)
        self._decoder = Decoder(bundle)
        self._styles = lru_cache(maxsize=_MOST_STYLES)(partial(_styles, bundle))

    @classmethod
    def open(cls, folder: Path | None = None, *, device: str = "auto") -> Commentator:
        """Open the bundle in a folder (None: the shipped one) on "auto", "cpu" or "cuda".

        Raises BundleError or DeviceError, each with one sentence that says what to do.
        """
        return cls(Bundle.open(shipped() if folder is None else folder, device=device))

    @property
    def name(self) -> str:
        """Name of the bundle."""
        return self._bundle.manifest.name

    @property
    def version(self) -> str:
        """Version of the bundle."""
        return self._bundle.manifest.version

    @property
    def device(self) -> str:
        """The device that really runs: "cpu" or "cuda"."""
        return self._bundle.device

    @property
    def genres(self) -> GenreTable:
        """The genres that mean something to the bundle, in whatever spelling."""
        return self._bundle.conditions.genres

    @property
    def candidates(self) -> int:
        """How many candidates are sampled at once unless fewer are asked for."""
        return self._candidates

    def comment(
        self,
        subject: Subject,
        *,
        n: int = 1,
        seed: int = 0,
        praise: float = 8.0,
        heard: Sequence[str] = (),
        correction: Mapping[str, float] | None = None,
        candidates: int | None = None,
    ) -> Commentary:
        """Up to `n` (1 to 10) different replies about a song, cool at `praise` 0 and enthusiastic at 10.

        `heard` are texts said lately, which no reply takes up again. `correction` is what a community adds to the
        ranker's weights (see `Ranker`; -100 to 100 each): it changes which of the candidates are preferred, never which
        may be said. `candidates` (1 to 256; None: `self.candidates`) are sampled at once: fewer are quicker and less good.
        The same arguments and bundle give the same replies. Raises ConditionError for a value outside its range. Blocks
        for some tenths of a second.
        """
        asked = _Asked(n, seed, praise, heard, correction, self._candidates if candidates is None else candidates)
        return self._say(_theme_of(self._bundle, subject), asked)

    def blend(
        self,
        one: Subject,
        other: Subject,
        *,
        n: int = 1,
        seed: int = 0,
        praise: float = 8.0,
        heard: Sequence[str] = (),
        correction: Mapping[str, float] | None = None,
        candidates: int | None = None,
    ) -> Commentary:
        """Up to `n` different replies about what lies half-way between two songs, in whichever order they are given.

        It is conditioned on the mean of what is known of each; what is unknown of one is as in the other. Latents are
        proposed for either song, and decoded in the middle of the way between them along the sphere. Nobody and nothing
        is named. All else is as in `comment`.
        """
        usual = min(_BLEND_TIMES * self._candidates, MOST_CANDIDATES)
        asked = _Asked(n, seed, praise, heard, correction, usual if candidates is None else candidates)
        return self._say(_theme_between(self._bundle, one, other), asked)

    def _say(self, theme: _Theme, asked: _Asked) -> Commentary:
        bundle, subject = self._bundle, theme.subject
        styles = self._styles(theme.names.slots, asked.praise)  # (rows, A)
        styles = styles[np.arange(asked.candidates) % len(styles)]  # (N, A)
        context = Context(bundle.words, bundle.novelty, families_of(subject.genres), subject.features)
        ranker = ranker_for(bundle, subject, theme.song, self._weights, asked.correction)
        heard = [text[:_MOST_TEXT] for text in asked.heard[-_MOST_HEARD:]]
        pool = _Pool()
        for batch in range(MOST_BATCHES):
            with pool.timed("sample"):
                drafts = self._sample(theme, styles, asked.seed, batch)
            with pool.timed("check"):
                for draft in drafts:
                    pool.judge(Sentence(bundle.tokenizer.decode(draft.ids), theme.names), draft, context)
            with pool.timed("rank"):
                ranked = ranker.rank(pool.sentences, pool.drafts)
                replies = compose(ranked, asked.n, heard, bundle.novelty)
            if len(replies) == asked.n and len(ranked) >= _CHOICE * asked.n:
                break
        with pool.timed("rank"):
            others = left_over(ranked, replies, heard, MOST_OTHERS)
        return pool.commentary(asked, replies, others)

    def _sample(self, theme: _Theme, styles: NDArray[np.float32], seed: int, batch: int) -> list[Draft]:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, *theme.marks), spawn_key=(batch,))))
        proposed = [self._generator.propose(rng, source + styles) for source in theme.sources]  # (N, Z) each
        z = spherical(proposed[0], proposed[-1], 0.5)  # (N, Z): of one song, what is proposed for it
        uniform = rng.random((len(styles), self._decoder.max_tokens))  # (N, T)
        forbidden = [self._bundle.tokenizer.slot(slot) for slot in FILLABLE if slot not in theme.names.slots]
        return self._decoder.decode(z, theme.song + styles, uniform, self._bundle.manifest.sampling, forbidden)


@dataclass(frozen=True)
class _Asked:
    """How it is to be talked about; raises ConditionError for a value outside its range."""

    n: int
    seed: int
    praise: float
    heard: Sequence[str]
    correction: Mapping[str, float] | None
    candidates: int

    def __post_init__(self) -> None:
        _check("n", self.n, 1, MOST_REPLIES)
        _check("seed", self.seed, 0, MOST_SEED)
        _check("praise", self.praise, 0, MOST_PRAISE)
        _check("candidates", self.candidates, 1, MOST_CANDIDATES)
        for name, weight in (self.correction or {}).items():
            _check(f"the correction's {name[:_MOST_GENRE]!r}", weight, -_MOST_WEIGHT, _MOST_WEIGHT)


def _theme_of(bundle: Bundle, subject: Subject) -> _Theme:
    """A song, whose names may be said."""
    subject = replace(subject, genres=_genres(subject))
    song = _song(bundle, subject)
    return _Theme(subject, Names.of(subject.artist, subject.title), song, (song,), (_fingerprint(subject),))


def _theme_between(bundle: Bundle, one: Subject, other: Subject) -> _Theme:
    """What lies between two songs: nobody's, so that no name can be the wrong one."""
    pair = sorted((replace(each, genres=_genres(each)) for each in (one, other)), key=_fingerprint)
    songs = tuple(_song(bundle, each) for each in pair)
    first, second = (each.features for each in pair)
    means = {name: (first.get(name, value) + second.get(name, value)) / 2 for name, value in {**first, **second}.items()}
    between = Subject(genres=pair[0].genres + pair[1].genres, features=means)
    marks = tuple(map(_fingerprint, pair))
    return _Theme(between, Names(instead=_BLEND), bundle.conditions.between(np.concatenate(songs)), songs, marks)


def ranker_for(
    bundle: Bundle,
    subject: Subject,
    song: NDArray[np.float32],
    weights: Weights | None = None,
    correction: Mapping[str, float] | None = None,
) -> Ranker:
    """What ranks sentences about a song whose part of the conditions is `song` (1, A), for a community."""
    named = scorers(
        bundle.tokenizer,
        bundle.ngram,
        bundle.words,
        _human(bundle.manifest.figures),
        subject.features,
        energy=bundle.energy,
        song=song,
    )
    return Ranker(named, weights or Weights(), correction)


def conditions_asked(bundle: Bundle, subject: Subject, names: Names, praise: float) -> NDArray[np.float32]:
    """What the candidates for a song are asked to be, in turn (rows, A): the song, and a place in the wanted style."""
    return _song(bundle, replace(subject, genres=_genres(subject))) + _styles(bundle, names.slots, praise)


def _song(bundle: Bundle, subject: Subject) -> NDArray[np.float32]:
    """The part of the conditions that tells of a song (1, A)."""
    return bundle.conditions.encode(Conditions(genres=subject.genres, features=subject.features))


def _styles(bundle: Bundle, fillable: frozenset[str], praise: float) -> NDArray[np.float32]:
    """The part of the conditions that tells how to write, in turn (rows, A), where these slots can be filled."""
    style = bundle.manifest.sampling.style
    lengths = [None] if style.words is None else np.linspace(*style.words, _LENGTHS).tolist()
    can = tuple(slot in fillable for slot in FILLABLE)
    slots = [wanted for wanted in _SLOTS if all(c or not w for c, w in zip(can, wanted, strict=True))]
    rows = [
        bundle.conditions.encode(
            Conditions(
                praise=praise,
                source=style.source,
                descriptive=style.descriptive,
                words=words,
                artist_slot=artist,
                title_slot=title,
                masks=False,
            )
        )
        for words in lengths
        for artist, title in slots
    ]
    return np.concatenate(rows)


class _Pool:
    """The candidates of one request: those that may be said, and why the others may not."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self.drafts: list[Draft] = []
        self._texts: set[str] = set()
        self._rejected: Counter[str] = Counter()
        self._sampled = 0
        self._tokens = 0
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the time that a phase takes."""
        began = time.perf_counter()
        yield
        self._seconds[phase] += time.perf_counter() - began

    def judge(self, sentence: Sentence, draft: Draft, context: Context) -> None:
        """Let a candidate in, or count why not."""
        self._sampled += 1
        self._tokens += len(draft.ids) + draft.finished
        why = self._why_not(sentence, draft, context)
        if why is None:
            self._texts.add(sentence.text)
            self.sentences.append(sentence)
            self.drafts.append(draft)
        else:
            self._rejected[why] += 1

    def _why_not(self, sentence: Sentence, draft: Draft, context: Context) -> str | None:
        if not draft.finished:
            return "unfinished"
        return reason(sentence, context) or ("duplicate" if sentence.text in self._texts else None)

    def commentary(self, asked: _Asked, replies: Sequence[Composed], others: Sequence[Candidate]) -> Commentary:
        """What comes out of it all."""
        return Commentary(
            replies=tuple(_reply(composed.candidates, composed.text, asked.seed) for composed in replies),
            others=tuple(_reply((other,), other.sentence.finished, asked.seed) for other in others),
            rejected=dict(self._rejected),
            batch=asked.candidates,
            candidates=self._sampled,
            tokens=self._tokens,
            timing_ms={phase: 1000 * seconds for phase, seconds in self._seconds.items()},
        )


def _reply(parts: Sequence[Candidate], text: str, seed: int) -> Reply:
    scores = {name: sum(part.scores[name] for part in parts) / len(parts) for name in parts[0].scores}
    scores["total"] = sum(part.total for part in parts) / len(parts)
    return Reply(text, tuple(part.sentence.finished for part in parts), seed, scores)


def _fingerprint(subject: Subject) -> int:
    """A number that tells a song from others."""
    told = "\n".join((subject.artist or "", subject.title or "", *subject.genres))
    return int.from_bytes(hashlib.blake2b(told.encode("utf-8", errors="replace"), digest_size=8).digest(), "big")


def _genres(subject: Subject) -> tuple[str, ...]:
    return tuple(genre[:_MOST_GENRE] for genre in subject.genres[:_MOST_GENRES])


def _human(figures: Mapping[str, Any]) -> tuple[float, float]:
    """Mean and deviation that human sentences have under the n-gram model."""
    mean, std = figures.get("ngram_mean"), figures.get("ngram_std")
    if isinstance(mean, float) and isinstance(std, float) and std > 0:
        return mean, std
    return _HUMAN


def _check(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise ConditionError(f"{name} is {value}, but must lie between {low} and {high:g}; choose another.")
