"""Answers to blind pairs: reads a reader's answers and the key strictly, and counts how often ours was chosen."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.errors import AnswerError

SIDES = ("A", "B")
TIE = "="
HEAD = ("pair", "choice")
KEY_SCHEMA = 1
_MOST_BYTES = 4_000_000
_MOST_PAIRS = 100_000
_NORMAL_95 = 1.959964  # quantile of the normal distribution that leaves 2.5 % above it
_LENGTHS = ((0, 10, "up to 10 words"), (11, 14, "11 to 14 words"), (15, 10_000, "15 words or more"))


@dataclass(frozen=True)
class Keyed:
    """What nobody who answers may see of a pair."""

    pair: int  # from 1
    ours: str  # "A" or "B"
    words: tuple[int, int]  # of our sentence and of the other
    families: tuple[str, ...] = ()  # coarse genres of the song; empty when not known
    kind: str = ""  # of writing that the other sentence comes from


@dataclass(frozen=True)
class Key:
    """Which side of each pair is ours, and what was compared."""

    ours: str  # the bundle and its version
    against: str  # "people", or another bundle and its version
    pairs: tuple[Keyed, ...]

    def write(self, path: Path) -> None:
        """Write what `read` reads."""
        path.write_text(json.dumps({"schema": KEY_SCHEMA, **asdict(self)}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Key:
        """Read a key; AnswerError when it is none."""
        try:
            raw = json.loads(_text(path, "key"))
            if raw["schema"] != KEY_SCHEMA:
                raise ValueError(f"schema {raw['schema']!r:.20}")
            pairs = tuple(_keyed(entry, number) for number, entry in enumerate(raw["pairs"], 1))
            key = cls(str(raw["ours"])[:200], str(raw["against"])[:200], pairs)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            told = f"{path} is not the key.json that `pairs make` wrote ({_what(error)})"
            raise AnswerError(f"{told}; make the pairs again.") from error
        if not 0 < len(key.pairs) <= _MOST_PAIRS:
            raise AnswerError(f"{path} holds {len(key.pairs):,} pairs; make the pairs again.")
        return key


def _keyed(raw: Mapping[str, Any], number: int) -> Keyed:
    first, second = raw["words"]
    if raw["pair"] != number or raw["ours"] not in SIDES:
        raise ValueError(f"pair {number}")
    return Keyed(number, raw["ours"], (int(first), int(second)), tuple(map(str, raw["families"])), str(raw["kind"]))


def _what(error: Exception) -> str:
    """A few words on a fault in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:80]


