"""What a bundle says of many songs, by the hundred thousand: candidates as they come, each with the gates' verdict."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from export.speakable import ANY_NAMES
from inference.bundle import Bundle
from inference.checks import Context, Sentence, reason
from inference.commentary import Subject, conditions_asked, ranker_for
from inference.decoder import Decoder, Draft
from inference.generator import Generator, TruncatedPrior
from inference.genres import families_of
from inference.ranking import Candidate

PRAISE = 8.0  # how kind the bot is by default, of 10
_BATCH = 256  # candidates decoded at once


@dataclass(frozen=True)
class Spoken:
    """One candidate for a song."""

    text: str  # in slot form
    subject: Subject
    condition: NDArray[np.float32]  # (A,) as it was asked for
    draft: Draft
    verdict: str | None  # name of the gate that stops it; None when it may be said


def subject_of_row(row: Mapping[str, Any]) -> Subject:
    """The song of a corpus row, its names standing in for themselves."""
    return Subject(ANY_NAMES.artist, ANY_NAMES.title, genres=tuple(row["genres"]), features=row["features"])


def speak(
    bundle: Bundle, subjects: Sequence[Subject], each: int, *, seed: int, generator: Generator | None = None
) -> Iterator[list[Spoken]]:
    """`each` candidates for every subject, in the ways that the bot asks for them, in lists of some hundred.

    `generator` proposes the latents; None is the bundle's truncated prior.
    """
    rng = np.random.default_rng(seed)
    sampling, sizes = bundle.manifest.sampling, bundle.manifest.sizes
    decoder = Decoder(bundle)
    generator = generator or TruncatedPrior(sizes.latent, scale=sampling.scale, truncation=sampling.truncation)
    songs = max(1, _BATCH // each)
    for start in range(0, len(subjects), songs):
        some = subjects[start : start + songs]
        condition = np.concatenate([_ways(bundle, subject, each, rng) for subject in some])  # (N, A)
        drafts = decoder.decode(
            generator.propose(rng, condition), condition, rng.random((len(condition), decoder.max_tokens)), sampling
        )
        yield list(_judge(bundle, [subject for subject in some for _ in range(each)], condition, drafts))


def ranked(bundle: Bundle, spoken: Sequence[Spoken]) -> Iterator[list[tuple[Spoken, Candidate]]]:
    """For every song in turn, the candidates that may be said, ranked as the bot ranks them, the best first."""
    for _, of_song in itertools.groupby(spoken, key=lambda said: id(said.subject)):
        fit = {said.text: said for said in of_song if said.verdict is None}
        if not fit:
            yield []
            continue
        some = list(fit.values())
        ranker = ranker_for(bundle, some[0].subject, bundle.conditions.song_part(some[0].condition[None]))
        order = ranker.rank([Sentence(said.text, ANY_NAMES) for said in some], [said.draft for said in some])
        yield [(fit[candidate.sentence.text], candidate) for candidate in order]


def twins(
    bundle: Bundle,
    conditions: NDArray[np.float32],
    temperatures: tuple[float, float],
    *,
    seed: int,
    progress: Progress,
) -> list[str]:
    """One text for each row of conditions (N, A), asked for just as people's sentences were written, before any gate.

    What sets it apart from such a sentence is not its kind but how well it is made. Each batch has a temperature between
    the two given. Unfinished texts are empty.
    """
    rng = np.random.default_rng(seed)
    decoder, latent = Decoder(bundle), bundle.manifest.sizes.latent
    texts = []
    task = progress.add_task("speaking beside people", total=len(conditions))
    for start in range(0, len(conditions), _BATCH):
        condition = conditions[start : start + _BATCH]
        sampling = replace(bundle.manifest.sampling, temperature=float(rng.uniform(*temperatures)), min_p=0.02)
        z = rng.standard_normal((len(condition), latent)).astype(np.float32)
        drafts = decoder.decode(z, condition, rng.random((len(condition), decoder.max_tokens)), sampling)
        texts += [bundle.tokenizer.decode(draft.ids) if draft.finished else "" for draft in drafts]
        progress.update(task, completed=len(texts))
    progress.remove_task(task)
    return texts


def _ways(bundle: Bundle, subject: Subject, each: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Conditions (each, A): some of the ways in which the bot asks."""
    asked = conditions_asked(bundle, subject, ANY_NAMES, PRAISE)
    return np.asarray(asked[rng.permutation(np.arange(each) + int(rng.integers(len(asked)))) % len(asked)])


def _judge(
    bundle: Bundle, subjects: Sequence[Subject], condition: NDArray[np.float32], drafts: Sequence[Draft]
) -> Iterator[Spoken]:
    texts = [bundle.tokenizer.decode(draft.ids) for draft in drafts]
    for text, subject, asked, draft in zip(texts, subjects, condition, drafts, strict=True):
        context = Context(bundle.words, bundle.novelty, families_of(subject.genres), subject.features)
        verdict = reason(Sentence(text, ANY_NAMES), context) if draft.finished else "unfinished"
        yield Spoken(text, subject, asked, draft, verdict)
