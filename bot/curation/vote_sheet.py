"""Votes for whoever looks at them in a spreadsheet: a row each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.spreadsheet import as_csv as spreadsheet

COLUMNS = ("at", "vote", "reply", "text", "artist", "title", "genres", "praise", "score", "seed", "bundle")


def as_csv(exported: Iterable[Mapping[str, Any]]) -> bytes:
    """What `Ballot.export` gives as a spreadsheet reads it, with the total score alone."""
    return spreadsheet(COLUMNS, map(_row, exported))


def _row(vote: Mapping[str, Any]) -> dict[str, Any]:
    candidate, conditions = vote["candidate"], vote["conditions"]
    bundle = candidate["bundle"]
    return {
        **{column: vote[column] for column in ("at", "vote", "reply", "seed")},
        **{column: conditions.get(column) for column in ("artist", "title", "praise")},
        "text": candidate["text"],
        "genres": ", ".join(conditions.get("genres") or ()),
        "score": candidate["scores"].get("total"),
        "bundle": f"{bundle.get('name', '')} {bundle.get('version', '')}".strip(),
    }
