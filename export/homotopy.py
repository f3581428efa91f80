"""Homotopies: the sentences between two sentences, or between what a bundle says of two songs.

The straight way through the latent space is that of Bowman et al. 2016 ("Generating Sentences from a Continuous Space").
The way along the sphere is that of White 2016 ("Sampling Generative Networks"). It is the default: latents of two sentences
stand nearly at right angles, so that the straight way leads through the middle, where none lies (a quarter less long, on the
first bundle), and where the decoder says what is likeliest of all, again and again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.corpus.names import Masker, NameModel
from export.corpus.sentences import normalise
from export.data import style_of
from export.errors import HomotopyError
from export.speakable import ANY_NAMES
from inference.bundle import Bundle
from inference.checks import Context, Sentence, incoherent, non_word, repeats, unbalanced
from inference.commentary import Commentator, Subject
from inference.conditions import Conditions
from inference.decoder import Decoder, Draft
from inference.interpolation import spherical
from inference.manifest import Sampling
from inference.prose import Names, finish
from inference.words import words_of

PATHS = ("spherical", "linear")
MOST_STEPS = 50
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_CANDIDATES = 32  # at each place
_COLD = Sampling(temperature=0.6, top_k=20, min_p=0.1)  # near the likeliest, as a line is to be read and not to surprise
_NEAR = 2.0  # what a mean squared distance of 1 from the place costs, in nats a token
_UNREADABLE = 100.0  # nats a token: any other line is taken before it

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class End:
    """One end of the way."""

    text: str  # in slot form
    names: Names  # that its slots are filled with
    genres: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """The sentence as it is read."""
        return finish(self.text, self.names)


@dataclass(frozen=True)
class Line:
    """What is said at one place."""

    place: float  # 0 (the first sentence) to 1 (the second)
    text: str  # in slot form
    spoken: str  # as it is read, with the names of the nearer end


def slot_form(text: str, names: Names | None = None) -> str:
    """A sentence as the corpus has it: lower case, the song's names as slots, other names and numbers as masks.

    A title in quotation marks is `<title>`; slots that are typed as such stay. Raises HomotopyError when no word is left.
    """
    names = names or Names()
    straight = " ".join(text.translate(_STRAIGHT).split())
    lower = Counter(dict.fromkeys(straight.lower().split(), 2))  # a capital that only begins the sentence is no name
    masker = Masker(NameModel(Counter(), lower), artist=names.artist or "", title=names.title or "", album="")
    masked, _ = masker.mask(straight, songs_quoted=True)
    form = normalise(masked.replace('"<title>"', "<title>"))
    if not words_of(form):
        raise HomotopyError(f"{text!r:.60} has no words; give a sentence.")
    return form


def reply_of(bundle: Bundle, song: str, genres: tuple[str, ...], *, seed: int) -> End:
    """The first sentence that a bundle says of a song, "Artist - Title"."""
    artist, _, title = (part.strip() for part in song.partition(" - "))
    if not artist or not title:
        raise HomotopyError(f'{song!r:.80} is no song; write it as "Artist - Title".')
    replies = Commentator(bundle).comment(Subject(artist, title, genres), seed=seed).replies
    if not replies:
        raise HomotopyError(f"The bundle finds nothing to say of {song!r:.80}; try another --seed.")
    names = Names.of(artist, title)
    return End(slot_form(replies[0].sentences[0], names), names, genres)


def sentence_end(text: str, genres: tuple[str, ...]) -> End:
    """A sentence as it was typed, of a song without names."""
    return End(slot_form(text), Names(), genres)


def walk(bundle: Bundle, first: End, second: End, *, steps: int = 7, path: str = PATHS[0], seed: int = 0) -> list[Line]:
    """The sentences at `steps` (2 to 50) places from one end to the other, both ends' own places among them.

    The ends are what the decoder makes of their latents, which is near to the sentences and seldom the same. The genres,
    and the length and slots that a sentence tells of itself, are mixed on the way.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise HomotopyError(f"steps is {steps}, but must lie between 2 and {MOST_STEPS}.")
    places = np.linspace(0.0, 1.0, steps)
    latents = encode(bundle, [first.text, second.text])  # (2, Z)
    z = between(latents[0], latents[1], places, path)  # (P, Z)
    condition = between(_condition(bundle, first), _condition(bundle, second), places, "linear")  # (P, A)
    texts = say(bundle, z, condition, seed=seed)
    ends = [first if place < 0.5 else second for place in places]
    return [Line(float(place), text, finish(text, end.names)) for place, text, end in zip(places, texts, ends, strict=True)]


