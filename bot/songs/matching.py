"""Whether two names mean the same song: compared without case, accents and punctuation, forgiving small typos."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

MIN_SIMILAR = 0.85  # of a whole name, from 0 to 1 (SequenceMatcher.ratio)
MIN_SIMILAR_WORD = 0.5  # of each word: another word in its place is another song, not a typo
MIN_FORGIVEN = 5  # letters: in a shorter name any typo may be another name

_APOSTROPHES = re.compile("['`\u2018\u2019\u00b4]")
_NO_WORD = re.compile(r"[\W_]+")
_LEFT_OUT = frozenset({"the", "and"})
_FEATURING = re.compile(r"\s*[(\[]?\b(?:feat|ft|featuring)\b\.?\s.*$", re.IGNORECASE)
# Notes about the upload, not about the song; "live", "remix" and "cover" are missing since they name another recording.
_UPLOAD_NOTE = re.compile(
    r"""\s*[(\[] [^()\[\]]*
        \b(?:official|lyrics?|audio|video|visuali[sz]er|remaster(?:ed)?|explicit|hd|hq|4k|mv)\b
        [^()\[\]]* [)\]]
      | \s+[-\u2013\u2014]\s+ [^-\u2013\u2014]* \bremaster(?:ed)?\b [^-\u2013\u2014]* $""",
    re.IGNORECASE | re.VERBOSE,
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")


def plain_name(name: str) -> str:
    """A name without "feat." tails and notes on the upload such as "(Official Video)"."""
    return _FEATURING.sub("", _UPLOAD_NOTE.sub("", name)).strip()


def without_brackets(name: str) -> str:
    """A name without its bracketed parts; unchanged where nothing would be left."""
    return _BRACKETS.sub("", name).strip() or name


def fold(name: str) -> str:
    """A name as lower-case words one space apart, without accents and punctuation.

    "the" and "and" go too, since people leave them out, unless nothing else is there.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    words = _NO_WORD.sub(" ", _APOSTROPHES.sub("", letters)).split()
    return " ".join([word for word in words if word not in _LEFT_OUT] or words)


def similarity(one: str, other: str) -> float:
    """How alike two folded names are: 1 for the same letters, less for a likely typo, 0 for different names.

    A typo may touch single letters, never a digit, a whole word or a name under five letters.
    """
    if one.replace(" ", "") == other.replace(" ", ""):
        return 1.0 if one else 0.0
    words, other_words = one.split(), other.split()
    if len(words) != len(other_words) or min(len(one), len(other)) < MIN_FORGIVEN:
        return 0.0
    if re.findall(r"\d", one) != re.findall(r"\d", other):
        return 0.0
    pairs = zip(words, other_words, strict=True)
    if any(_ratio(word, other_word) < MIN_SIMILAR_WORD for word, other_word in pairs):
        return 0.0
    ratio = _ratio(one, other)
    return ratio if ratio >= MIN_SIMILAR else 0.0


def _ratio(one: str, other: str) -> float:
    """Share of letters that two texts have in common, in order, from 0 to 1."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
