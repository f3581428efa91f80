"""Which training sentences are fit to be said of any song: the style that the model is steered and fine-tuned to."""

from __future__ import annotations

import re

from inference.sound import sound_words
from inference.tokenizer import MASKS

# What nobody can know of a song from its features, and persons that nobody has been introduced to.
_UNKNOWABLE = re.compile(
    r"\b(?:albums?|debut|eps?|lps?|discs?|releases?d?|records?|sophomore|label|labels|tour\w*|concerts?|singles?|"
    r"covers?|remix\w*|reissue\w*|produce[rd]s?|years?|decades?|months?|weeks?|career|members?|fans|"
    r"first|second|third|fourth|last|previous|earlier|newest|latest|"
    r"i|i'm|i've|i'd|i'll|me|my|mine|myself|we|we're|we've|us|our|ours|you'll|he|he's|him|his|himself|she|she's|her|hers|herself|"
    r"said|says|told|explains?|writes?|wrote|written|called|titled|entitled|disc|side|closer|opener|tracks|songs|"
    r"video|review\w*|critics?|band's|members|guests?|features|featuring|compilation|soundtrack|film|movie)\b"
)
_NEGATIVE = re.compile(
    r"\b(?:unfortunately|fails?|failed|failure|worst|bad|boring|bland|dull|lifeless|awful|terrible|weak\w*|disappoint\w*|"
    r"lacks?|lacking|mediocre|forgettable|annoying|tedious|tiresome|pointless|problem|poor\w*|mess|sadly|suffers?|"
    r"worse|unremarkable|uninspired|clich\w*|derivative|wrong|hate\w*|stupid|lame|crap\w*|shit\w*|never|not|n't|\w+n't)\b"
)


def is_speakable(text: str) -> bool:
    """Whether a normalised sentence could be said of a song: no mask, no unknown person, no claim, 6 to 22 words."""
    return 6 <= len(text.split()) <= 22 and not any(mask in text for mask in MASKS) and not _UNKNOWABLE.search(text)


def speakable_weight(text: str) -> float:
    """How often a sentence is drawn when the model learns what to say: 0 (not fit) to 3 (descriptive and approving)."""
    described = sound_words(text)
    if not is_speakable(text) or described == 0:
        return 0.0
    return min(3.0, 0.5 + 0.75 * described) * (0.3 if _NEGATIVE.search(text) else 1.0)
