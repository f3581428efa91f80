"""Sentences: split documents with a library, judge each sentence, and say why one is not commentary."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sentencex

from inference.sound import descriptiveness, sound_words

_PROMOTION = re.compile(
    r"\b(?:follow (?:them|her|him|us|<artist>|along)|like (?:them|her|him|us) on|subscribe|check (?:it|them|this|her|him) out|"
    r"check out|grab (?:it|a copy|your)|download|pre-?order|buy|stream (?:it|the|their|below)|click (?:here|play|on|the)|"
    r"tickets?|tour dates?|catch (?:them|her|him)|out now|facebook|twitter|instagram|soundcloud|bandcamp|spotify|youtube|"
    r"itunes|(?:listen|watch|stream|play|player|video|clip|it|lyrics) below|hit play|press play|newsletter|mailing list|"
    r"give it a (?:listen|spin)|presented by|hosted by|click)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\s*\([^()]*\)")
_DATE = re.compile(r"\b(?:january|february|march|april|june|july|august|september|october|november|december)\b \d", re.I)
_MASK = re.compile(r"<(?:album|name|number)>")
_SPEAKABLE = re.compile(r"[a-z0-9<>'\s.,;:!?&%$/—-]*")
_MUSIC = re.compile(
    r"<(?:title|artist|album)>|\b(?:songs?|albums?|tracks?|music\w*|band|lyrics?|chorus\w*|records?|singer|singing|sings?|sang|"
    r"tunes?|listen\w*|ep|lp|rap\w*|pop|rock|punk|folk|jazz|techno|house|disco|funk|soul|metal|producer|production|"
    r"melod\w*|rhythm\w*|vocal\w*|guitar\w*|drum\w*|beats?|bass\w*|synth\w*|piano|sound\w*|play(?:s|ed|ing)?|voices?|"
    r"harmon\w*|groov\w*|hooks?|riffs?|tempo|ballad\w*|anthem\w*|dance\w*|noise|ambient|verses?)\b"
)


def split_sentences(text: str) -> Iterator[str]:
    """Sentences of a cleaned text, a paragraph at a time; asides in brackets are left out, semicolons end a sentence."""
    for paragraph in text.split("\n"):
        for sentence in sentencex.segment("en", paragraph):
            plain = " ".join(_ASIDE.sub("", sentence).split())
            clauses = plain.split("; ")
            if len(clauses) > 1 and all(len(clause.split()) >= 5 for clause in clauses):
                yield from (clause.rstrip(".,") + "." for clause in clauses[:-1])
                plain = clauses[-1]
            if plain:
                yield plain


def normalise(masked: str) -> str:
    """The form that is trained on: lower case, single spaces, plain punctuation, no quote left open at an end."""
    text = masked.lower().strip()
    text = re.sub(r"(<(?:artist|title|album|name|number)>)(?:\s+\1)+", r"\1", text)
    return re.sub(r"\s+([,.;:!?])", r"\1", text)


def fault(text: str, *, kind: str, min_words: int, max_words: int) -> str | None:
    """Why a normalised sentence is no commentary to learn from, or None; the names are those of the funnel."""
    words = text.split()
    checks = (
        ("too short", len(words) < min_words),
        ("too long", len(words) > max_words),
        ("no sentence", not re.match(r"[a-z<]", text) or text[-1] not in ".!?"),
        ("brackets", any(c in text for c in "()[]{}")),
        ("quotation", '"' in text or text.count("'") > 3 or " '" in text),
        ("foreign signs", not _SPEAKABLE.fullmatch(text)),
        ("promotion", bool(_PROMOTION.search(text) or _DATE.search(text))),
        ("too many names", len(_MASK.findall(text)) > 2),
        ("two songs", text.count("<title>") > 1 or text.count("<artist>") > 1),
        ("trailing off", "..." in text or text.count("—") > 2),
        (
            "not about music",
            not _MUSIC.search(text) if kind in ("review", "blog", "release") else sound_words(text) < 2,
        ),
    )
    return next((name for name, failed in checks if failed), None)


def is_warm_start(text: str, *, max_words: int) -> bool:
    """Whether a sentence may teach English in the warm start: whole, of readable length, in plain signs."""
    words = text.split()
    if not 4 <= len(words) <= max_words or text[-1] not in ".!?" or len(_MASK.findall(text)) > 4:
        return False
    return bool(_SPEAKABLE.fullmatch(text.replace('"', "").replace("(", "").replace(")", "")))


def describes_sound(text: str) -> bool:
    """Whether a sentence says how something sounds: at least two different words of sound."""
    return descriptiveness(text) >= 0.5
