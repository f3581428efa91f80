"""Reading documents: JSON Lines of hostile text into typed documents, each with its source and licence."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from export.errors import CorpusError

# What kind of writing each known source is (see inference.conditions.SOURCES); any other is "other".
KINDS = {
    "pitchfork": "review",
    "bigduckmusic": "review",
    "intervortex": "review",
    "deephypebot_blog_sample": "blog",
    "eatenbymonsters": "blog",
    "vpcarroll": "blog",
    "songs_to_the_siren": "blog",
    "netlabels_org": "release",
    "musiccaps": "caption",
    "gutenberg_music": "book",
    "wikipedia_music_2015": "encyclopaedia",
    "simplewiki_music": "encyclopaedia",
    "imdb_reviews": "film",
}
OPEN_LICENCES = ("cc by", "cc0", "public domain", "mit")
# The licence of a repository is none of the text that lies in it.
WEAK_LICENCES = ("weak", "package.json", "repo licence")
MAX_CHARS = 400_000


@dataclass(frozen=True)
class Document:
    """One document; text fields are stripped, absent ones empty."""

    text: str
    source: str
    licence: str
    artist: str = ""
    title: str = ""
    album: str = ""
    genres: tuple[str, ...] = ()
    score: float | None = None  # 0 to 10

    @property
    def kind(self) -> str:
        """What kind of writing it is."""
        return KINDS.get(self.source, "other")

    @property
    def is_open(self) -> bool:
        """Whether the text is openly licensed."""
        licence = self.licence.lower()
        return any(word in licence for word in OPEN_LICENCES) and not any(word in licence for word in WEAK_LICENCES)


def corpus_files(folder: Path) -> list[Path]:
    """The corpora of a folder, in the order of their names; CorpusError if there is none."""
    files = sorted(p for p in folder.glob("*") if p.name.endswith((".jsonl", ".jsonl.gz")))
    if not files:
        raise CorpusError(f"{folder} holds no *.jsonl or *.jsonl.gz; name the folder of the corpora with --corpora.")
    return files


def read_documents(path: Path) -> Iterator[Document | None]:
    """Documents of a file in their order; None for a line that holds none."""
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for line in lines:
                yield _document(line.decode("utf-8", errors="replace"), name)
    except (OSError, EOFError) as error:
        raise CorpusError(f"{path.name} is broken ({error}); fetch it again.") from error


def _document(line: str, name: str) -> Document | None:
    """One line as a document, or None if it is no object with a text."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str) or not raw["text"].strip():
        return None

    def text(key: str, default: str = "") -> str:
        value = raw.get(key)
        return value.strip()[:300] if isinstance(value, str) else default

    genres = raw.get("genres")
    score = raw.get("score")
    return Document(
        text=raw["text"][:MAX_CHARS],
        source=text("source", name) or name,
        licence=text("licence", "none stated") or "none stated",
        artist=text("artist"),
        title=text("title"),
        album=text("album"),
        genres=tuple(g.strip()[:80] for g in genres if isinstance(g, str))[:20] if isinstance(genres, list) else (),
        score=float(score) if isinstance(score, int | float) and 0 <= score <= 10 else None,
    )
