"""A video's title cut into its parts, each with its name, version and guests told from notes on the upload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from bot.songs.song import clean_text
from bot.songs.titles import words
from bot.songs.titles.names import artist_names

MAX_TITLE = 300  # characters; a platform's own limit is 100
_MAX_RAW = 2000  # characters that are looked at at all, so that no text takes long

_Kind = Literal["text", "round", "square", "quote", "title"]
Note = Literal["noise", "version", "guests", "script", "boxed", "part"]

_CLOSING = {
    "(": ")",
    "[": "]",
    "{": "}",
    "【": "】",
    "「": "」",
    "『": "』",
    "《": "》",
    "〈": "〉",
    "“": "”",
    "„": "“",
    "«": "»",
}
_KINDS: dict[str, _Kind] = {"(": "round", "[": "square", "{": "square", "【": "square"}
_KINDS |= {"「": "title", "『": "title", "《": "title", "〈": "title"}
_STRAIGHT = re.compile(
    r"\"[^\"]+\"|(?<!\w)'(?=\S)(?:[^']|(?<=\w)'(?=\w))*(?<=\S)'(?!\w)|(?<!\w)‘(?=\S)(?:[^’]|(?<=\w)’(?=\w))*’(?!\w)"
)
_OPENING = re.compile(f"[{re.escape(''.join(_CLOSING))}\"'‘]")
_BRACKET = re.compile(f"[{re.escape(''.join((*_CLOSING, *_CLOSING.values())))}]")
_SAME = str.maketrans(
    {
        "（": " (",
        "）": ") ",
        "［": " [",
        "］": "] ",
        "｛": "[",
        "｝": "]",
        "〔": "[",
        "〕": "]",
        "｜": "|",
        "│": "|",
        "┃": "|",
        "￤": "|",
        "：": ": ",
    }
    | {
        "／": " / ",
        "＿": "_",
        "～": "~",
        "〜": "~",
        "►": " - ",
        "▶": " - ",
        "▷": " - ",
        "◄": " | ",
        "◀": " | ",
        "•": " | ",
        "＂": '"',
        "＇": "'",
        "″": '"',
    }
)
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u2604\u2607-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u20e3♪♫]+")
_HASHTAGS = re.compile(r"(?:(?<=[\w)\]\"'!?.…])\s+#[^\W\d]\w*)+\s*$|^(?:#[^\W\d]\w*\s+)+(?=\S)")
_STAR = re.compile(r"\s+(?:\*+|#\s\d+)$")
_HANGING = frozenset("from of by the and feat no in a to with".split())
_BARS = re.compile(r"\s*(?<!\|)\|(?!\|)\s*|\s*\|{3,}\s*|(?<!\s)\|\|\s*|\s*\|\|(?!\s)")
_DASHES = re.compile(r"\s+[-–—―‐‑−]{1,3}\s+|\s+_+\s+|\s+~\s+|\s*/{3}\s*|\s+//\s+|\s+\|\|\s+")
_LOOSE_DASHES = re.compile(r"(?:\s+[-–—―]|[–—―]|(?<=\S)-\s+|—)\s*(?=\S)")
# "Nirvana-Lithium": both sides are long and begin with a capital, so that it is hardly one word; one side is a word alone.
_TIGHT_DASH = re.compile(
    r"(?!.*-\w+(?:ing|ed)(?!\w))(?:[^\W\d_]{5,}-[^\W\d_][^-()\[\]\"|:/?]{4,}|[^\W\d_][^-()\[\]\"|:/?]{4,}-[^\W\d_]{5,})"
)
_SLASHES = re.compile(r"\s+/\s+|(?<=[\u3001-\u9fff])\s*/\s*|\s*/\s*(?=[\u3041-\u9fff])")
_EDGES = " \t-–—―_~|/:;,•·"


@dataclass(frozen=True)
class Piece:
    """A stretch of a title: plain text, something in brackets or in quotes; `raw` is with them, `text` without."""

    kind: _Kind
    text: str
    raw: str


@dataclass
class Part:
    """What stands between two separators: a name, and what its notes tell; any of it may be empty."""

    name: str = ""
    versions: list[str] = field(default_factory=list)
    guests: list[str] = field(default_factory=list)
    boxed: list[str] = field(default_factory=list)  # in square brackets, neither a note nor a version
    quoted: bool = False
    noted: bool = False  # it had a note on the upload
    closed: bool = False  # such a note, or one on the version, came right behind the name


def tidy(text: str, limit: int = MAX_TITLE) -> str:
    """A title or channel on one clean line, with one sign for each kind of bracket and bar, without emoji and hashtags."""
    plain = clean_text(clean_text(text[:_MAX_RAW], _MAX_RAW).translate(_SAME), limit)
    bare = clean_text(_HASHTAGS.sub("", _EMOJI.sub(" ", plain)), limit)
    return bare or plain


def pieces(text: str) -> Iterator[Piece]:
    """The text as plain stretches and whatever stands in brackets or quotes, nested ones inside the outer; in order."""
    start = 0
    opening = _OPENING.search(text)
    ends = _ends(text) if opening else {}
    while opening:
        at = opening.start()
        end = ends.get(at) or _end_of_quote(text, at)
        if end:
            if start < at:
                yield Piece("text", text[start:at], text[start:at])
            yield Piece(_KINDS.get(text[at], "quote"), text[at + 1 : end - 1].strip(), text[at:end])
            start = end
        opening = _OPENING.search(text, end or at + 1)
    if start < len(text):
        yield Piece("text", text[start:], text[start:])


def _ends(text: str) -> dict[int, int]:
    """Where each bracket that opens, and closes, ends: from its place to the one behind its end."""
    ends: dict[int, int] = {}
    waiting: dict[str, list[int]] = {}
    for bracket in _BRACKET.finditer(text):
        character = bracket.group()
        if character in _CLOSING:
            waiting.setdefault(_CLOSING[character], []).append(bracket.start())
        elif waiting.get(character):
            ends[waiting[character].pop()] = bracket.end()
    return ends


def _end_of_quote(text: str, at: int) -> int:
    """Where the quote that opens here ends; 0 where none opens or it never closes."""
    found = _STRAIGHT.match(text, at) if text[at] in "\"'‘" else None
    return found.end() if found else 0


def split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The text cut at a separator wherever that stands outside of brackets and quotes; no empty parts."""
    parts = [""]
    for piece in pieces(text):
        if piece.kind != "text":
            parts[-1] += piece.raw
            continue
        first, *rest = separator.split(piece.text)
        parts[-1] += first
        parts += rest
    return [part for part in (each.strip() for each in parts) if part]


