"""Masking names: the artist and the song become slots; every other name, and every number, becomes a mask.

No model of named entities is needed: English marks names by capitals, and how often a word stands capitalised in the
middle of sentences tells whether a capital at the start of one is a name's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_MID = re.compile(r"(?<=[a-z,;] )([^\W\d_][\w'-]*)")
# Words that are written with capitals and are no names.
_KEPT_TEXT = """
i i'm i've i'd i'll dj djs dj's mc mcs r&b rnb lp lps ep eps edm idm tv cd cds ok auto-tune autotune auto-tuned
autotuned moog rhodes wurlitzer hammond mellotron theremin stratocaster lo-fi hi-fi a b c d e f g aka diy uk us
"""
KEPT = frozenset(_KEPT_TEXT.split())
_JOINERS = frozenset(("of", "the", "&", "de", "la", "von", "van", "der", "del", "le", "du", "y", "and"))
_TOKEN = re.compile(r"(?P<lead>[^\w<&]*)(?P<core>.*?)(?P<tail>(?:'s|'|s')?[^\w>&]*)$", re.DOTALL)
_QUOTED = re.compile(r"\"([^\"]{1,90})\"|(?<!\w)'([A-Z][^\"']{1,60})'(?!\w)")
_SPACED_MASKS = re.compile(r"(<name>|<number>|<album>)(?:(?:[ ,]+(?:and |& |or |of |the )?|-)(?:<name>|<number>))+")


class NameModel:
    """Which words are names, learnt from how often they stand capitalised in the middle of sentences."""

    def __init__(self, capital: Counter[str], lower: Counter[str]) -> None:
        """Take counts of lower-cased words by how they stood."""
        self._names = {w for w, n in capital.items() if n > 1.5 * lower[w] and w not in KEPT}
        self._common = {w for w, n in lower.items() if n >= 2} - self._names

    @classmethod
    def fit(cls, texts: Iterable[str]) -> NameModel:
        """Learn from plain text with its capitals."""
        words: Counter[str] = Counter()
        for text in texts:
            words.update(_MID.findall(text))
        capital: Counter[str] = Counter()
        lower: Counter[str] = Counter()
        for word, n in words.items():
            (capital if word[0].isupper() else lower)[word.lower().removesuffix("'s")] += n
        return cls(capital, lower)

    def is_name(self, word: str, *, first: bool) -> bool:
        """Whether a word, as written, is (part of) a name; `first` when a sentence starts with it."""
        if not any(c.isupper() for c in word):
            return False
        key = word.lower().removesuffix("'s")
        if key in KEPT or all(part in KEPT for part in key.split("-")):
            return False
        return not first or key in self._names or (key not in self._common and not word[0].isdigit())


def slot_pattern(name: str, *, surname: bool = False) -> re.Pattern[str] | None:
    """Pattern that finds a name in running text, with or without "The"; None for a name too short to tell."""
    name = re.sub(r"^(?:the|a)\s+", "", name.strip(), flags=re.IGNORECASE)
    if len(name) < 2 or name.lower() in KEPT:
        return None
    forms = [re.escape(name)]
    parts = name.split()
    if surname and len(parts) in (2, 3) and len(parts[-1]) > 3 and parts[-1][0].isupper():
        forms.append(re.escape(parts[-1]))
    # Single plain words ("Low", "Women") count only with their capitals.
    flags = re.IGNORECASE if len(parts) > 2 else 0
    return re.compile(rf"(?<![\w<])(?:[Tt]he )?(?:{'|'.join(forms)})(?![\w>])", flags)


class Masker:
    """Masks the sentences of one document."""

    def __init__(self, names: NameModel, *, artist: str, title: str, album: str) -> None:
        """Take the names that this document is about; empty ones are not looked for."""
        self._names = names
        self._slots = [
            (pattern, slot)
            for name, slot, surname in (
                (title, "<title>", False),
                (album, "<album>", False),
                (artist, "<artist>", True),
            )
            if name and (pattern := slot_pattern(name, surname=surname))
        ]

    def mask(self, sentence: str, *, songs_quoted: bool) -> tuple[str, tuple[str, ...]]:
        """The sentence with slots and masks, still with its capitals, and the songs that it names in quotes."""
        songs: list[str] = []

        def quoted(match: re.Match[str]) -> str:
            inner = (match[1] or match[2]).strip()
            bare = inner.rstrip(",.")
            if songs_quoted and _is_song_title(bare):
                if bare not in songs:
                    songs.append(bare)
                mask = "<title>" if songs.index(bare) == 0 else "<name>"
                return mask + inner[len(bare) :]
            return match[0]

        sentence = _QUOTED.sub(quoted, sentence)
        for pattern, slot in self._slots:
            sentence = pattern.sub(slot, sentence)
        masked = self._mask_names(sentence.split(" "))
        while (shorter := _SPACED_MASKS.sub(r"\1", masked)) != masked:
            masked = shorter
        return masked, tuple(songs)

    def _mask_names(self, tokens: list[str]) -> str:
        """Mask what is capitalised or holds a digit; runs of names become one mask."""
        out: list[str] = []
        open_name = False  # whether a name may go on with the next token
        first = True
        for i, token in enumerate(tokens):
            parts = _TOKEN.match(token)
            if parts is None or not parts["core"]:
                out.append(token)
                open_name = False
                continue
            core, tail = parts["core"], parts["tail"]
            if core.startswith("<") or "<" in core:
                out.append(token)
                open_name = False
            elif any(c.isdigit() for c in core):
                out.append(f"{parts['lead']}<number>{tail}")
                open_name = False
            elif self._names.is_name(core, first=first):
                if open_name and not parts["lead"]:
                    out[-1] += tail
                else:
                    out.append(f"{parts['lead']}<name>{tail}")
                open_name = not tail
            elif open_name and core.lower() in _JOINERS and not tail and self._next_is_name(tokens, i):
                continue  # "Queens of the Stone Age"
            else:
                out.append(token)
                open_name = False
            first = False
        return " ".join(out)

    def _next_is_name(self, tokens: list[str], i: int) -> bool:
        for token in tokens[i + 1 : i + 3]:
            core = token.strip("\"'(),.;:!?")
            if core and self._names.is_name(core, first=False):
                return True
            if core.lower() not in _JOINERS:
                return False
        return False


def _is_song_title(text: str) -> bool:
    """Whether quoted words look like a song's title and not like speech or a lyric."""
    words = text.split()
    if not 1 <= len(words) <= 8 or not text[0].isupper() or text[-1] in ";:":
        return False
    capital = sum(not w[0].islower() for w in words)
    return capital >= len(words) / 2 and (len(words) > 1 or words[0].lower() not in KEPT)
