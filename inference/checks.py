"""Checks: why a sentence must not be said, each with a name; gates that are composed over one context.

A gate takes a sentence and what is known of its subject, and tells whether it stops the sentence; it changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

from inference import lexicon
from inference.blocked import is_blocked
from inference.conditions import FEATURE_RANGES
from inference.novelty import NoveltyFilter
from inference.prose import Names, finish
from inference.words import WordList, stem, words_of

LEAST_WORDS, MOST_WORDS = 5, 30
INSTRUMENTAL = 0.8  # instrumentalness from which nobody sings
_MISMATCH = -0.6  # how far a known feature may oppose a word, from 1 (agrees) to -1

_TAG = re.compile(r"<[^<>\s]*>")
_ADDRESS = re.compile(r"[@#\d]|\bhttps?\b|\bwww\b|\w\.\w|://")
_BEGINNING = re.compile(r"[a-z<\"\u201c]")
_ADJECTIVES = ("ive", "ous", "ic", "al", "ful", "less", "ed", "ing", "ish", "ent", "ant", "y")
_HANGING = re.compile(r"(?<![\w'])(?:an?|the|of|and|or|nor|very|its|their|your|our|into|from|with)(?:[,;:!?\u2014]| \u2014)")
_MARKS_TOUCH = re.compile(r"[,;:.!?\u2014-]\s*[,;:.!?\u2014]")
# "<title>, which opens with a sigh.": a name with something said of it, and nothing that it does.
_NO_PREDICATE = re.compile(r"<[a-z]+>, (?:which|who|whose|where|that|with|an?|the)\b[^,\u2014]*")
# "on the <title>.": a title is a noun already, unless another follows ("the <title> groove").
_ARTICLE_AND_TITLE = re.compile(r"\b(?:the|an?) <title>(?=[.,;:!?]| (?:is|was|and|or|of|with|that|but|has|on|in|to)\b)")
_STRAY_QUOTE = re.compile(r"(?<![\w>])'(?!(?:n|til|em|cause|round|tis|bout)\b)")
# Where only the name of one song among others can stand: "the track <title>", "called <title>", "after <title>".
_NAMED = re.compile(
    r"\b(?:called|titled|named|dubbed|entitled|after|followed by"
    r"|(?:song|track|single|cut|tune|ballad|opener|closer|album|record|piece|number|anthem|hit|version|cover)s?),? <title>"
)
_SLOTS_TOUCH = re.compile(r"<[a-z]+>(?:'s)? <[a-z]+>")
# "there are a guitar", "in spite of the riff, <artist>.", "it has a mellow, dreamy, simple and electronic."
_NUMBER_CLASH = re.compile(r"\bthere (?:are|were) (?:an?|the|one|no (?:few|<))\b|\bthere(?: is| was|'s) (?:many|several|few)\b")
_NAME_LEFT_OVER = re.compile(r", <(?:artist|title)>[.!]$|\b(?:an?|its|their) <title>|\ban? <artist>(?!')")
_LIST_LEFT_OVER = re.compile(r"\w, and (?:the|its|a) [\w'-]+[.!]$")
_NOUN_MISSING = re.compile(r"\ban? (?:[\w'-]+, )+(?:[\w'-]+ and |and )?[\w'-]+[.!]$")
# "before gradually morphs", "without finally breaks": a verb that has no subject.
_SUBJECT_MISSING = re.compile(
    r"\b(?:before|after|without|by) (?:\w+ly )?"
    r"(?:morphs?|settles?|disappears?|breaks|fades|builds|segues?|explodes?|becomes?|gives?)\b"
)
# "<title>, with its sparse, staccato guitar line.": nothing that it does, not even after another comma.
_ONLY_WITH = re.compile(r"<[a-z]+>, (?:with|featuring)\b(?!.*, (?:\w+ly |never |always |still )?\w+s\b).*")
_SAME_AGAIN = re.compile(r"\b(\w+),? and \1\b")  # "catchy and catchy"
_LEFT_OVER = (_SAME_AGAIN, _SUBJECT_MISSING, _SLOTS_TOUCH, _NUMBER_CLASH, _NAME_LEFT_OVER, _LIST_LEFT_OVER, _NOUN_MISSING)


@dataclass(frozen=True)
class Sentence:
    """A candidate's text in slot form, with the names it may bear."""

    text: str
    names: Names

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words of the slot form."""
        return words_of(self.text)

    @cached_property
    def bare(self) -> frozenset[str]:
        """Words of the slot form, and those of which they are the possessive."""
        return frozenset(self.words) | {word.removesuffix("'s") for word in self.words}

    @cached_property
    def joined(self) -> str:
        """Words of the slot form between single spaces, to look phrases up in."""
        return f" {' '.join(self.words)} "

    @cached_property
    def content(self) -> frozenset[str]:
        """Words that say something: neither slots nor function words."""
        return content_of(self.words)

    @cached_property
    def finished(self) -> str:
        """The sentence as it will be read."""
        return finish(self.text, self.names)


@dataclass(frozen=True)
class Context:
    """What gates go by."""

    words: WordList
    novelty: NoveltyFilter
    families: frozenset[str]  # coarse genres of the song; empty when not known
    features: Mapping[str, float]  # those that are known, in their own units


Gate = Callable[[Sentence, Context], bool]


def content_of(words: tuple[str, ...]) -> frozenset[str]:
    """Those of some words that say something."""
    return frozenset(word for word in words if len(word) > 2 and word[0] != "<" and word not in lexicon.FUNCTION)


def level(feature: str, value: float) -> float:
    """Where a feature lies in its range, from -1 (lowest) to 1 (highest)."""
    low, high = FEATURE_RANGES[feature]
    return min(1.0, max(-1.0, 2 * (value - low) / (high - low) - 1))


def agreement(words: tuple[str, ...], features: Mapping[str, float]) -> list[float]:
    """For each word that tells of a known feature, how well it agrees: 1 (fully) to -1 (it says the opposite)."""
    said = set(words)
    return [
        sign * level(feature, features[feature])
        for feature, (high, low) in lexicon.FEATURE_WORDS.items()
        if feature in features
        for sign, named in ((1, high), (-1, low))
        for _ in said & named
    ]


def bad_slot(sentence: Sentence, _context: Context) -> bool:
    """A slot that cannot be filled, or with a name only where there is none, a mask, or a stray bracket of one."""
    if sentence.names.instead and _NAMED.search(sentence.text):
        return True
    rest = _TAG.sub(lambda tag: "" if tag[0] in sentence.names.slots else tag[0], sentence.text)
    return any(sign in rest for sign in "<>\u2047\ufffd")


def too_short(sentence: Sentence, _context: Context) -> bool:
    """Fewer than five words."""
    return len(sentence.words) < LEAST_WORDS


def too_long(sentence: Sentence, _context: Context) -> bool:
    """More than thirty words."""
    return len(sentence.words) > MOST_WORDS


def address(sentence: Sentence, _context: Context) -> bool:
    """A mention, an address or a number."""
    return bool(_ADDRESS.search(sentence.text))


def unbalanced(sentence: Sentence, _context: Context) -> bool:
    """A quotation mark or bracket without its partner."""
    text = sentence.text
    if _STRAY_QUOTE.search(text):
        return True
    pairs = (("(", ")"), ("[", "]"), ("{", "}"), ("\u201c", "\u201d"))
    return text.count('"') % 2 == 1 or any(text.count(a) != text.count(b) for a, b in pairs)


def repeats(sentence: Sentence, _context: Context) -> bool:
    """The same word twice running, three words or two of weight again, a word of weight three times, a slot twice."""
    words = sentence.words
    stems = tuple(word if word in lexicon.FUNCTION else stem(word) for word in words)
    trigrams = Counter(zip(words, words[1:], words[2:], strict=False))
    weighty = Counter(pair for pair in pairwise(stems) if lexicon.FUNCTION.isdisjoint(pair))
    singles = Counter(word for word in stems if word not in lexicon.FUNCTION)
    return (
        any(a == b for a, b in pairwise(stems))
        or max(trigrams.values(), default=0) > 1
        or max(weighty.values(), default=0) > 1
        or any(n > 2 or (n > 1 and word[0] == "<") for word, n in singles.items())
    )


def blocked(sentence: Sentence, _context: Context) -> bool:
    """A slur or a crude word; the song's own names may hold what they like."""
    return any(map(is_blocked, sentence.bare))


