"""Which training sentences are fit to be said of any song: what the model dwells on, and is fine-tuned to at the end."""

from __future__ import annotations

import re

from inference.checks import Context, Sentence, claim, incoherent, person
from inference.novelty import NoveltyFilter
from inference.prose import Names
from inference.sound import sound_words
from inference.tokenizer import FILLABLE, MASKS
from inference.words import WordList

LENGTHS = (6, 22)  # words
# Stand-ins: only whether a slot can be filled matters here, not by what.
ANY_NAMES = Names(artist="Artist", title="Title")
# A song of which nothing is known, and no text that was read: the gates used here ask for neither.
ANY_SONG = Context(WordList.build(()), NoveltyFilter.build(()), frozenset(), {})
_BLAME = re.compile(
    r"\b(?:unfortunately|fails?|failed|failure|worst|bad|boring|bland|dull|lifeless|awful|terrible|weak\w*|disappoint\w*|"
    r"lacks?|lacking|mediocre|forgettable|annoying|tedious|tiresome|pointless|problem|poor\w*|mess|sadly|suffers?|"
    r"worse|unremarkable|uninspired|clich\w*|derivative|wrong|hate\w*|stupid|lame|crap\w*|shit\w*|never|not|n't|\w+n't)\b"
)


def is_speakable(text: str) -> bool:
    """Whether a normalised sentence could be said of a song: no mask, no unknown person, no claim, 6 to 22 words."""
    sentence = Sentence(text, ANY_NAMES)
    low, high = LENGTHS
    if not low <= len(text.split()) <= high or any(mask in text for mask in MASKS):
        return False
    return not any(gate(sentence, ANY_SONG) for gate in (person, claim, incoherent))


def speakable_weight(text: str) -> float:
    """How often a sentence is drawn when the model learns what to say: 0 (not fit) to 3 (descriptive and approving)."""
    described = sound_words(text)
    if (described == 0 and not any(slot in text for slot in FILLABLE)) or not is_speakable(text):
        return 0.0
    return min(3.0, 0.3 + 0.8 * described) * (0.3 if _BLAME.search(text) else 1.0)
