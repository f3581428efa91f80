"""Votes of people on replies, as `deephypebot votes export` writes them, brought back to sentences in slot form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import StageError
from inference.prose import Names

SCHEMA = 1
_MOST_BYTES = 200_000_000
_MOST_TEXT = 2_000
_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"'})
_SENTENCE = re.compile(r"(?<=[.!?\u2026]) +")


@dataclass(frozen=True)
class Vote:
    """What one person thought of one reply."""

    sentences: tuple[str, ...]  # in slot form
    liked: bool


def read_votes(path: Path) -> list[Vote]:
    """Votes from JSON lines {schema, reply, candidate: {text}, conditions: {artist, title}, vote, at}; 0 and null are none.

    Raises StageError for a file that cannot be read, and for a line that is no vote.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise StageError(f"{path.name} is larger than {_MOST_BYTES:,} bytes, so it holds no votes.")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(f"{path} cannot be read; name what `deephypebot votes export` wrote.") from error
    return [vote for number, line in enumerate(lines, start=1) if line.strip() for vote in _read(line, path, number)]


def slot_form(text: str, names: Names) -> str:
    """A finished reply as the model writes: lower case, plain quotation marks, slots where the names stood."""
    for slot, name in (("<title>", names.title), ("<artist>", names.artist)):
        if name:
            text = re.sub(rf"\u201c?(?<!\w){re.escape(name)}(?!\w)\u201d?", slot, text, flags=re.IGNORECASE)
            if name[-1] in "sS":  # "The Cars' song"
                text = re.sub(rf"{slot}\u2019(?!\w)", f"{slot}\u2019s", text)
    return " ".join(text.translate(_PLAIN).lower().split())


def _read(line: str, path: Path, number: int) -> Iterator[Vote]:
    try:
        row: Any = json.loads(line)
        schema, vote, text, told = row["schema"], row["vote"], row["candidate"]["text"], row["conditions"]
        names = Names.of(*(name if isinstance(name := told.get(key), str) else None for key in ("artist", "title")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StageError(f"Line {number} of {path.name} is no vote; export the votes again.") from None
    if schema != SCHEMA or vote not in (1, -1, 0, None) or not isinstance(text, str) or len(text) > _MOST_TEXT:
        raise StageError(f"Line {number} of {path.name} is no vote of schema {SCHEMA}; export the votes again.")
    if vote:
        # Names first: a title may hold a full stop.
        yield Vote(tuple(filter(None, _SENTENCE.split(slot_form(text, names)))), vote == 1)