def groups(title: str) -> list[list[str]]:
    """The title cut at its bars, and each stretch between them at its dashes; no empty ones."""
    bars = split(title, _BARS)
    spaced = [split(bar, _DASHES) for bar in bars]
    if any(len(parts) > 1 for parts in spaced):
        return spaced
    loose = [split(bar, _LOOSE_DASHES) for bar in bars]
    if loose == [[title]] and _TIGHT_DASH.fullmatch(title):
        sides = title.split("-")
        return [sides] if all(side[0].isupper() for side in sides) else loose
    return loose


def slashes(text: str) -> list[str]:
    """The text cut at slashes with space around them."""
    return split(text, _SLASHES)


def note_kind(note: str, square: bool, before: str) -> Note:
    """What a bracket is: a note on the upload, a version, guests, the name in another script, or part of the name."""
    if words.GUESTS_NOTE.match(note):
        return "guests"
    if words.ORIGINALLY.search(note):
        return "noise"
    if words.ALBUM.search(note) or (words.VERSION.search(note) and version_in(note)):
        return "version"
    if not note or words.NOISE_NOTE.search(note) or set(note.casefold().split()) <= words.GENRE_WORDS | words.NOISE_WORDS:
        return "noise"
    scripts = {words.script_of(note), words.script_of(before)} - {""}
    if len(scripts) > 1 and not square:
        return "script"
    return "boxed" if square else "part"


def version_in(note: str) -> str:
    """The words of a note that name the version, without those on the upload: "Official Video - Live" gives "Live"."""
    parts = re.split(r"\s+[-–|/]\s+|\s*\|\s*", note)
    kept = [part for part in parts if words.VERSION.search(part) or words.ALBUM.search(part)]
    if len(kept) < len(parts) and any(is_noise(part, True) for part in parts):
        note = " ".join(kept)
    found = note.split()
    while found and _bare(found[0]) in {"official", "oficial", "officiel"}:
        del found[0]
    while found and _bare(found[-1]) in {"video", "clip", "hd", "hq", "4k", "lyrics", "music"} and len(found) > 1:
        del found[-1]
    return " ".join(found)


def is_noise(text: str, anywhere: bool) -> bool:
    """Whether a text is nothing but a note on the upload; `anywhere` takes words that may begin a song's name too."""
    found = [_bare(word) for word in text.split()]
    if not all(word in words.NOISE_WORDS or re.fullmatch(r"(?:19|20)\d\d|", word) for word in found):
        return False
    return anywhere or bool(set(found) & words.NOISE_HEADS) or bool({"video", "clip"} & set(found[1:]) and "music" in found)


def read_part(text: str) -> Part:
    """A stretch of the title as a name, with its versions, guests and notes taken out."""
    part = Part()
    _take(part, text, done=False)
    _cut_guests(part)
    bare = words.FOR_CHILDREN.sub("", words.CREDITS.sub("", part.name))
    part.noted |= bare != part.name
    part.name = _STAR.sub("", _without_tail(part, bare)).strip(_EDGES)
    _unquote(part)
    if not words.BETWEEN_ARTISTS.search(part.name):
        part.name = first_script(part.name).strip(_EDGES)
    return part


