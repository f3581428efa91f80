"""Prose: turns what the decoder wrote, lower case with slots, into a sentence to be read: names, capitals, marks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from inference.lexicon import CASED

_MOST_CHARACTERS = 80  # of a name; longer ones are cut at a word
_MOST_READ = 1000  # characters of a name that are looked at at all
_MOST_MARKS = 3  # combining marks on one letter
_JOINERS = "\u200c\u200d"  # needed in Persian, in Indic scripts and in emoji
_APOSTROPHE, _OPEN, _CLOSE = "\u2019", "\u201c", "\u201d"
_INNER_OPEN, _INNER_CLOSE = "\u2018", "\u2019"
_QUOTES = f'"{_OPEN}{_CLOSE}'

_WORD = re.compile(r"(?<![<\w'])[a-z]+(?:'[a-z]+)*(?![\w>])")
_ARTICLE = re.compile(r"(?<![\w'<-])an? (?=(<[a-z]+>|[\w&]+))")
_SLOT = re.compile(r"(?P<the>(?<![\w'])the )?<(?P<slot>artist|title)>(?P<possessive>'s(?!\w))?", re.IGNORECASE)
_TITLE = re.compile(r"(?:(?<![\w'<-])(?:the|an?) )?<title>")
_SILENT_H = ("hour", "honest", "honor", "honour", "heir")
_YOU_OR_W = (
    *("unif", "uniq", "unis", "unit", "univ", "unic", "union", "use", "usu", "uti", "uto"),
    *("eu", "ewe", "one", "once", "ubi", "uk"),
)
_VOWEL_LETTERS = "aefhilmnorsx"  # whose names begin with a vowel: an MC, an R&B tune


@dataclass(frozen=True)
class Names:
    """The names that slots stand for, fit to be printed; None when not known."""

    artist: str | None = None
    title: str | None = None
    instead: str | None = None  # words for a title where there is none to be named, such as "this blend"

    @classmethod
    def of(cls, artist: str | None, title: str | None) -> Names:
        """Clean names from outside."""
        title = clean_name(title)
        return cls(clean_name(artist), clean_name(title.strip(_QUOTES)) if title else None)

    @property
    def slots(self) -> frozenset[str]:
        """Slots that can be filled."""
        return frozenset(slot for slot, name in (("<artist>", self.artist), ("<title>", self.title or self.instead)) if name)

    @property
    def shown(self) -> dict[str, str]:
        """How the names stand in a finished sentence, by slot; a title in its quotation marks."""
        shown = {"<artist>": self.artist, "<title>": self.title and f"{_OPEN}{_inner_quotes(self.title)}{_CLOSE}"}
        return {slot: name for slot, name in shown.items() if name}


def clean_name(raw: str | None) -> str | None:
    """A name on one line without control and direction characters, 80 characters at most; None when nothing is left."""
    text = unicodedata.normalize("NFC", (raw or "")[:_MOST_READ])
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        if character.isspace() or category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif (category[0] != "C" or character in _JOINERS) and marks <= _MOST_MARKS:
            kept.append(character)
    name = " ".join("".join(kept).split())
    if len(name) > _MOST_CHARACTERS:
        name = name[: _MOST_CHARACTERS - 1].rsplit(" ", 1)[0].rstrip(",;:- ") + "\u2026"
    return name if any(unicodedata.category(c)[0] in "LNPS" for c in name) else None


def finish(text: str, names: Names) -> str:
    """A sentence in slot form, with its names restored, as it is to be read.

    Slots without a name stay as they are; `checks` has refused them before.
    """
    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split())).strip(" ,;:-\u2013\u2014")
    if names.instead:
        text = _TITLE.sub(names.instead, text)
    text = _ARTICLE.sub(lambda match: _article(match[1], names), text)
    text = re.sub(r"\br ?& ?b\b", "R&B", _WORD.sub(lambda match: CASED.get(match[0], match[0]), text), flags=re.I)
    text = re.sub(r"(?:^|(?<=[.!?] ))[a-z]", lambda match: match[0].upper(), text)
    if not text.endswith((".", "!", "?", "\u2026")):
        text += "."
    text = _end_once(text, names)
    text = re.sub(r'"([^"]*)"', rf"{_OPEN}\1{_CLOSE}", text)
    parts = re.split(r"((?:\b[Tt]he )?<(?:artist|title)>(?:'s(?!\w))?)", text)
    parts[::2] = [part.replace("'", _APOSTROPHE) for part in parts[::2]]
    parts[1::2] = [_SLOT.sub(lambda match: _restore(match, names), part) for part in parts[1::2]]
    return "".join(parts)


def _restore(match: re.Match[str], names: Names) -> str:
    name = names.artist if match["slot"] == "artist" else names.title
    if name is None:
        return match[0]
    article, possessive = match["the"] or "", match["possessive"] or ""
    if match["slot"] == "title":
        return f"{article}{names.shown['<title>']}{possessive.replace(chr(39), _APOSTROPHE)}"
    if name.lower().startswith("the "):
        article = ""  # "the The Cure"
    if possessive:
        possessive = _APOSTROPHE if name[-1] in "sS" else f"{_APOSTROPHE}s"
    return f"{article}{name}{possessive}"


def _inner_quotes(title: str) -> str:
    """Quotation marks inside a title that itself stands in quotation marks."""
    title = re.sub(r'"([^"]*)"', rf"{_INNER_OPEN}\1{_INNER_CLOSE}", title)
    return title.replace(_OPEN, _INNER_OPEN).replace(_CLOSE, _INNER_CLOSE).replace('"', _INNER_CLOSE)


def _end_once(text: str, names: Names) -> str:
    """No full stop after a name that ends a sentence by itself."""
    for slot, name in (("<artist>.", names.artist), ("<title>.", names.title)):
        if text.endswith(slot) and name and name[-1] in ".!?\u2026":
            return text[:-1]
    return text


def _article(following: str, names: Names) -> str:
    word = {"<artist>": names.artist, "<title>": names.title}.get(following, following) or following
    return "an " if _vowel_sound(word) else "a "


def _vowel_sound(word: str) -> bool:
    """Whether a word, as it is spoken, begins with a vowel."""
    first = re.split(r"[ -]", word.lower().lstrip("\"'(!?.#$*" + _OPEN), maxsplit=1)[0]
    if first.startswith(("8", "11", "18")) or first.startswith(_SILENT_H):
        return True
    initials = CASED.get(first, "").isupper() and first != "i"
    if initials or first.startswith("r&b") or re.fullmatch(r"[a-z]\d+|[^aeiouy\W\d]+", first):
        return first[0] in _VOWEL_LETTERS  # it is spelt out
    return first[:1] in tuple("aeiou") and not first.startswith(_YOU_OR_W)