def _text(path: Path, what: str) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise AnswerError(f"{path} is larger than {_MOST_BYTES:,} bytes, so it is no {what}; name the right file.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerError(f"{path} cannot be read as the {what} ({type(error).__name__}); name the right file.") from error


def read_answers(path: Path, pairs: int) -> list[str]:
    """The choice ("A", "B" or "=") for each of so many pairs, in their order, from a CSV file with a line a pair.

    Spreadsheets may have saved it: commas, semicolons or tabs part the cells, lines may stand in any order, letters may be
    small. AnswerError names the first line that is missing, doubled, blank or none of these.
    """
    text = _text(path, "answers")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    found: dict[int, str] = {}
    try:
        # Lines are cut here and not by csv, so that a stray quotation mark cannot swallow the lines after it.
        for number, line in enumerate(io.StringIO(text, newline=None), 1):
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
            if number == 1:
                if tuple(cell.lower() for cell in cells[:2]) != HEAD:
                    raise AnswerError(f"Line 1 of {path.name} must be `pair,choice`; keep the file's first line.")
            elif any(cells):
                pair, choice = _answer(cells, pairs, f"Line {number} of {path.name}")
                if pair in found:
                    raise AnswerError(f"Line {number} of {path.name} answers pair {pair} a second time; keep one of the two.")
                found[pair] = choice
    except csv.Error as error:
        raise AnswerError(f"Line {number} of {path.name} is no CSV ({error}); write one pair a line as `7,A`.") from error
    missing = [pair for pair in range(1, pairs + 1) if pair not in found]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise AnswerError(f"{path.name} has no line for pair {missing[0]}{more}; answer every pair, with = for a tie.")
    return [found[pair] for pair in range(1, pairs + 1)]


def _answer(cells: Sequence[str], pairs: int, place: str) -> tuple[int, str]:
    """Pair and choice of one line."""
    number = cells[0]
    if not (number.isascii() and number.isdigit() and len(number) < 8 and 1 <= int(number) <= pairs):
        raise AnswerError(f"{place} has the pair {number!r:.40}; it must be a number from 1 to {pairs}.")
    choice = cells[1].upper() if len(cells) > 1 else ""
    if choice not in (*SIDES, TIE):
        said = f"the choice {cells[1]!r:.40}" if choice else "no choice"
        raise AnswerError(f"{place} (pair {number}) has {said}; write A, B, or = for a tie.")
    if any(cells[2:]):
        raise AnswerError(f"{place} has more than a pair and a choice; write it as `{number},{choice}`.")
    return int(number), choice


@dataclass(frozen=True)
class Share:
    """How often ours was chosen in some pairs; a tie counts half."""

    name: str
    pairs: int
    won: int
    tied: int
    share: float  # 0 to 1
    low: float  # of the 95 % interval
    high: float


@dataclass(frozen=True)
class Result:
    """What a reader's answers say."""

    ours: str
    against: str
    whole: Share
    p_value: float  # two-sided, of as uneven a count if both were as good; ties are left out
    first_side: float  # share of A among the choices that are no tie: far from 0.5, the reader has a favourite side
    by_length: tuple[Share, ...]  # of our sentence
    by_family: tuple[Share, ...]  # a song of several families counts in each
    by_kind: tuple[Share, ...]  # of writing that the other sentence comes from

    def as_dict(self) -> dict[str, Any]:
        """The result as it stands in JSON."""
        return asdict(self)


def score(choices: Sequence[str], key: Key) -> Result:
    """Count choices (one a pair, in order) against the key."""
    entries = list(zip(choices, key.pairs, strict=True))
    whole = _share("all", entries)
    firsts = sum(choice == SIDES[0] for choice in choices)
    decided = whole.pairs - whole.tied
    return Result(
        ours=key.ours,
        against=key.against,
        whole=whole,
        p_value=sign_test(whole.won, decided),
        first_side=firsts / decided if decided else 0.5,
        by_length=tuple(
            _share(name, some)
            for low, high, name in _LENGTHS
            if (some := [entry for entry in entries if low <= entry[1].words[0] <= high])
        ),
        by_family=_parts(entries, lambda keyed: keyed.families or ("unknown",)),
        by_kind=_parts(entries, lambda keyed: (keyed.kind,) if keyed.kind else ()),
    )


def _parts(entries: Sequence[tuple[str, Keyed]], names_of: Callable[[Keyed], Iterable[str]]) -> tuple[Share, ...]:
    """Shares by name, the name with most pairs first."""
    groups: dict[str, list[tuple[str, Keyed]]] = {}
    for entry in entries:
        for name in names_of(entry[1]):
            groups.setdefault(name, []).append(entry)
    return tuple(_share(name, groups[name]) for name in sorted(groups, key=lambda name: (-len(groups[name]), name)))


def _share(name: str, entries: Sequence[tuple[str, Keyed]]) -> Share:
    won = sum(choice == keyed.ours for choice, keyed in entries)
    tied = sum(choice == TIE for choice, _ in entries)
    points = won + tied / 2
    low, high = wilson(points, len(entries))
    return Share(name, len(entries), won, tied, points / len(entries), low, high)


def wilson(points: float, of: int) -> tuple[float, float]:
    """The 95 % interval of a share, by score (Wilson, "Probable inference, the law of succession, …", 1927)."""
    if of == 0:
        return 0.0, 1.0
    share, z = points / of, _NORMAL_95
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    # At a share of 0 or 1 the interval ends there, which rounding would miss by a hair.
    return (0.0 if points == 0 else max(0.0, middle - half), 1.0 if points == of else min(1.0, middle + half))


def sign_test(won: int, of: int) -> float:
    """Chance of so uneven a count or a more uneven one among `of` tosses of a fair coin: the exact two-sided test."""
    rarer = min(won, of - won)
    tail = ways = 1  # of getting none
    for i in range(rarer):
        ways = ways * (of - i) // (i + 1)
        tail += ways
    # Integers are divided at the end: 0.5 ** of is nothing for a few thousand pairs.
    return min(1.0, 2 * tail / (1 << of))
