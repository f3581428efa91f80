"""Traits: what some readers like in a sentence and others do not; they tell of taste, not of quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from inference.checks import Sentence

_PRAISING = frozenset(
    """
    amazing beautiful beautifully beauty best blissful breathtaking brilliant brilliantly captivating charm charming
    compelling dazzling delicious delight delightful effortless effortlessly elegant enchanting engaging enjoyable
    euphoric excellent exciting exhilarating exquisite fantastic fascinating flawless fresh fun glorious good gorgeous
    graceful great heartfelt impeccable impressive incredible infectious inspired intoxicating inviting irresistible joy
    joyful joyous love lovely magic magical magnificent marvellous marvelous masterful memorable mesmerizing nice
    outstanding perfect perfectly playful pleasant pleasing pleasure powerful radiant remarkable rewarding rich satisfying
    seductive sensational spectacular splendid strong stunning sublime superb sweet terrific thrilling timeless
    transcendent triumph triumphant unforgettable uplifting vibrant vivid winning wonder wonderful wonderfully
    """.split()
)
_FAULTING = frozenset(
    """
    awkward bad barely bland boring clumsy cliche cliched confused derivative disappointing disappointment dreary dull
    empty fails flat forced forgettable formulaic generic grating hollow indulgent irritating lacking lacks lame lazy
    lifeless limp mediocre mess messy monotonous mundane muddled overblown overlong overwrought pedestrian plain plodding
    poor predictable repetitive sloppy stale tedious thin tired tiresome tiring trite ugly uneven uninspired unremarkable
    weak wooden worn worse worst
    """.split()
)


def warmth(sentence: Sentence) -> float:
    """Words that praise less those that find fault, by twos: -1 (cool) to 1 (warm).

    A measure by words alone, which knows no irony and no "not bad".
    """
    praise, fault = len(_PRAISING & sentence.bare), len(_FAULTING & sentence.bare)
    return min(1.0, max(-1.0, (praise - fault) / 2))


TRAITS: Mapping[str, Callable[[Sentence], float]] = MappingProxyType(
    {
        "words": lambda sentence: float(len(sentence.words)),
        "artist": lambda sentence: float("<artist>" in sentence.words),
        "title": lambda sentence: float("<title>" in sentence.words),
        "warmth": warmth,
    }
)
