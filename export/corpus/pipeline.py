"""The corpus stage: documents in, masked sentences with conditions out, with manifest, funnel and pictures."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from export.config import CorpusConfig
from export.corpus.attributes import Songs, key
from export.corpus.cleaning import clean, headline, is_english, is_single_work
from export.corpus.documents import Document, corpus_files, read_documents
from export.corpus.duplicates import Groups, near_duplicates
from export.corpus.figures import draw_funnel, draw_word_counts
from export.corpus.names import Masker, NameModel
from export.corpus.praise import PraiseModel
from export.corpus.sentences import describes_sound, fault, is_warm_start, normalise, split_sentences
from export.errors import CorpusError
from inference.sound import descriptiveness

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Work:
    """A cleaned document with what it is about."""

    number: int
    document: Document
    text: str
    artist: str
    title: str
    album: str


@dataclass(frozen=True)
class Judged:
    """One sentence of a work: its normal form, the songs quoted in it and why it is no commentary (None: it is)."""

    work: int
    text: str
    songs: tuple[str, ...]
    fault: str | None


def build_corpus(config: CorpusConfig, folder: Path, *, open_only: bool, seed: int, progress: Progress) -> dict[str, Any]:
    """Make the corpus in `folder` and return its manifest.

    Writes commentary.jsonl.gz (one sentence a line with its conditions and split), warm_start.jsonl.gz, raw.txt.gz (all
    music text that was read, for the novelty filter), genres.npz, manifest.json, funnel.png and words.png.
    """
    folder.mkdir(parents=True, exist_ok=True)
    funnel: Counter[str] = Counter()
    music, films = _read(config, open_only, funnel, progress)
    works = _clean_all(music, funnel, progress)
    if not works:
        raise CorpusError("No document is left after cleaning; look at the corpora and at --licence.")
    with gzip.open(folder / "raw.txt.gz", "wt", encoding="utf-8", compresslevel=3) as file:
        file.writelines(work.text.replace("\n", " ") + "\n" for work in works)
    names = NameModel.fit([work.text for work in works] + [clean(d.text[:3000]) for d in films[:4000]])
    judged = list(_judge_all(works, names, config, progress))
    kept = _keep(judged, works, config, funnel)
    clusters = _clusters(works, kept)
    praise = PraiseModel(
        [d.text.lower() for d in films if d.score is not None],
        [d.score for d in films if d.score is not None],
        seed=seed,
    )
    songs = Songs(Path(config.songs))
    songs.genre_table(config.genre_dims, seed=seed).save(folder / "genres.npz")
    rows = _rows(kept, works, clusters, songs, praise, config)
    _write(folder / "commentary.jsonl.gz", rows)
    warm = _warm_start(judged, works, clusters, films, names, config, progress)
    _write(folder / "warm_start.jsonl.gz", warm)
    manifest = _manifest(config, rows, warm, works, funnel, folder, open_only=open_only, seed=seed)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    draw_funnel(manifest["funnel"], folder / "funnel.png")
    draw_word_counts([len(row["text"].split()) for row in rows], folder / "words.png")
    return manifest


def _read(
    config: CorpusConfig, open_only: bool, funnel: Counter[str], progress: Progress
) -> tuple[list[Document], list[Document]]:
    """All documents of music writing, and as many film reviews as the warm start takes."""
    music: list[Document] = []
    films: list[Document] = []
    files = corpus_files(Path(config.corpora))
    task = progress.add_task("reading corpora", total=len(files))
    for path in files:
        for document in read_documents(path):
            funnel["1 lines read"] += 1
            if document is None:
                funnel["fell: no text"] += 1
            elif open_only and not document.is_open:
                funnel["fell: licence"] += 1
            else:
                (films if document.kind == "film" else music).append(document)
        progress.advance(task)
    funnel["2 documents on music"] = len(music)
    funnel["2 film reviews (warm start only)"] = len(films)
    return music, films


def _clean_one(numbered: tuple[int, Document]) -> Work | str:
    """A cleaned work, or the name of the step at which its document fell."""
    number, document = numbered
    artist, title, album = document.artist, document.title, document.album
    if document.source in ("wikipedia_music_2015", "simplewiki_music"):
        artist, title = document.title, ""
    elif document.kind == "book":
        title = ""
    elif document.kind == "blog" and not artist:
        artist, title = headline(title)
    elif document.kind == "review" and not (artist and album):
        artist, title = artist or headline(title)[0], ""
    if title == album or document.kind == "review":
        title = ""
    text = clean(document.text)
    if len(text.split()) < 8:
        return "fell: nearly empty"
    if not is_english(text):
        return "fell: not English"
    return Work(number, document, text, artist, title, "" if album == "-" else album)


def _clean_all(documents: list[Document], funnel: Counter[str], progress: Progress) -> list[Work]:
    """Clean every document, on all cores."""
    works = []
    for result in _parallel(_clean_one, list(enumerate(documents)), "cleaning documents", progress):
        if isinstance(result, Work):
            works.append(result)
        else:
            funnel[result] += 1
    funnel["3 documents in clean English"] = len(works)
    return works


def _judge_one(work: Work, *, names: NameModel, config: CorpusConfig) -> list[Judged]:
    """The sentences of one work, masked and judged."""
    document = work.document
    masker = Masker(names, artist=work.artist, title=work.title, album=work.album)
    barred = None
    if document.source in config.warm_start_only:
        barred = "warm start only"
    elif not is_single_work(document):
        barred = "round-up"
    elif document.kind == "release" and not work.album:
        barred = "about no work"
    found = []
    for sentence in split_sentences(work.text):
        masked, songs = masker.mask(sentence, songs_quoted=document.kind in ("review", "blog", "other"))
        text = normalise(masked)
        why = barred or fault(text, kind=document.kind, min_words=config.min_words, max_words=config.max_words)
        found.append(Judged(work.number, text, songs, why))
    return found


def _judge_all(works: list[Work], names: NameModel, config: CorpusConfig, progress: Progress) -> Iterator[Judged]:
    for found in _parallel(partial(_judge_one, names=names, config=config), works, "masking sentences", progress):
        yield from found


def _keep(judged: list[Judged], works: list[Work], config: CorpusConfig, funnel: Counter[str]) -> list[Judged]:
    """Commentary without near-duplicates."""
    funnel["4 sentences"] = len(judged)
    for sentence in judged:
        if sentence.fault:
            funnel[f"fell: {sentence.fault}"] += 1
    good = [s for s in judged if s.fault is None]
    groups = near_duplicates([s.text for s in good])
    kept = [s for i, s in enumerate(good) if groups.find(i) == i]
    funnel["fell: near-duplicate"] = len(good) - len(kept)
    funnel["5 sentences of commentary"] = len(kept)
    if len(kept) < 10:
        raise CorpusError(f"Only {len(kept)} sentences of commentary are left; more text is needed.")
    return kept


def _clusters(works: list[Work], kept: list[Judged]) -> dict[int, str]:
    """A name for the cluster of each work: works by one artist, or that share nearly the same long sentences, are one."""
    place = {work.number: i for i, work in enumerate(works)}
    groups = Groups(len(works))
    first: dict[str, int] = {}
    for i, work in enumerate(works):
        name = key(work.artist) or key(work.document.title) or key(work.document.text[:60])
        groups.join(first.setdefault(name, i), i)
    long = [s for s in kept if len(s.text.split()) >= 12]
    shared = near_duplicates([" ".join(s.text.split()[:12]) for s in long])
    for i, sentence in enumerate(long):
        other = long[shared.find(i)]
        if works[place[sentence.work]].document.kind != "caption":
            groups.join(place[other.work], place[sentence.work])
    labels = [key(w.artist) or key(w.document.title) or key(w.document.text[:60]) for w in works]
    return {work.number: labels[groups.find(i)] for i, work in enumerate(works)}


def split_of(cluster: str, config: CorpusConfig) -> str:
    """The part that a cluster belongs to, once and for all: told by its name alone."""
    share = int.from_bytes(hashlib.sha256(cluster.encode()).digest()[:8], "big") / 2**64
    if share < config.test_share:
        return "test"
    return "validation" if share < config.test_share + config.validation_share else "train"


def _rows(
    kept: list[Judged],
    works: list[Work],
    clusters: dict[int, str],
    songs: Songs,
    praise: PraiseModel,
    config: CorpusConfig,
) -> list[dict[str, Any]]:
    """What is written for each sentence of commentary."""
    by_number = {work.number: work for work in works}
    marks = praise.praise([s.text for s in kept], [by_number[s.work].document.score for s in kept])
    rows = []
    for sentence, mark in zip(kept, marks, strict=True):
        work = by_number[sentence.work]
        about = songs.attributes(
            artist=work.artist,
            album=work.album,
            songs=sentence.songs or ((work.title,) if work.title else ()),
            genres=work.document.genres if work.document.kind != "caption" else (),
        )
        rows.append(
            {
                "text": sentence.text,
                "split": split_of(clusters[work.number], config),
                "source": work.document.source,
                "licence": work.document.licence,
                "kind": work.document.kind,
                "genres": list(about.genres),
                "features": {name: round(value, 3) for name, value in about.features.items()},
                "features_from": about.level,
                "praise": round(float(mark), 2),
                "descriptive": descriptiveness(sentence.text),
            }
        )
    return rows


def _warm_start(
    judged: list[Judged],
    works: list[Work],
    clusters: dict[int, str],
    films: list[Document],
    names: NameModel,
    config: CorpusConfig,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Sentences for the plain language model: all music text of the training part, then film reviews."""
    by_number = {work.number: work for work in works}
    rows = []
    seen: set[str] = set()
    for s in judged:
        work = by_number[s.work]
        if split_of(clusters[s.work], config) != "train" or s.text in seen or not s.text:
            continue
        if is_warm_start(s.text, max_words=config.warm_start_max_words):
            seen.add(s.text)
            rows.append({"text": s.text, "kind": work.document.kind, "source": work.document.source})
    budget = config.film_words
    chosen: list[Work] = []
    # The file may be sorted by score: take reviews spread over the whole of it.
    for film in films[:: max(1, sum(len(f.text) for f in films) // max(1, 8 * budget))] if budget else ():
        chosen.append(Work(len(works) + len(chosen), film, film.text, "", "", ""))
    for found in _parallel(partial(_film_sentences, names=names, config=config), chosen, "reading film reviews", progress):
        for text in found:
            if budget > 0 and text not in seen:
                seen.add(text)
                budget -= len(text.split())
                rows.append({"text": text, "kind": "film", "source": chosen[0].document.source})
    return rows


def _film_sentences(work: Work, *, names: NameModel, config: CorpusConfig) -> list[str]:
    masker = Masker(names, artist="", title="", album="")
    texts = (normalise(masker.mask(s, songs_quoted=False)[0]) for s in split_sentences(clean(work.text)))
    return [t for t in texts if t and is_warm_start(t, max_words=config.warm_start_max_words)]


def _parallel(function: Any, items: list[Any], label: str, progress: Progress) -> Iterator[Any]:
    """Results in order, worked out on all cores when there is enough to do, with a progress bar."""
    task = progress.add_task(label, total=len(items))
    if len(items) < 500:
        for item in items:
            yield function(item)
            progress.advance(task)
        return
    with multiprocessing.get_context("spawn").Pool() as pool:
        for result in pool.imap(function, items, chunksize=64):
            yield result
            progress.advance(task)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    """JSON Lines, packed the same on every run."""
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, compresslevel=4, filename="") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows that the corpus stage wrote."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _manifest(
    config: CorpusConfig,
    rows: list[dict[str, Any]],
    warm: list[dict[str, Any]],
    works: list[Work],
    funnel: Counter[str],
    folder: Path,
    *,
    open_only: bool,
    seed: int,
) -> dict[str, Any]:
    """Counts, hashes, licences and the funnel."""
    documents = Counter((w.document.source, w.document.licence) for w in works)
    sentences = Counter(row["source"] for row in rows)
    train = [row for row in rows if row["split"] == "train"]
    funnel["6 sentences for training"] = len(train)
    funnel["7 of them describe sound"] = sum(describes_sound(row["text"]) for row in train)
    order = sorted(funnel.items(), key=lambda item: (not item[0][0].isdigit(), item[0]))
    return {
        "schema_version": 1,
        "seed": seed,
        "open_only": open_only,
        "config": asdict(config),
        "splits": {split: sum(row["split"] == split for row in rows) for split in SPLITS},
        "features_from": dict(Counter(row["features_from"] for row in rows)),
        "with_genres": sum(bool(row["genres"]) for row in rows),
        "warm_start": dict(Counter(row["kind"] for row in warm)),
        "data": [
            {"source": source, "licence": licence, "documents": n, "sentences": sentences[source]}
            for (source, licence), n in sorted(documents.items())
        ],
        "funnel": dict(order),
        "files": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("commentary.jsonl.gz", "warm_start.jsonl.gz", "genres.npz")
        },
    }