def person(sentence: Sentence, _context: Context) -> bool:
    """Somebody who was never introduced: the speaker, or a he or she."""
    return not lexicon.PERSONS.isdisjoint(sentence.bare)


def claim(sentence: Sentence, _context: Context) -> bool:
    """A fact that no audio feature tells: records, careers, dates, places, other people."""
    return not lexicon.CLAIMS.isdisjoint(sentence.bare) or any(
        f" {phrase} " in sentence.joined for phrase in lexicon.CLAIM_PHRASES
    )


def voice(sentence: Sentence, context: Context) -> bool:
    """Singing in a song without a singer."""
    instrumental = context.features.get("instrumentalness", 0.0) >= INSTRUMENTAL
    return instrumental and not lexicon.VOICE.isdisjoint(sentence.bare)


def genre(sentence: Sentence, context: Context) -> bool:
    """A genre far from those of the song, or any where none is known."""
    named = {family for name, family in lexicon.GENRES.items() if f" {name} " in sentence.joined}
    return any(context.families.isdisjoint({family} | lexicon.NEIGHBOURS[family]) for family in named)


def mismatch(sentence: Sentence, context: Context) -> bool:
    """A word about the sound that a known feature plainly contradicts, such as "gentle" where energy is 0.9."""
    return min(agreement(sentence.words, context.features), default=0.0) < _MISMATCH


