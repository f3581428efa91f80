"""Reading what other stages wrote: tolerant of what is missing or odd, as a half-made run has a report too."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from export.report.page import Cell, Note, Picture, Table

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_PICTURE, _MOST_JSON = 8_000_000, 64_000_000  # bytes
_MOST_TEXT = 600  # characters of one text that are shown


def read_json(path: Path) -> Any:
    """What a JSON file holds; None when it is missing, too large or no JSON."""
    try:
        if path.stat().st_size > _MOST_JSON:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when there is none."""
    found = read_json(path)
    return found if isinstance(found, dict) else {}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines, odd lines left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.stat().st_size <= _MOST_JSON else []
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return objects(found)


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list | tuple) else []


def mapping(value: object) -> dict[str, Any]:
    """An object, empty when it is none."""
    return value if isinstance(value, dict) else {}


def texts(value: object) -> list[str]:
    """The texts in a list."""
    return [text(entry) for entry in value if isinstance(entry, str)] if isinstance(value, list | tuple) else []


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def text(value: object) -> str:
    """A value as it is shown: numbers with a comma for thousands or three digits, nothing as a dash."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if value.bit_length() < 64 else "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, list | tuple):
        return text(", ".join(text(entry) for entry in value[:20]))
    shown = " ".join(str(value)[: 4 * _MOST_TEXT].split())
    return shown if len(shown) <= _MOST_TEXT else shown[: _MOST_TEXT - 1] + "…"


def percent(value: object) -> str:
    """A share of 0 to 1 in per cent; a dash for what is none."""
    share = number(value)
    return "–" if share is None else f"{share:.1%}"


def cell(value: object) -> Cell:
    """A cell of a table."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(text(value), number=plain or value is None)


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, folded: bool = False) -> Table:
    """A table of values."""
    return Table(caption, head, [[cell(value) for value in row] for row in rows], folded)


def columns(caption: str, names: Mapping[str, str], entries: Sequence[Mapping[str, Any]], *, folded: bool = False) -> Table:
    """A table of those keys (key -> heading) that any entry has."""
    known = [key for key in names if any(entry.get(key) is not None for entry in entries)]
    return table(caption, [names[key] for key in known], ([e.get(key) for key in known] for e in entries), folded=folded)


def picture(path: Path, alt: str, caption: str = "") -> Picture | None:
    """A PNG as part of the page; None when there is none or it is no PNG."""
    try:
        content = path.read_bytes() if path.stat().st_size <= _MOST_PICTURE else b""
    except OSError:
        return None
    if not content.startswith(_PNG):
        return None
    return Picture("data:image/png;base64," + base64.b64encode(content).decode(), alt, caption)


def missing(what: str, command: str) -> Note:
    """What stands where a part of the run was not made yet."""
    return Note(f"{what} not made yet: python -m export {command} makes it.", "missing")
