"""Every gate stops what it is for, and lets a good sentence pass."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from inference import lexicon
from inference.blocked import is_blocked
from inference.checks import GATES, Context, Sentence, reason
from inference.conditions import FEATURES
from inference.genres import families_of
from inference.novelty import NoveltyFilter
from inference.prose import Names
from inference.words import WordList, words_of

READ = "the long slow river of strings carries every heart towards its distant and silver home"
NAMES = Names(artist="Nina Simone", title="Sinnerman")
GOOD = (
    "<title> rides a restless bassline and never lets go.",
    "<artist>'s piano tumbles over the beat like water over stones.",
    "it's the sound of a room holding its breath.",
    "warm synths swell, fade and swell again beneath a steady pulse.",
    "the drums are crisp and the guitars are even crisper.",
    "<title>, with its crisp drums, never lets go of you.",
    "the <title> groove never lets go of you.",
    "a guitar and drums are all it needs.",
    "soft 'n' easy, and it never lets go of you.",
    "a voice sounds like it has been waiting for this.",
)


class Anything(WordList):
    """Knows every word, for tests of the other gates."""

    def __init__(self) -> None:
        """Keep nothing."""

    def unknown(self, _text: str) -> tuple[str, ...]:
        return ()

    def coined(self, _text: str) -> tuple[str, ...]:
        return ()


def why(
    text: str,
    *,
    names: Names = NAMES,
    genres: tuple[str, ...] = (),
    features: Mapping[str, float] | None = None,
    words: WordList | None = None,
) -> str | None:
    """The reason that stops a sentence."""
    context = Context(words or Anything(), NoveltyFilter.build([READ]), families_of(genres), features or {})
    return reason(Sentence(text, names), context)


@pytest.mark.parametrize("text", GOOD)
def test_good_sentences_pass(text: str) -> None:
    assert why(text) is None


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("<album> rides a restless bassline tonight and on.", "slot"),
        ("<name> plays a restless bassline all the way.", "slot"),
        ("a rest<less bassline that never lets go.", "slot"),
        ("a restless \u2047 bassline that never lets go.", "slot"),
        ("<artist> glows warmly here.", "too short"),
        (" ".join(["la", "li", "lo", "lu"] * 8), "too long"),
        ("a groove for @everyone who likes a groove.", "address"),
        ("the #groove that never lets you go.", "address"),
        ("hear it all on www dot com.", "address"),
        ("hear it all on soundsite.com and smile.", "address"),
        ("drums at 120 beats and no rest.", "address"),
        ('the "groove never lets go of you.', "unbalanced"),
        ("the 'slang of the bass carries it all.", "unbalanced"),
        ("the groove (and the bass never lets go.", "unbalanced"),
        ("the beat beat never lets go of you.", "repeats"),
        ("the guitar guitars never let go of you.", "repeats"),
        ("<title> is a groove and <title> never ends.", "repeats"),
        ("a steady groove over a steady groove again.", "repeats"),
        ("the sound of the night and the sound of day.", "repeats"),
        ("drums meet drums, and yet more drums come running.", "repeats"),
        ("i love how the bass carries on.", "person"),
        ("the bass makes me want to run.", "person"),
        ("he lets the bass carry the whole thing.", "person"),
        ("the bass carries her all the way.", "person"),
        ("the album glows from end to end.", "claim"),
        ("the album's glow never lets you go.", "claim"),
        ("a debut that glows from end to end.", "claim"),
        ("the band plays with a steady hand.", "claim"),
        ("a swedish glow over a steady pulse.", "claim"),
        ("the title track glows from end to end.", "claim"),
        ("it came out on a friday in may.", "claim"),
        ("the bass and the drums drift into the.", "incoherent"),
        ("the bass and the drums lean on and.", "incoherent"),
        (", the bass and the drums lean in close.", "incoherent"),
        ("the of the bass carries the whole thing.", "incoherent"),
        ("a sense of and wonder in every note.", "incoherent"),
        ("the groove is are carried by warm bass.", "incoherent"),
        ("the groove and the, warm bass carries everything.", "incoherent"),
        ("an undeniable drifting vocals over the beat.", "incoherent"),
        ("the vocals is warm and close to you.", "incoherent"),
        ("the melody are warm and close to you.", "incoherent"),
        ("these melody is warm and close to you.", "incoherent"),
        ("an infectious and repetitive vocals over the beat.", "incoherent"),
        ("<artist> <title> glows from end to end.", "incoherent"),
        ("<title>, which opens with a long and hollow sigh.", "incoherent"),
        ("the bass carries it all, — and then some.", "incoherent"),
        ("the bass carries it all on the <title>.", "incoherent"),
        ("the bass carries it all.?", "incoherent"),
        ("at the start of it there are a guitar.", "incoherent"),
        ("in spite of the whispered guitar riff, <artist>.", "incoherent"),
        ("it is a warm, almost a <title> of a guitar.", "incoherent"),
        ("it is a simple, steady beat, and the lyrics.", "incoherent"),
        ("the beat is a mellow, dreamy, simple and electronic.", "incoherent"),
        ("the bass hums along the verse before gradually morphs into strings.", "incoherent"),
        ("<title>, with its warm, hollow bass line and low drums.", "incoherent"),
        ("the bass and the drums hum along just before.", "incoherent"),
        ("the bass is warm and warm, and it hums along.", "incoherent"),
        ("the slow river of strings carries every heart towards its distant sea", "novelty"),
    ],
)
def test_gates_stop_what_they_are_for(text: str, gate: str) -> None:
    assert why(text) == gate


def test_long_compounds_that_nobody_made_are_stopped() -> None:
    words = WordList.build(["a warm slow-burning end-of-the-night glow of velvet guitars"] * 2, least=1)
    assert why("a slow-burning end-of-the-night glow of guitars.", words=words) is None
    assert why("a warm slow-velvet glow of guitars.", words=words) is None
    assert why("a warm slow-of-velvet glow of guitars.", words=words) == "non-word"


def test_slots_need_a_name() -> None:
    assert why(GOOD[0], names=Names(artist="Nina Simone")) == "slot"
    assert why(GOOD[1], names=Names(title="Sinnerman")) == "slot"


@pytest.mark.parametrize("before", ["the track", "the song called", "his best album,", "after"])
def test_what_stands_for_a_title_stands_where_no_name_is_needed(before: str) -> None:
    blend = Names(instead="this blend")
    text = f"{before} <title> makes the drums glow and hum."
    assert why(text, names=blend) == "slot"
    assert why(text) != "slot"
    assert why("on <title>, the drums glow and hum for hours.", names=blend) is None


def test_a_copied_run_is_found_when_a_name_completes_it() -> None:
    text = "the glow of <title> of strings carries every heart towards home."
    assert why(text) is None
    assert why(text, names=Names(title="The Long Slow River")) == "novelty"


def test_words_and_names_that_nobody_wrote_are_stopped() -> None:
    words = WordList.build([*(text.replace("<artist>", "it") for text in GOOD), "Radiohead glow."], least=1)
    assert why(GOOD[0], words=words) is None
    assert why("warm couour synths swell beneath a steady pulse.", words=words) == "non-word"
    assert why("warm radiohead synths swell beneath a steady pulse.", words=words) == "non-word"


def test_crude_words_are_stopped_but_names_are_the_song_s_own() -> None:
    crude = bytes.fromhex("7368697474792064726d73").decode().split()[0]
    assert why(f"the {crude} drums never let go.") == "blocked"
    assert why("<title> rides a restless bassline.", names=Names(title=crude)) is None
    assert not any(is_blocked(word) for text in GOOD for word in words_of(text))


@pytest.mark.parametrize(
    ("text", "genres", "stopped"),
    [
        ("a techno pulse that never lets go.", ("minimal techno",), False),
        ("a techno pulse that never lets go.", ("delta blues",), True),
        ("a techno pulse that never lets go.", (), True),
        ("a hip-hop swagger that never lets go.", ("conscious hip hop",), False),
        ("a hip-hop swagger that never lets go.", ("bluegrass",), True),
        ("a pop song that never lets go.", ("dance pop",), False),
        ("a pop song that never lets go.", ("death metal",), True),
        ("a bass that pops and never lets go.", ("death metal",), False),
        ("it rocks and it never lets go.", ("cool jazz",), False),
        ("a disco pulse that never lets go.", ("neo soul",), False),
    ],
)
def test_genres_far_from_the_song_s_are_stopped(text: str, genres: tuple[str, ...], stopped: bool) -> None:
    assert why(text, genres=genres) == ("genre" if stopped else None)


@pytest.mark.parametrize(("instrumentalness", "stopped"), [(0.95, True), (0.8, True), (0.79, False), (None, False)])
def test_nobody_sings_in_an_instrumental(instrumentalness: float | None, stopped: bool) -> None:
    features = {} if instrumentalness is None else {"instrumentalness": instrumentalness}
    text = "the chorus lifts, and the singing never lets go."
    assert why(text, features=features) == ("voice" if stopped else None)


@pytest.mark.parametrize(
    ("text", "features", "stopped"),
    [
        ("a gentle glow over a steady pulse.", {"energy": 0.95}, True),
        ("a gentle glow over a steady pulse.", {"energy": 0.5}, False),
        ("a gentle glow over a steady pulse.", {"energy": 0.1}, False),
        ("a gentle glow over a steady pulse.", {}, False),
        ("a furious glow over a steady pulse.", {"energy": 0.05}, True),
        ("a sad glow over a steady pulse.", {"valence": 0.95}, True),
        ("an acoustic glow over a steady pulse.", {"acousticness": 0.01}, True),
        ("a quiet glow over a steady pulse.", {"loudness": -3.0}, True),
        ("a slow glow over a steady pulse.", {"tempo": 200.0}, True),
    ],
)
def test_sounds_that_the_features_contradict_are_stopped(text: str, features: dict[str, float], stopped: bool) -> None:
    assert why(text, features=features) == ("mismatch" if stopped else None)


def test_every_gate_tells_what_it_is_for() -> None:
    assert all(gate.__doc__ for gate in GATES.values())


def test_the_lexicon_is_written_as_words_are_cut() -> None:
    sets = (
        *(lexicon.CLAIMS, lexicon.PERSONS, lexicon.UNFINISHED, lexicon.LEANING, lexicon.PLURALS, lexicon.SINGULARS),
        *(lexicon.ALSO_VERBS, lexicon.FUNCTION, lexicon.VOICE, lexicon.CASED.keys()),
        *(words for pair in lexicon.FEATURE_WORDS.values() for words in pair),
    )
    for words in sets:
        assert all(words_of(word) == (word,) for word in words)
    for phrase in (*lexicon.CLAIM_PHRASES, *lexicon.GENRES):
        assert " ".join(words_of(phrase)) == phrase
    assert set(lexicon.FEATURE_WORDS) <= set(FEATURES)
    assert set(lexicon.GENRES.values()) <= set(lexicon.NEIGHBOURS)
    assert all(families_of([name]) for name in lexicon.NEIGHBOURS)