def incoherent(sentence: Sentence, _context: Context) -> bool:
    """Broken grammar of the kinds that a small model makes and that a word or two give away."""
    text, words = sentence.text, sentence.words
    return bool(
        not _BEGINNING.match(text)
        or not words
        or words[-1] in lexicon.UNFINISHED
        or _HANGING.search(text)
        or any(pattern.search(text) for pattern in _LEFT_OVER)
        or _MARKS_TOUCH.search(text)
        or _NO_PREDICATE.fullmatch(text)
        or _ONLY_WITH.fullmatch(text)
        or _ARTICLE_AND_TITLE.search(text)
        or any(map(_clash, words, words[1:]))
        or any(_disagrees(sentence, i) for i in range(len(words)))
    )


def non_word(sentence: Sentence, context: Context) -> bool:
    """A word that no training text writes, the name of somebody else, or a long compound that nobody made before."""
    coined = context.words.coined(sentence.text)
    return any(compound.count("-") > 1 for compound in coined) or bool(context.words.unknown(sentence.text))


def copied(sentence: Sentence, context: Context) -> bool:
    """Eight words in a row that were read in training, with or without the names."""
    return context.novelty.copied_run(sentence.text) or context.novelty.copied_run(sentence.finished)


# In the order in which they are asked: cheap ones first, so that a reason is as plain as it can be.
GATES: Mapping[str, Gate] = MappingProxyType(
    {
        "slot": bad_slot,
        "too short": too_short,
        "too long": too_long,
        "address": address,
        "unbalanced": unbalanced,
        "repeats": repeats,
        "blocked": blocked,
        "person": person,
        "claim": claim,
        "voice": voice,
        "genre": genre,
        "mismatch": mismatch,
        "incoherent": incoherent,
        "non-word": non_word,
        "novelty": copied,
    }
)


def reason(sentence: Sentence, context: Context) -> str | None:
    """Name of the first gate that stops a sentence, or None when it may be said."""
    return next((name for name, gate in GATES.items() if gate(sentence, context)), None)


def _clash(first: str, second: str) -> bool:
    """Whether no English sentence has these two words side by side."""
    if first in lexicon.OWNERS:
        return second in lexicon.AFTER_OWNER_NEVER
    if first in lexicon.LINKS:
        return second in lexicon.AFTER_LINK_NEVER
    return first in lexicon.BE and second in lexicon.BE


def _disagrees(sentence: Sentence, i: int) -> bool:
    """Whether number goes wrong at word i: "a … vocals", "these melody", "the guitars is", "the beat are"."""
    words = sentence.words
    word, after = words[i], words[i + 1 : i + 6]
    if word in ("a", "an"):
        return _plural_phrase(sentence, after)
    if word in lexicon.SEVERAL:
        return bool(after) and after[0] in lexicon.SINGULARS and (len(after) == 1 or after[1] in lexicon.FUNCTION)
    if not after or word.startswith("<artist"):
        return False
    before = words[max(0, i - 5) : i]
    joined = {"and", "or", "of", "with", "one", "each", "that"}.intersection(before)
    if word in lexicon.PLURALS and after[0] in ("is", "was", "has", "isn't", "wasn't", "hasn't"):
        return not joined
    return word in lexicon.SINGULARS and after[0] in ("are", "were", "have", "aren't", "weren't") and not joined


def _plural_phrase(sentence: Sentence, after: tuple[str, ...]) -> bool:
    """Whether what follows "a" is a noun in the plural, with up to three adjectives before it."""
    for j, word in enumerate(after):
        if word == "and" and j > 0 and _is_adjective(after[j - 1]) and j + 1 < len(after):
            continue
        if word in lexicon.FUNCTION or word[0] == "<":
            return False
        ends = j + 1 == len(after) or after[j + 1] in lexicon.FUNCTION or f"{word}," in sentence.text
        if word in lexicon.PLURALS and ends:
            # "a voice sounds like …": many plurals are verbs as well, unless "a" stands right before them.
            return j == 0 or word not in lexicon.ALSO_VERBS
    return False


def _is_adjective(word: str) -> bool:
    return word not in lexicon.SINGULARS and word.endswith(_ADJECTIVES)
