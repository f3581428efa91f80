"""Rows as a spreadsheet reads them: CSV in which no text is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot import texts
from bot.platforms.cards import tidy

# What a cell begins with that a spreadsheet takes for a formula, in both widths.
# Source: OWASP, "CSV Injection".
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows by column under a row of names: UTF-8 with a mark at its beginning; a value that is missing or None is empty."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(columns)
    for row in rows:
        sheet.writerow([_cell(row.get(column)) for column in columns])
    return out.getvalue().encode("utf-8-sig", "replace")


def _cell(value: object) -> object:
    """A value that a spreadsheet shows as it is: numbers stay numbers, and no text is a formula."""
    if not isinstance(value, str):
        return value
    text = tidy(texts.without_slots(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
