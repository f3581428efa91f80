"""Names as they are compared: without case, accents, punctuation and notes, forgiving small typos."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import Indel

MIN_SIMILAR = 0.85  # of a whole name, from 0 to 1: twice the letters in common, in order, by the letters of both
MIN_SIMILAR_WORD = 0.5  # of each word: another word in its place is another song, not a typo
_ROUNDED = 0.01  # the library rounds the ratio from which it goes on, so it is given a little less
MIN_FORGIVEN = 5  # letters: in a shorter name any typo may be another name

_LEFT_OUT = frozenset({"the", "and", "n"})  # "n" is what is left of "rock 'n' roll"
FEATURING = re.compile(r"\s*[(\[]?\b(?:feat|ft|featuring)\b\.?\s.*$", re.IGNORECASE)
# Notes about the upload, not about the song; "live", "remix" and "cover" are missing since they name another recording.
UPLOAD_NOTE = re.compile(
    r"""\s*[(\[] [^()\[\]]*
        \b(?:official|lyrics?|audio|video|visuali[sz]er|remaster(?:ed)?|explicit|hd|hq|4k|mv)\b
        [^()\[\]]* [)\]]
      | \s+[-\u2013\u2014]\s+ [^-\u2013\u2014]* \bremaster(?:ed)?\b [^-\u2013\u2014]* $""",
    re.IGNORECASE | re.VERBOSE,
)
BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
# Signs that stand for a letter: "Ke$ha", "A$AP", "P!nk"; but not "$100", "Wham!" or "!!!".
_DOLLAR = re.compile(r"\$(?=[^\W\d])|(?<=[^\W\d])\$")
_BANG = re.compile(r"(?<=[^\W\d])!(?=[^\W\d])")
# Letters that Unicode takes for one, though they are written with and without their stroke.
_STROKES = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
_APOSTROPHES = frozenset("'`\u2018\u2019\u00b4\u02bc")
# Folded letters only: й, ё and ї have lost their marks by then.
_CYRILLIC = str.maketrans(
    dict(
        pair.split("=")
        for pair in (
            "а=a б=b в=v г=g д=d е=e ж=zh з=z и=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=h ц=ts ч=ch ш=sh щ=sch "
            "ъ= ы=y ь= э=e ю=yu я=ya і=i є=e ґ=g"
        ).split()
    )
)
_HAS_CYRILLIC = re.compile("[\u0400-\u04ff]")
_MAX_LETTERS = 20_000  # code points whose folded form is kept


class _Letters(dict[int, str | None]):
    """What a code point becomes in a folded name, worked out when it is first met; None where nothing is left of it."""

    def __missing__(self, code: int) -> str | None:
        # Some letters hide a capital one that only this brings out.
        plain = unicodedata.normalize("NFKD", chr(code)).casefold()
        folded = "".join(map(_letter, unicodedata.normalize("NFKD", plain))) or None
        if len(self) < _MAX_LETTERS:
            self[code] = folded
        return folded


def _letter(character: str) -> str:
    if unicodedata.combining(character) or character in _APOSTROPHES:
        return ""
    return _STROKES.get(character, character) if character.isalnum() else " "


_LETTERS = _Letters({ord("&"): " and "})


def plain_name(name: str) -> str:
    """A name without "feat." tails and notes on the upload such as "(Official Video)"."""
    return FEATURING.sub("", UPLOAD_NOTE.sub("", name)).strip()


def without_brackets(name: str) -> str:
    """A name without its bracketed parts; unchanged where nothing would be left."""
    return BRACKETS.sub("", name).strip() or name


def fold(name: str) -> str:
    """A name as lower-case words one space apart, without accents and punctuation; "Ke$ha" is "kesha".

    "the", "and" and "n" go too, since people leave them out, unless nothing else is there.
    """
    if "$" in name:
        name = _DOLLAR.sub("s", name)
    if "!" in name:
        name = _BANG.sub("i", name)
    words = name.translate(_LETTERS).split()
    return " ".join([word for word in words if word not in _LEFT_OUT] or words)


def in_latin(folded: str) -> str:
    """A folded name with its Cyrillic letters in Latin ones, as they are commonly written in English."""
    return folded.translate(_CYRILLIC) if _HAS_CYRILLIC.search(folded) else folded


def similarity(one: str, other: str) -> float:
    """How alike two folded names are: 1 for the same letters, less for a likely typo, 0 for different names.

    A typo may touch single letters, never a digit, a whole word or a name under five letters. Gives the same for both
    orders.
    """
    if one == other:
        return 1.0 if one else 0.0
    gaps, other_gaps = one.count(" "), other.count(" ")
    if len(one) - gaps == len(other) - other_gaps and one.replace(" ", "") == other.replace(" ", ""):
        return 1.0
    if min(len(one), len(other)) < MIN_FORGIVEN or gaps != other_gaps:
        return 0.0
    ratio = Indel.normalized_similarity(one, other, score_cutoff=MIN_SIMILAR - _ROUNDED)
    if ratio < MIN_SIMILAR or re.findall(r"\d", one) != re.findall(r"\d", other):
        return 0.0
    pairs = zip(one.split(), other.split(), strict=True)
    if any(Indel.normalized_similarity(word, other_word) < MIN_SIMILAR_WORD for word, other_word in pairs):
        return 0.0
    return ratio
