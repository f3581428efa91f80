"""Messages and video titles from files of JSON lines, each checked, for looking at what the parsers find in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import InputError
from bot.links import PLATFORMS, Link, Platform

_MAX_LINE = 1 << 20  # bytes
_Values = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A message as a platform sent it; `id` is whatever the file calls it by."""

    id: str | int
    platform: Platform
    text: str


@dataclass(frozen=True)
class Video:
    """A video's title and its channel's name; `id` is whatever the file calls it by."""

    id: str | int
    title: str
    author: str


def read_messages(source: str) -> list[Message]:
    """The messages in a file of JSON lines {id, platform, text}, "-" for standard input; blank lines are skipped.

    Raises InputError that names the file, or the first bad line by its number.
    """
    lines = _read(source, '{"id": …, "platform": …, "text": …}', _message_fault)
    return [Message(line["id"], line["platform"], line["text"]) for line in lines]


def read_videos(source: str) -> list[Video]:
    """The videos in a file of JSON lines {id, title, author}, "-" for standard input; blank lines are skipped.

    Raises InputError that names the file, or the first bad line by its number.
    """
    lines = _read(source, '{"id": …, "title": …, "author": …}', _video_fault)
    return [Video(line["id"], line["title"], line["author"]) for line in lines]


def as_dicts(links: Iterable[Link]) -> list[dict[str, str]]:
    """Links as `links --json` prints them."""
    return [{"service": link.service, "kind": link.kind, "id": link.id} for link in links]


def _read(source: str, shape: str, fault_of: Callable[[_Values], str]) -> list[_Values]:
    """The objects in a file, each with an id and none with a fault; `shape` says what a line has to look like."""
    try:
        if source == "-":
            return list(_lines(sys.stdin.buffer, shape, fault_of))
        with Path(source).open("rb") as file:
            return list(_lines(file, shape, fault_of))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{source[:200]!r} cannot be read ({reason}): name a file of JSON lines.") from None


def _lines(file: BinaryIO, shape: str, fault_of: Callable[[_Values], str]) -> Iterator[_Values]:
    number = 0
    while line := file.readline(_MAX_LINE + 1):
        number += 1
        if line.strip():
            yield _line(line, number, shape, fault_of)


def _line(line: bytes, number: int, shape: str, fault_of: Callable[[_Values], str]) -> _Values:
    if len(line) > _MAX_LINE:
        raise InputError(f"Line {number} is longer than 1 MiB: shorten it or leave it out.")
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise InputError(f"Line {number} is no JSON in UTF-8: write {shape}.") from None
    if not isinstance(value, dict):
        raise InputError(f"Line {number} is no object: write {shape}.")
    if not isinstance(value.get("id"), str | int):
        raise InputError(f'Line {number} has no "id": give it a text or a whole number.')
    if fault := fault_of(value):
        raise InputError(f"Line {number} {fault}.")
    return value


def _message_fault(value: _Values) -> str:
    """What is wrong with a message, empty when nothing is."""
    if value.get("platform") not in PLATFORMS:
        return f"has the platform {str(value.get('platform'))[:40]!r}: use one of {', '.join(PLATFORMS)}"
    return _no_text(value, text="the message")


def _video_fault(value: _Values) -> str:
    """What is wrong with a video, empty when nothing is."""
    return _no_text(value, title="the video's title", author="the channel's name")


def _no_text(value: _Values, **fields: str) -> str:
    """Which of the fields, each given with what it holds, is missing or no text."""
    missing = next((field for field in fields if not isinstance(value.get(field), str)), None)
    return f'has no "{missing}": give it {fields[missing]} as a text' if missing else ""
