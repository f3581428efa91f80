"""Blind pairs: a sentence of ours beside somebody else's about the same song, so that a reader can tell which is better."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from rich.progress import Progress

from export.answers import HEAD, SIDES, Key, Keyed
from export.corpus.pipeline import read_rows
from export.errors import AnswerError, StageError
from export.speakable import ANY_NAMES, ANY_SONG, is_speakable
from export.stages import Run
from inference import lexicon
from inference.bundle import Bundle
from inference.checks import Sentence, address, bad_slot, blocked, unbalanced
from inference.commentary import Commentator, Subject
from inference.genres import families_of
from inference.prose import Names, clean_name
from inference.words import WordList

PAIRS, ANSWERS, KEY = "pairs.md", "answers.csv", "key.json"
MOST_PAIRS = 1000
PEOPLE = "people"
_CLOSE = 3  # how unlike in form two sentences may be: words of difference, and a name too many or too few counts as
_NAME_COSTS = 3  # so many words
_TRIES = 3  # replies asked for until one has a sentence of the right form; what it says plays no part
_SPARE = 2  # songs looked at for each pair that is wanted
_MOST_SONG_FILE = 1_000_000  # bytes
_GENRES_SHOWN = 3

# Names that nobody has, without a word that tells of sound.
_FIRST = (
    "Amber Copper Velvet Paper Hollow Marble Salt Winter Lantern Cobalt Tin Harbour Quiet Garden River Thistle "
    "Ember Orchard Saffron Juniper Linen Meadow Pewter Clover"
).split()
_SECOND = (
    "Foxes Atlas Ferry Parade Sparrows Union Theory Society Cartel Harvest Kites Almanac Heirs Motel Republic Astronomers "
    "Avenue Tigers Cousins Arcade Embassy Swimmers Pilots Weather"
).split()
_TITLES_OF = "Halfway to,Letters from,Goodbye,Under,Leaving,A Map of,Sleeping in,The Road to,Postcards for,Nothing but".split(
    ","
)
_TITLES_ON = (
    "Ohio,the Orchard,August,Midnight,Marigold,the Causeway,Anywhere,Saturn,the Lighthouse,Tomorrow,Valentina,the Aquarium"
).split(",")

_TORN = re.compile(r"\w- \w")  # a compound that a line break parted
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~])")


@dataclass(frozen=True)
class Said:
    """One finished sentence, and what its form is."""

    text: str
    words: int
    named: frozenset[str]  # slots of the song's names that are in it
    kind: str = ""  # of writing, where somebody wrote it

    @classmethod
    def of(cls, sentence: str, names: Names) -> Said:
        """A finished sentence about a song of these names."""
        named = {slot for slot, name in (("artist", names.artist), ("title", names.title)) if name and name in sentence}
        return cls(sentence, len(sentence.split()), frozenset(named))


@dataclass(frozen=True)
class Pair:
    """Two sentences about one song; which of them is ours only the key tells."""

    names: Names
    genres: tuple[str, ...]
    ours: Said
    other: Said

    @property
    def unlikeness(self) -> int:
        """How unlike the two are in form, in words of difference."""
        return _unlikeness(self.ours, self.other)


def _unlikeness(one: Said, two: Said) -> int:
    return abs(one.words - two.words) + _NAME_COSTS * len(one.named ^ two.named)


def fit_rows(run: Run, words: WordList, seed: int) -> list[dict[str, Any]]:
    """Held-out sentences that may stand beside a reply, shuffled, and no work a second time before all had their turn.

    They are about sound, could be said of any song and lean on none before them; and nothing of their form, such as a name
    that stands there in lower case, tells that a person wrote them.
    """
    run.need(run.commentary, "corpus")
    rows = [row for row in read_rows(run.commentary) if row["split"] == "test" and row["descriptive"] > 0]
    fit = [row for row in rows if is_speakable(row["text"]) and _stands_alone(row["text"], words)]
    random.Random(seed).shuffle(fit)  # noqa: S311 - a draw, no secret
    times: Counter[object] = Counter()
    turns = []
    for row in fit:
        turns.append(times[_work(row)])
        times[_work(row)] += bool(_work(row))  # those of which nothing is known may be of any work
    return [row for _, row in sorted(zip(turns, fit, strict=True), key=lambda item: item[0])]


def _work(row: Mapping[str, Any]) -> tuple[object, ...]:
    """What tells the song or album of a row from others; empty when nothing is known of it."""
    return (*row["genres"], *row["features"].items())


def _stands_alone(text: str, words: WordList) -> bool:
    sentence = Sentence(text, ANY_NAMES)
    form = any(gate(sentence, ANY_SONG) for gate in (bad_slot, address, unbalanced, blocked))
    return not form and not _TORN.search(text) and sentence.words[0] not in lexicon.LEANING and not words.unknown(text)


def songs_of(path: Path) -> list[Names]:
    """Songs from a text file with one `Artist - Title` a line; empty lines and those after # are passed over."""
    try:
        if path.stat().st_size > _MOST_SONG_FILE:
            raise AnswerError(f"{path} is larger than {_MOST_SONG_FILE:,} bytes, so it is no list of songs.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError(f"{path} cannot be read ({type(error).__name__}); name a text file of songs.") from error
    songs = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        artist, _, title = re.sub(r"\s[\u2013\u2014]\s", " - ", line, count=1).partition(" - ")
        names = Names.of(artist, title)
        if not (names.artist and names.title):
            raise AnswerError(f"Line {number} of {path.name} is no song; write it as `Artist - Title`.")
        songs.append(names)
    if not songs:
        raise AnswerError(f"{path.name} names no song; write one `Artist - Title` a line.")
    return songs


def made_up_songs(seed: int) -> list[Names]:
    """Songs that do not exist, in an order told by the seed; no title stands there twice before all had their turn."""
    rng = random.Random(seed)  # noqa: S311 - names, no secret
    artists = [f"{first} {second}" for first, second in product(_FIRST, _SECOND)]
    titles = [f"{first} {second}" for first, second in product(_TITLES_OF, _TITLES_ON)]
    rng.shuffle(artists)
    rng.shuffle(titles)
    return [Names(artist, titles[i % len(titles)]) for i, artist in enumerate(artists)]


class _Matcher:
    """Finds for a held-out row a sentence of ours, and one of the other side, that are alike in form."""

    def __init__(self, ours: Commentator, other: Commentator | None, rows: Sequence[dict[str, Any]], seed: int) -> None:
        self._ours, self._other, self._seed = ours, other, seed
        self._left: dict[tuple[object, ...], list[dict[str, Any]]] = {}  # rows not yet taken, by work
        for row in rows:
            self._left.setdefault(_work(row), []).append(row)

    def pair(self, row: dict[str, Any], names: Names) -> Pair | None:
        """The best match for the song of a row; None when its sentences are all taken or nothing can be said of it."""
        left = self._left[_work(row)]
        some = [other for other in left if other is row or _work(row)]
        if not some:
            return None
        found: list[tuple[Pair, dict[str, Any]]] = []
        for seed in range(self._seed, self._seed + _TRIES):
            found += self._matches(some, names, seed)
            if found and min(pair.unlikeness for pair, _ in found) <= _CLOSE:
                break
        if not found:
            return None
        pair, taken = min(found, key=lambda match: match[0].unlikeness)
        left.remove(taken)
        return pair

    def _matches(self, rows: Sequence[dict[str, Any]], names: Names, seed: int) -> Iterator[tuple[Pair, dict[str, Any]]]:
        """Every sentence of a reply beside every one of the other side, with the row that it takes."""
        genres = tuple(rows[0]["genres"])
        subject = Subject(names.artist, names.title, genres=genres, features=rows[0]["features"])
        if self._other is None:
            others = [(_human(row, names), row) for row in rows]
        else:
            others = [(said, rows[0]) for said in _reply(self._other, subject, seed)]
        ours = _reply(self._ours, subject, seed)
        return ((Pair(names, genres, own, other), row) for own, (other, row) in product(ours, others))


def _human(row: Mapping[str, Any], names: Names) -> Said:
    return replace(Said.of(Sentence(row["text"], names).finished, names), kind=row["kind"])


def _reply(commentator: Commentator, subject: Subject, seed: int) -> list[Said]:
    """The sentences of the one reply that people would get."""
    names = Names(subject.artist, subject.title)
    return [Said.of(text, names) for reply in commentator.comment(subject, seed=seed).replies for text in reply.sentences]


@dataclass(frozen=True)
class Made:
    """Pairs with their sides shuffled."""

    pairs: tuple[Pair, ...]
    first: tuple[str, ...]  # for each pair, the side ("A" or "B") that is ours; as many of the one as of the other
    ours: str
    against: str

    @property
    def key(self) -> Key:
        """What is kept from the reader."""
        entries = (
            Keyed(i, side, (pair.ours.words, pair.other.words), tuple(sorted(families_of(pair.genres))), pair.other.kind)
            for i, (pair, side) in enumerate(zip(self.pairs, self.first, strict=True), 1)
        )
        return Key(self.ours, self.against, tuple(entries))


def make_pairs(
    run: Run, folder: Path, count: int, progress: Progress, *, songs: Sequence[Names] = (), against: Path | None = None
) -> Made:
    """Up to `count` pairs of the bundle in `folder` and held-out human sentences, or what the bundle `against` says.

    Genres and features of a human sentence's own row are what our reply is conditioned on; `songs` lend their names, or else
    made-up ones do. The sentence of a reply is chosen by its form alone: the length of the other's and the names in it.
    Raises StageError when there is no pair at all.
    """
    seed = run.config.seed
    bundle = Bundle.open(folder, device="cpu")
    other = None if against is None else Commentator.open(against, device="cpu")
    rows = fit_rows(run, bundle.words, seed)[: _SPARE * count]
    ours = Commentator(bundle)
    matcher = _Matcher(ours, other, rows, seed)
    names = list(songs) or made_up_songs(seed)
    close: list[Pair] = []
    unlike: list[Pair] = []
    task = progress.add_task("pairing", total=count)
    for i, row in enumerate(rows):
        pair = matcher.pair(row, names[i % len(names)])
        if pair is not None:
            (close if pair.unlikeness <= _CLOSE else unlike).append(pair)
        progress.update(task, completed=len(close))
        if len(close) == count:
            break
    pairs = (close + sorted(unlike, key=lambda pair: pair.unlikeness))[:count]
    if not pairs:
        raise StageError("No held-out sentence is fit to stand beside a reply; make a larger corpus.")
    rng = random.Random(seed + 1)  # noqa: S311 - a draw, no secret
    rng.shuffle(pairs)
    first = [SIDES[i % 2] for i in range(len(pairs))]
    rng.shuffle(first)
    called = PEOPLE if other is None else f"{other.name} {other.version}"
    return Made(tuple(pairs), tuple(first), f"{ours.name} {ours.version}", called)


def write_pairs(made: Made, folder: Path) -> None:
    """Write pairs.md, answers.csv and key.json; StageError when answers that somebody has given would be lost."""
    folder.mkdir(parents=True, exist_ok=True)
    blank = ",".join(HEAD) + "\n" + "".join(f"{number},\n" for number in range(1, len(made.pairs) + 1))
    answers = folder / ANSWERS
    if answers.exists() and re.search(r"[,;\t][ \"]*[ABab=]", answers.read_text(encoding="utf-8", errors="replace")):
        raise StageError(f"{answers} holds answers that belong to the pairs there; name another folder with --out.")
    (folder / PAIRS).write_text(_markdown(made), encoding="utf-8")
    answers.write_text(blank, encoding="utf-8")
    made.key.write(folder / KEY)


def _markdown(made: Made) -> str:
    """The pairs as they are read, with nothing that tells whose a sentence is."""
    quoting = made.against == PEOPLE
    warning = "> **Keep this file to yourself.** It quotes held-out text that other people wrote; publish it nowhere.\n\n"
    lines = [
        f"# {len(made.pairs)} pairs\n\n{warning if quoting else ''}For each song, which of the two sentences is the better "
        f"reply to somebody who shared it? Write `A`, `B`, or `=` where you cannot tell, into `{ANSWERS}`, one line a pair. "
        f"Leave `{KEY}` closed until all is answered.\n"
    ]
    for number, (pair, side) in enumerate(zip(made.pairs, made.first, strict=True), 1):
        said = (pair.ours, pair.other) if side == SIDES[0] else (pair.other, pair.ours)
        genres = ", ".join(name for genre in pair.genres[:_GENRES_SHOWN] if (name := clean_name(genre)))
        lines.append(f"## {number}. {_plain(f'“{pair.names.title}” by {pair.names.artist}')}\n")
        lines.append(f"*{_plain(genres)}*\n" if genres else "*genre unknown*\n")
        lines += [f"**{name}.** {_plain(one.text)}\n" for name, one in zip(SIDES, said, strict=True)]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