def between(start: Floats, end: Floats, places: NDArray[np.float64], path: str) -> Floats:
    """Vectors (P, D) at places from 0 to 1 on the straight line, or along the sphere, between two vectors (D,).

    Along the sphere the direction turns evenly and the length changes evenly; where there is no direction to turn (a
    vector of zeros, or two on one line), it is the straight line.
    """
    if path not in PATHS:
        raise HomotopyError(f"There is no path {path!r:.40}; use {' or '.join(PATHS)}.")
    t = places[:, None]  # (P, 1)
    if path == "spherical":
        return spherical(start, end, t)
    return np.asarray((1 - t) * start + t * end, dtype=np.float32)


def encode(bundle: Bundle, texts: Sequence[str]) -> Floats:
    """Means (N, Z) of the latents of sentences in slot form."""
    means = np.zeros((len(texts), bundle.manifest.sizes.latent), dtype=np.float32)
    rows: defaultdict[int, list[int]] = defaultdict(list)  # the encoder reads rows of equal length
    sequences = bundle.tokenizer.encode_batch(texts)
    for row, ids in enumerate(sequences):
        rows[len(ids)].append(row)
    for some in rows.values():
        tokens = np.array([sequences[row] for row in some], dtype=np.int64)  # (n, T)
        means[some] = bundle.encoder.run(["mean"], {"tokens": tokens})[0]
    return means


def say(bundle: Bundle, z: Floats, condition: Floats, *, seed: int) -> list[str]:
    """One sentence in slot form for each of the latents (P, Z) and conditions (P, A).

    Of some cool samples, the same random numbers for every place, it is the one that is likely for its latent and, read by
    the encoder, lies near to it.
    """
    decoder = Decoder(bundle)
    rng = np.random.default_rng(seed)
    uniform = np.tile(rng.random((_CANDIDATES, decoder.max_tokens)), (len(z), 1))  # (P*N, T)
    many_z, many_condition = (np.repeat(rows, _CANDIDATES, axis=0) for rows in (z, condition))
    drafts = decoder.decode(many_z, many_condition, uniform, _COLD)
    texts = [bundle.tokenizer.decode(draft.ids) for draft in drafts]
    distance = np.square(encode(bundle, [text or "." for text in texts]) - many_z).mean(axis=1)  # (P*N,)
    context = Context(bundle.words, bundle.novelty, frozenset(), {})
    values = [
        draft.mean_log_prob - _NEAR * d - (0.0 if _readable(draft, text, context) else _UNREADABLE)
        for draft, text, d in zip(drafts, texts, distance.tolist(), strict=True)
    ]
    best = np.array(values).reshape(len(z), _CANDIDATES).argmax(axis=1) + np.arange(len(z)) * _CANDIDATES
    return [texts[i] for i in best]


def _readable(draft: Draft, text: str, context: Context) -> bool:
    """Whether a line came to its end, of known words and without the plainest faults of form."""
    sentence = Sentence(text, ANY_NAMES)
    return draft.finished and not any(gate(sentence, context) for gate in (unbalanced, repeats, incoherent, non_word))


def _condition(bundle: Bundle, end: End) -> Floats:
    """What is known of an end (A,): its genres, what the sentence tells of itself, and the bundle's own kind of writing."""
    told = style_of(end.text, "other") | {"source": bundle.manifest.sampling.style.source}
    return np.asarray(bundle.conditions.encode(Conditions(genres=end.genres, **told))[0])
