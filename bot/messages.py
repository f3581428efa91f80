"""Messages from a file of JSON lines, each checked, for looking at what the link parser finds in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import InputError
from bot.links import PLATFORMS, Link, Platform

_MAX_LINE = 1 << 20  # bytes


@dataclass(frozen=True)
class Message:
    """A message as a platform sent it; `id` is whatever the file calls it by."""

    id: str | int
    platform: Platform
    text: str


def read_messages(source: str) -> list[Message]:
    """The messages in a file of JSON lines {id, platform, text}, "-" for standard input; blank lines are skipped.

    Raises InputError that names the file, or the first bad line by its number.
    """
    try:
        if source == "-":
            return list(_read(sys.stdin.buffer))
        with Path(source).open("rb") as file:
            return list(_read(file))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{source[:200]!r} cannot be read ({reason}): name a file of JSON lines.") from None


def as_dicts(links: Iterable[Link]) -> list[dict[str, str]]:
    """Links as `links --json` prints them."""
    return [{"service": link.service, "kind": link.kind, "id": link.id} for link in links]


def _read(file: BinaryIO) -> Iterator[Message]:
    number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        if line.strip():
            yield _message(line, number)


def _message(line: bytes, number: int) -> Message:
    if len(line) > _MAX_LINE:
        raise InputError(f"Line {number} is longer than 1 MiB: shorten or leave out that message.")
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(f'Line {number} is no JSON in UTF-8: write {{"id": …, "platform": …, "text": …}}.') from None
    fault = _fault(value)
    if fault:
        raise InputError(f"Line {number} {fault}.")
    return Message(value["id"], value["platform"], value["text"])


def _fault(value: Any) -> str:
    """What is wrong with a line's value, empty when nothing is."""
    if not isinstance(value, dict):
        return 'is no object: write {"id": …, "platform": …, "text": …}'
    if not isinstance(value.get("id"), str | int):
        return 'has no "id": give it a text or a whole number'
    if value.get("platform") not in PLATFORMS:
        return f"has the platform {str(value.get('platform'))[:40]!r}: use one of {', '.join(PLATFORMS)}"
    if not isinstance(value.get("text"), str):
        return 'has no "text": give it the message as a text'
    return ""