def read_tail(text: str) -> Part:
    """What follows a song's name: versions and guests, but no name."""
    part = Part()
    _take(part, text, done=True)
    return part


def _take(part: Part, text: str, done: bool) -> None:
    """Take what a text tells; once the name is `done`, which it is behind a note, only guests and versions."""
    for piece in pieces(text):
        if piece.kind in {"round", "square"}:
            done = _take_note(part, piece, done)
        elif not done:
            part.name += piece.raw
        else:
            _take_tail(part, piece.raw)


def _take_note(part: Part, piece: Piece, done: bool) -> bool:
    """Take what a bracket tells; gives whether the name ends with it."""
    kind = note_kind(piece.text, piece.kind == "square", part.name)
    if kind == "guests":
        part.guests += guest_names(words.GUESTS_NOTE.sub("", piece.text))
    elif kind == "version":
        found = words.GUESTS.search(piece.text)
        if found and words.COVER.search(piece.text):
            part.guests += _cover_guests(piece.text[found.end() :])
        part.versions.append(version_in(piece.text))
    elif kind == "boxed":
        part.boxed.append(piece.text)
    elif kind == "part" and not done:
        part.name += piece.raw
    part.noted |= kind in {"noise", "version", "guests"}
    part.closed |= kind in {"noise", "version"} and bool(part.name.strip())
    return done or (kind in {"noise", "version", "guests"} and bool(part.name.strip()))


def _cover_guests(text: str) -> list[str]:
    """Who plays along in "Kina Grannis acoustic cover"."""
    return guest_names(re.sub(r"\s+(?:acoustic|piano|live|rock|metal)?\s*cover\b.*$", "", text, flags=re.IGNORECASE))


def _take_tail(part: Part, text: str) -> None:
    guests = words.GUESTS.search(text)
    if guests:
        part.guests += guest_names(text[guests.end() :])
    elif words.VERSION_PIECE.search(text.strip()):
        part.versions.append(version_in(text.strip()))


def _cut_guests(part: Part) -> None:
    """Move "feat. …" out of the name."""
    found = words.GUESTS.search(part.name)
    if found and part.name[: found.start()].strip():
        part.guests[:0] = guest_names(words.CREDITS.sub("", part.name[found.end() :]))
        part.name = part.name[: found.start()]
        part.noted = True


def _without_tail(part: Part, name: str) -> str:
    """The name without a note that follows it without brackets, such as "Official Video" or "Lyrics"."""
    found = name.split()
    for size in range(1, len(found)):
        tail = " ".join(found[size:])
        if is_noise(tail, False) or {"full", "video"} <= set(tail.casefold().split()) <= words.NOISE_WORDS:
            part.noted = True
            return " ".join(found[:size])
    return name


def _unquote(part: Part) -> None:
    """Take the name out of quotes that stand around all of it, or around all but guests and versions behind it."""
    found = [piece for piece in pieces(part.name) if piece.raw.strip()]
    if not found or found[0].kind not in {"quote", "title"}:
        return
    rest = "".join(piece.raw for piece in found[1:]).strip(_EDGES)
    guests = words.GUESTS_NOTE.match(rest)
    if guests:
        part.guests += guest_names(rest[guests.end() :])
    elif rest.startswith("by "):
        pass  # whose song it was; who plays it stands elsewhere
    elif words.VERSION_PIECE.search(rest):
        part.versions.insert(0, version_in(rest))
    elif rest and not is_noise(rest, True):
        return
    inner = read_part(found[0].text)
    part.name, part.quoted, part.noted = inner.name, True, part.noted or inner.noted
    part.versions[:0] = inner.versions
    part.guests[:0] = inner.guests


def first_script(name: str) -> str:
    """Of a name given in two scripts, one behind the other, the first; any other name as it is."""
    found = name.split()
    scripts = [words.script_of(word) for word in found]
    known = [script for script in scripts if script]
    if len(set(known)) != 2 or "THAI" in known or known != sorted(known, key=known.index):
        return name
    first = found[: scripts.index(next(script for script in known if script != known[0]))]
    return name if first[-1].casefold() in _HANGING else " ".join(first)


def guest_names(text: str) -> list[str]:
    """The names in "A, B & C (나)", without notes and names in another script."""
    bare = "".join(piece.raw for piece in pieces(text) if piece.kind not in {"round", "square"})
    end = _without_tail(Part(), bare)
    names = (name.strip(_EDGES + "\"'") for name in artist_names(end, lambda _: False))
    return [name for name in names if name]


def _bare(word: str) -> str:
    return word.casefold().strip(".,:;!*-~()[]\"'")
