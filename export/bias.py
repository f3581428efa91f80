"""Bias: whom, which places and which genres the corpus dwells on, beside what a bundle says of the same kinds of songs.

Words are counted by fixed lists, the same for every set of sentences, so that anybody can check a figure by hand. Three sets
stand side by side: the training text, a bundle's candidates as they are sampled, and its replies, which have passed the
gates and were chosen. The gates refuse people and places altogether; what the model would say without them shows in the
candidates.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from rich.progress import Progress

from export.corpus.pipeline import read_rows
from export.pairs import made_up_songs
from export.speaking import speak, subject_of_row
from export.stages import Run
from inference import lexicon
from inference.bundle import Bundle, read_manifest
from inference.commentary import Commentator, Subject
from inference.genres import families_of
from inference.words import words_of

BIAS = "bias.json"
SCHEMA = 1
TRAINING, CANDIDATES, REPLIES = "training text", "candidates", "replies"
_EACH = 8  # candidates for a song
_LEAST = 20  # sentences of a family, below which its shares say nothing


def _terms(text: str) -> frozenset[str]:
    """Words and, with an underscore, pairs of words."""
    return frozenset(term.replace("_", " ") for term in text.split())


# What is counted: group -> name of a count -> its terms.
GROUPS: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Pronouns": {
            "he, him, his": _terms("he him his himself he'd he'll"),
            "she, her, hers": _terms("she her hers herself she'd she'll"),
            "they, them, their": _terms("they them their theirs themselves they're they've they'd they'll"),
            "I, me, my": _terms("i me my mine myself i'm i've i'd i'll"),
            "we, us, our": _terms("we us our ours ourselves we're we've we'd we'll"),
            "you, your": _terms("you your yours yourself you're you've you'd you'll"),
        },
        "Men and women": {
            "men": _terms("man men guy guys dude dudes boy boys gentleman gentlemen frontman frontmen father brother brothers "
                          "husband boyfriend son king male masculine"),
            "women": _terms("woman women girl girls lady ladies gal gals frontwoman mother sister sisters wife girlfriend "
                            "daughter queen diva songstress chanteuse female feminine"),
        },
        "Places": {
            "United States and Canada": _terms(
                "american america americans u.s usa californian california texan texas brooklyn new_york los_angeles chicago "
                "detroit seattle nashville atlanta memphis philadelphia boston portland austin miami harlem manhattan "
                "minneapolis orleans canadian canada toronto montreal vancouver southern midwestern"
            ),
            "Britain and Ireland": _terms(
                "british britain english england scottish scotland welsh wales irish ireland london manchester glasgow dublin "
                "bristol liverpool sheffield birmingham leeds"
            ),
            "rest of Europe": _terms(
                "european europe french france german germany spanish spain italian italy portuguese dutch belgian swiss "
                "austrian swedish sweden norwegian norway danish denmark finnish finland icelandic iceland russian russia "
                "ukrainian polish czech hungarian romanian greek balkan scandinavian nordic berlin paris stockholm oslo "
                "copenhagen vienna"
            ),
            "Latin America, Caribbean": _terms(
                "latin mexican mexico brazilian brazil argentinian argentine chilean colombian cuban cuba jamaican jamaica "
                "puerto_rican caribbean trinidadian andean"
            ),
            "Africa": _terms("african africa nigerian nigeria ghanaian kenyan malian mali ethiopian egyptian congolese"),
            "Asia, Middle East": _terms(
                "asian asia chinese china japanese japan tokyo korean korea indian india pakistani iranian persian turkish "
                "israeli arabic middle_eastern indonesian thai vietnamese"
            ),
            "Australia, Pacific": _terms("australian australia melbourne sydney hawaiian polynesian zealand"),
        },
        "Genres named": {
            family: frozenset(name for name, of in lexicon.GENRES.items() if of == family)
            for family in sorted(set(lexicon.GENRES.values()))
        },
        "Praise and blame": {
            "praise": _terms(
                "beautiful beautifully gorgeous gorgeously brilliant brilliantly wonderful wonderfully lovely great excellent "
                "superb stunning stunningly catchy infectious irresistible perfect perfectly impressive memorable fantastic "
                "amazing best masterful sublime exquisite delightful thrilling exhilarating compelling captivating charming "
                "elegant graceful rewarding triumphant finest fun enjoyable glorious"
            ),
            "blame": _terms(
                "boring bland dull lifeless awful terrible weak weakest disappointing disappointingly mediocre forgettable "
                "annoying tedious tiresome pointless poor poorly messy worst worse bad badly unremarkable uninspired "
                "derivative generic predictable clumsy awkward lazy lame stupid failed fails fail unfortunately sadly lacks "
                "lacking overlong monotonous cheesy"
            ),
        },
    }
)  # fmt: skip
_COUNTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        term: tuple(f"{group}/{name}" for group, counts in GROUPS.items() for name, terms in counts.items() if term in terms)
        for term in frozenset[str]().union(*(terms for counts in GROUPS.values() for terms in counts.values()))
    }
)


def count_terms(texts: Iterable[str]) -> Counter[str]:
    """How often each count of GROUPS ("Pronouns/she, her, hers") occurs in texts; its possessive is the same word."""
    found: Counter[str] = Counter()
    for text in texts:
        bare = [word.removesuffix("'s") for word in words_of(text)]
        for term in (*bare, *map(" ".join, pairwise(bare))):
            found.update(_COUNTS.get(term, ()))
    return found


@dataclass(frozen=True)
class Written:
    """A sentence with the genres of the song it is about, and how much it praises (0 to 10) where that is known."""

    text: str
    genres: tuple[str, ...]
    praise: float | None = None


@dataclass(frozen=True)
class Group:
    """One group of counts over all sets of sentences."""

    name: str
    rows: Mapping[str, tuple[int, ...]]  # name of a count -> how often, a set each


@dataclass(frozen=True)
class Family:
    """One family of genres over all sets; None where a set has too few sentences of it, or no such word."""

    name: str
    share: float  # of the training sentences whose genre is known; a sentence of several families counts in each
    praise: float | None  # mean praise of the training sentences, 0 to 10
    sentences: tuple[int, ...]
    women: tuple[float | None, ...]  # share of women among words for women and for men, pronouns counted
    approval: tuple[float | None, ...]  # share of praise among words of praise and of blame


@dataclass(frozen=True)
class Bias:
    """Counts of words in sets of sentences, and of what stands beside which genre."""

    sets: Mapping[str, int]  # name -> sentences
    groups: tuple[Group, ...]
    families: tuple[Family, ...]  # most frequent first

    def as_dict(self) -> dict[str, Any]:
        """The counts as they stand in JSON."""
        return asdict(self)


def measure(sets: Mapping[str, Sequence[Written]]) -> Bias:
    """Count sets of sentences; the first is the training text, which the families' order and praise come from."""
    tallies = [_Tally.of(sentences) for sentences in sets.values()]
    groups = tuple(
        Group(group, {name: tuple(tally.counts[f"{group}/{name}"] for tally in tallies) for name in names})
        for group, names in GROUPS.items()
    )
    first = tallies[0]
    order = sorted(first.families, key=lambda name: (-first.families[name].sentences, name))
    families = tuple(_family(name, [tally.families.get(name, _Tally()) for tally in tallies], first.known) for name in order)
    return Bias({name: len(sentences) for name, sentences in sets.items()}, groups, families)


