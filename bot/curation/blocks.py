"""Words and artists that the curators of a community do not want to hear of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

from bot.curation.credits import artists_of
from bot.errors import InputError
from bot.songs.matching.names import fold, in_latin
from bot.songs.song import Song, clean_text

BlockKind = Literal["word", "artist"]
KINDS: tuple[BlockKind, ...] = get_args(BlockKind)

MAX_ENTRIES = 500  # of each kind
MAX_LENGTH = 100  # characters
_MOST_COMPOSED = 3  # characters that one can become when text is composed
_IN_MESSAGE = 40  # characters of an entry that a message shows
# Words that `fold` leaves out or that stand in nearly every text: to block one would be to block everything.
_EVERYWHERE = frozenset("the and n a an of in on to is it its this that with for".split())
# Scripts that put no spaces between words, and Korean, which hangs its endings on to them (as `fold` gives it, in parts).
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
_END_OF_SYLLABLE = "(?![\u11a8-\u11ff])"


class Blocks:
    """The blocked words and artists of a community; immutable, and the same however an entry is written."""

    def __init__(self, words: Mapping[str, str] | None = None, artists: Mapping[str, str] | None = None) -> None:
        """Take entries that were checked, from how they are compared to how they were typed; see `from_dict`."""
        self._entries: dict[BlockKind, dict[str, str]] = {"word": dict(words or {}), "artist": dict(artists or {})}
        unspaced = {entry for entry in self._entries["word"] if _UNSPACED.search(entry)}
        self._within = {entry: re.compile(re.escape(entry) + _END_OF_SYLLABLE) for entry in unspaced}
        self._whole = {entry: f" {entry} " for entry in self._entries["word"] if entry not in unspaced}

    def __eq__(self, other: object) -> bool:
        """Whether both block the same, written alike."""
        return isinstance(other, Blocks) and self._entries == other._entries

    __hash__ = None  # type: ignore[assignment]  # mappings have no hash

    def listed(self, kind: BlockKind) -> tuple[str, ...]:
        """The entries of a kind as they were typed, by the alphabet."""
        return tuple(sorted(self._entries[kind].values(), key=lambda entry: (entry.casefold(), entry)))

    def added(self, kind: BlockKind, text: str) -> Blocks:
        """These blocks and one more; raises InputError for what would block everything, is too long or one too many."""
        shown, entry = _checked(kind, text)
        entries = {each: dict(self._entries[each]) for each in KINDS}
        if entry not in entries[kind] and len(entries[kind]) >= MAX_ENTRIES:
            raise InputError(f"{MAX_ENTRIES} {kind}s are blocked already, which is the most: take one out first.")
        entries[kind].setdefault(entry, shown)
        return Blocks(entries["word"], entries["artist"])

    def removed(self, kind: BlockKind, text: str) -> Blocks:
        """These blocks without one; raises InputError when it is not among them."""
        entry = _compared(kind, clean_text(text[:MAX_LENGTH], MAX_LENGTH))
        if entry not in self._entries[kind]:
            shown = clean_text(text[:MAX_LENGTH], _IN_MESSAGE)
            raise InputError(f'The {kind} "{shown}" is not blocked: see the list of those that are.')
        entries = {each: dict(self._entries[each]) for each in KINDS}
        del entries[kind][entry]
        return Blocks(entries["word"], entries["artist"])

    def blocked_in(self, text: str) -> str | None:
        """A blocked word, as it was typed, that a text holds as a whole word, without regard to case and accents.

        In scripts without spaces it is found within longer words too. Takes time linear in the length of the text.
        """
        folded = f" {fold(clean_text(text, _MOST_COMPOSED * len(text)))} "  # nothing unseen stands between the letters
        found = [entry for entry, whole in self._whole.items() if whole in folded]
        found += [entry for entry, within in self._within.items() if within.search(folded)]
        return self._entries["word"][min(found)] if found else None

    def blocked_artist(self, song: Song) -> str | None:
        """The first blocked artist, as it was typed, who takes part in a song, as far as its names tell."""
        blocked = self._entries["artist"]
        if not blocked:
            return None
        return next((blocked[entry] for name in artists_of(song) if (entry := _compared("artist", name)) in blocked), None)

    def blocked_song(self, song: Song) -> str | None:
        """What is blocked of a song: an artist, or a word in what would be shown of it."""
        return self.blocked_artist(song) or self.blocked_in(" · ".join((song.line, song.version or "", song.album or "")))

    def as_dict(self) -> dict[str, list[str]]:
        """The entries by kind as they were typed, JSON-ready."""
        return {kind: list(self.listed(kind)) for kind in KINDS}

    @classmethod
    def from_dict(cls, values: Any) -> Blocks:
        """The blocks that `as_dict` wrote down; a kind that is missing has no entries. Raises InputError for what cannot be."""
        if not isinstance(values, Mapping):
            raise InputError("The blocked words and artists are no table of lists: block them again from chat.")
        entries: dict[BlockKind, dict[str, str]] = {kind: {} for kind in KINDS}
        for kind in KINDS:
            given = values.get(kind)
            if given is None:
                continue
            if not isinstance(given, list | tuple) or not all(isinstance(text, str) for text in given):
                raise InputError(f"The blocked {kind}s are no list of texts: block them again from chat.")
            if len(given) > MAX_ENTRIES:
                raise InputError(f"These are {len(given)} blocked {kind}s, and {MAX_ENTRIES} are the most: take some out.")
            for shown, entry in (_checked(kind, text) for text in given):
                entries[kind].setdefault(entry, shown)
        return cls(entries["word"], entries["artist"])


def _checked(kind: BlockKind, text: str) -> tuple[str, str]:
    """An entry as it is shown and as it is compared; raises InputError."""
    if len(text) > MAX_LENGTH:
        raise InputError(f"The {kind} is {len(text)} characters long, and {MAX_LENGTH} are the most: shorten it.")
    shown = clean_text(text, MAX_LENGTH)
    entry = _compared(kind, shown)
    letters = entry.replace(" ", "")
    if kind == "artist":
        if not entry:
            raise InputError("An artist without a name cannot be blocked: give the name.")
        return shown, entry
    if len(letters) < 2:
        raise InputError(f'"{shown[:_IN_MESSAGE]}" has fewer than two letters and would block too much: give a longer word.')
    if _EVERYWHERE.issuperset(entry.split()):
        raise InputError(f'"{shown[:_IN_MESSAGE]}" stands in nearly every text and would block too much: give a rarer word.')
    return shown, entry


def _compared(kind: BlockKind, text: str) -> str:
    """How clean text is compared: a name made of signs alone, such as "!!!", by its signs."""
    folded = fold(text)
    if kind == "word":
        return folded
    return in_latin(folded) or text.casefold()