@dataclass
class _Tally:
    """Counts over some sentences, and over those of each family."""

    sentences: int = 0
    known: int = 0  # sentences about a song whose family is known
    counts: Counter[str] = field(default_factory=Counter)
    praise: list[float] = field(default_factory=list)
    families: dict[str, _Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, sentences: Iterable[Written]) -> _Tally:
        """Count sentences, each in the whole and in its families."""
        whole = cls()
        for sentence in sentences:
            counts, families = count_terms([sentence.text]), _families(sentence.genres)
            whole.known += bool(families)
            whole._add(sentence, counts)
            for family in families:
                whole.families.setdefault(family, cls())._add(sentence, counts)
        return whole

    def _add(self, sentence: Written, counts: Counter[str]) -> None:
        self.sentences += 1
        for name, n in counts.items():
            self.counts[name] += n
        if sentence.praise is not None:
            self.praise.append(sentence.praise)


@lru_cache(maxsize=1 << 16)
def _families(genres: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(families_of(genres)))


def _family(name: str, tallies: Sequence[_Tally], known: int) -> Family:
    first = tallies[0]
    counts = [tally.counts if tally.sentences >= _LEAST else Counter[str]() for tally in tallies]
    return Family(
        name=name,
        share=first.sentences / known,
        praise=sum(first.praise) / len(first.praise) if first.praise else None,
        sentences=tuple(tally.sentences for tally in tallies),
        women=tuple(
            _share(c, ("Pronouns/she, her, hers", "Men and women/women"), ("Pronouns/he, him, his", "Men and women/men"))
            for c in counts
        ),
        approval=tuple(_share(c, ("Praise and blame/praise",), ("Praise and blame/blame",)) for c in counts),
    )


def _share(counts: Mapping[str, int], of: Sequence[str], against: Sequence[str]) -> float | None:
    one, two = (sum(counts.get(name, 0) for name in names) for names in (of, against))
    return one / (one + two) if one + two else None


@dataclass(frozen=True)
class Sample:
    """A reply that nobody picked."""

    song: str
    genres: tuple[str, ...]
    text: str


def find_bias(run: Run, folder: Path | None, replies: int, progress: Progress) -> dict[str, Any]:
    """Bias of a run's training text, of its bundle's candidates (eight a song) and of so many replies, as a dictionary.

    The songs are those of held-out rows, each with a made-up name; `folder` None leaves the bundle out. What was found for
    the same corpus, bundle, seed and number is read from RUN/bias/bias.json, where it is written, replies included
    (`samples`).
    """
    run.need(run.commentary, "corpus")
    told = {
        "schema": SCHEMA,
        "corpus": run.corpus_hash(),
        "bundle": None if folder is None else read_manifest(folder).as_dict()["files"],
        "seed": run.config.seed,
        "replies": replies,
    }
    path = run.folder / "bias" / BIAS
    known = _known(path)
    if known is not None and known.get("of") == told:
        return known
    train, test = _rows(run)
    sets, samples = {TRAINING: train}, list[Sample]()
    if folder is not None and test and replies:
        bundle = Bundle.open(folder, device="cpu")
        sets[CANDIDATES] = _candidates(bundle, test[:replies], run.config.seed, progress)
        sets[REPLIES], samples = _replies(bundle, test[:replies], run.config.seed, progress)
    found = {"of": told, **measure(sets).as_dict(), "samples": [asdict(sample) for sample in samples]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return _known(path) or {}


def _known(path: Path) -> dict[str, Any] | None:
    """What was found before; None when there is nothing that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _rows(run: Run) -> tuple[list[Written], list[dict[str, Any]]]:
    """The training sentences, and the held-out rows in an order told by the seed."""
    train: list[Written] = []
    test: list[dict[str, Any]] = []
    for row in read_rows(run.commentary):
        if row["split"] == "train":
            train.append(Written(row["text"], tuple(row["genres"]), row["praise"]))
        elif row["split"] == "test":
            test.append(row)
    order = np.random.default_rng(run.config.seed).permutation(len(test))
    return train, [test[i] for i in order]


def _candidates(bundle: Bundle, rows: Sequence[Mapping[str, Any]], seed: int, progress: Progress) -> list[Written]:
    """What is sampled for the songs of rows, before any gate."""
    task = progress.add_task("sampling", total=len(rows) * _EACH)
    found: list[Written] = []
    for some in speak(bundle, [subject_of_row(row) for row in rows], _EACH, seed=seed):
        found += [Written(said.text, said.subject.genres) for said in some]
        progress.update(task, completed=len(found))
    return found


def _replies(
    bundle: Bundle, rows: Sequence[Mapping[str, Any]], seed: int, progress: Progress
) -> tuple[list[Written], list[Sample]]:
    """The one reply to each song of rows: as it is counted, without the names, and as it is read."""
    commentator = Commentator(bundle)
    written, samples = [], []
    songs = made_up_songs(seed)
    for i, row in enumerate(progress.track(rows, description="replying")):
        names = songs[i % len(songs)]
        subject = Subject(names.artist, names.title, genres=tuple(row["genres"]), features=row["features"])
        for reply in commentator.comment(subject, seed=seed).replies:
            bare = reply.text.replace(names.artist or "", "").replace(names.title or "", "")
            written.append(Written(bare, subject.genres))
            samples.append(Sample(f"{names.artist} \u2013 {names.title}", subject.genres, reply.text))
    return written, samples
