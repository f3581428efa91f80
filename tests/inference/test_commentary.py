"""From a song to replies, by way of a tiny real bundle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from inference.bundle import Bundle
from inference.commentary import CANDIDATES, MOST_OTHERS, Commentary, Commentator, Subject
from inference.composition import MOST_WORDS
from inference.conditions import Conditions
from inference.errors import BundleError, ConditionError
from inference.novelty import RUN, NoveltyFilter
from inference.ranking import Weights
from inference.traits import TRAITS
from inference.words import WordList, words_of

SONG = Subject(
    artist="The Cure", title="Lovesong", genres=("soft rock", "unheard of"), features={"energy": 0.5, "tempo": 140.0}
)


def whole(commentary: Commentary) -> Commentary:
    """All but the time it took."""
    return replace(commentary, timing_ms={})


def test_speaks_of_the_song(commentator: Commentator) -> None:
    commentary = commentator.comment(SONG, n=3, seed=1)
    assert len(commentary.replies) == 3
    said = [reply.text for seed in range(1, 7) for reply in commentator.comment(SONG, n=3, seed=seed).replies]
    assert any("“Lovesong”" in text or "The Cure" in text for text in said)
    for reply in commentary.replies:
        assert reply.text == " ".join(reply.sentences)
        assert 1 <= len(reply.sentences) <= 3
        assert len(reply.text.split()) <= MOST_WORDS
        assert reply.seed == 1
        assert "<" not in reply.text
        assert all(sentence[-1] in ".!?…" for sentence in reply.sentences)
        assert set(reply.scores) > {"fluency", "likelihood", "total"}


def test_counts_what_it_did(commentator: Commentator) -> None:
    commentary = commentator.comment(SONG, n=1, seed=1)
    assert commentary.candidates % CANDIDATES == 0
    assert 0 < sum(commentary.rejected.values()) < commentary.candidates
    assert commentary.tokens > 6 * commentary.candidates
    assert set(commentary.timing_ms) == {"sample", "check", "rank"}
    assert all(milliseconds > 0 for milliseconds in commentary.timing_ms.values())


def test_the_same_question_gets_the_same_answer(commentator: Commentator, made_bundle: Path) -> None:
    first = whole(commentator.comment(SONG, n=3, seed=7))
    assert first == whole(commentator.comment(SONG, n=3, seed=7))
    assert first == whole(Commentator.open(made_bundle, device="cpu").comment(SONG, n=3, seed=7))


def test_threads_do_not_disturb_each_other(commentator: Commentator) -> None:
    alone = [whole(commentator.comment(SONG, seed=seed)) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: whole(commentator.comment(SONG, seed=seed)), range(4)))
    assert alone == together


def test_another_seed_gives_another_answer(commentator: Commentator) -> None:
    texts = {commentator.comment(SONG, seed=seed).replies[0].text for seed in range(6)}
    assert len(texts) == 6


def test_replies_differ(commentator: Commentator) -> None:
    replies = commentator.comment(SONG, n=5, seed=3).replies
    spoken = [sentence for reply in replies for sentence in reply.sentences]
    assert len(set(spoken)) == len(spoken)


def test_what_was_heard_is_not_said_again(commentator: Commentator) -> None:
    first = commentator.comment(SONG, seed=5).replies[0]
    again = commentator.comment(SONG, seed=5, heard=[first.text]).replies[0]
    assert not set(first.sentences) & set(again.sentences)


@pytest.mark.parametrize(
    ("subject", "absent"),
    [
        (Subject(), ("“", "<")),
        (Subject(title="Lovesong"), ("<",)),
        (Subject(artist="The Cure"), ("“", "<")),
        (Subject(artist="\x00\u202e", title="   "), ("“", "<")),
        (Subject(genres=("x" * 10_000,) * 1000), ("“", "<")),
    ],
)
def test_any_part_of_a_song_may_be_missing(commentator: Commentator, subject: Subject, absent: tuple[str, ...]) -> None:
    replies = commentator.comment(subject, n=2, seed=2).replies
    assert replies
    assert not any(sign in reply.text for reply in replies for sign in absent)


def test_hostile_names_stay_names(commentator: Commentator) -> None:
    subject = Subject(artist="<title>\x1b[2J\n@everyone", title="<artist>" + "\u202e" + "x" * 500)
    text = " ".join(reply.text for reply in commentator.comment(subject, n=10, seed=4).replies)
    assert "<title>[2J @everyone".replace("[2J", " [2J") in text or "“<artist>xxx" in text
    assert not any(sign in text for sign in "\x1b\n\u202e")
    assert "x" * 100 not in text


def test_a_community_chooses_among_what_may_be_said(bundle: Bundle, commentator: Commentator) -> None:
    longer, shorter = ({"words": weight} for weight in (1.0, -1.0))
    words: dict[str, list[float]] = {"longer": [], "shorter": []}
    for seed in range(8):
        for name, correction in (("longer", longer), ("shorter", shorter)):
            commentary = commentator.comment(SONG, seed=seed, correction=correction)
            assert whole(commentary) == whole(commentator.comment(SONG, seed=seed, correction=correction))
            words[name].append(commentary.replies[0].scores["words"])
    assert sum(words["longer"]) > sum(words["shorter"]) + 8


def test_a_community_without_a_taste_hears_what_all_hear(commentator: Commentator) -> None:
    plain, asked = commentator.comment(SONG, n=3, seed=7), commentator.comment(SONG, n=3, seed=7, correction={})
    assert [reply.text for reply in asked.replies] == [reply.text for reply in plain.replies]
    assert asked.rejected == plain.rejected
    for before, reply in zip(plain.replies, asked.replies, strict=True):
        assert before.scores.items() <= reply.scores.items()
        assert reply.scores.keys() - before.scores.keys() == {*TRAITS, "community"}
        assert reply.scores["community"] == 0


def test_what_might_have_been_said_costs_no_other_batch(commentator: Commentator) -> None:
    commentary = commentator.comment(SONG, seed=7, correction={}, candidates=64)
    assert (commentary.batch, commentary.candidates) == (64, 64)
    assert 1 <= len(commentary.others) <= MOST_OTHERS
    said = {sentence for reply in commentary.replies for sentence in reply.sentences}
    assert said.isdisjoint(other.text for other in commentary.others)
    assert all(other.sentences == (other.text,) for other in commentary.others)
    totals = [other.scores["total"] for other in commentary.others]
    assert totals == sorted(totals, reverse=True)
    assert all(other.scores.keys() == commentary.replies[0].scores.keys() for other in commentary.others)
    heard = commentary.others[0].text
    assert heard not in [other.text for other in commentator.comment(SONG, seed=7, heard=[heard]).others]


def test_fewer_candidates_are_sampled_where_that_is_asked_for(commentator: Commentator) -> None:
    few = commentator.comment(SONG, seed=7, candidates=40)
    assert (few.batch, few.candidates) == (40, 40)
    assert whole(few) == whole(commentator.comment(SONG, seed=7, candidates=40))
    assert few.tokens < commentator.comment(SONG, seed=7).tokens


OTHER = Subject(artist="Moodymann", title="Shades of Jae", genres=("techno",), features={"energy": 0.9})


def test_a_blend_names_nobody(commentator: Commentator) -> None:
    replies = commentator.blend(SONG, OTHER, n=5, seed=1).replies
    texts = " ".join(reply.text for reply in replies)
    assert len({reply.text for reply in replies}) == 5
    assert "his blend" in texts
    assert not any(name in texts for name in ("The Cure", "Lovesong", "Moodymann", "Shades", "<", "“"))


def test_a_blend_is_the_same_again_and_in_whichever_order(commentator: Commentator) -> None:
    blend = commentator.blend(SONG, OTHER, n=3, seed=7)
    assert (
        whole(blend) == whole(commentator.blend(SONG, OTHER, n=3, seed=7)) == whole(commentator.blend(OTHER, SONG, n=3, seed=7))
    )
    assert blend.replies != commentator.blend(SONG, OTHER, n=3, seed=8).replies
    assert blend.replies != commentator.blend(SONG, SONG, n=3, seed=7).replies
    assert blend.batch == 2 * CANDIDATES  # as fewer of them are good
    assert commentator.blend(SONG, OTHER, candidates=16).batch == 16


def test_a_blend_of_anything_with_nothing_is_a_blend(commentator: Commentator) -> None:
    assert commentator.blend(Subject(), Subject(), seed=1).replies
    assert commentator.blend(SONG, Subject(genres=("x" * 10_000,) * 1000), seed=1).replies


def test_between_two_songs_lies_what_both_have_and_what_either_alone_knows(bundle: Bundle) -> None:
    encoder = bundle.conditions
    rows = [
        encoder.encode(Conditions(genres=("techno",), features={"energy": 0.9})),
        encoder.encode(Conditions(genres=("jazz",), features={"energy": 0.5, "tempo": 120.0})),
    ]
    between = encoder.between(np.concatenate(rows))
    asked = encoder.encode(Conditions(genres=("techno", "jazz"), features={"energy": 0.7, "tempo": 120.0}))
    np.testing.assert_allclose(between, asked, atol=1e-6)
    unknown = np.zeros_like(between)
    np.testing.assert_array_equal(encoder.between(np.concatenate([rows[0], unknown])), rows[0])
    np.testing.assert_array_equal(encoder.between(np.concatenate([unknown, unknown])), unknown)


@pytest.mark.parametrize("weight", [-100.0, 100.0])
def test_no_community_gets_out_what_was_rejected(bundle: Bundle, commentator: Commentator, weight: float) -> None:
    hostile = dict.fromkeys([*TRAITS, *(field.name for field in fields(Weights))], weight)
    plain, asked = (commentator.comment(SONG, n=10, seed=3, correction=correction) for correction in (None, hostile))
    assert asked.rejected == plain.rejected
    assert [reply.text for reply in asked.replies] != [reply.text for reply in plain.replies]
    mute = Commentator(replace(bundle, words=WordList.build([], least=1)), candidates=8)
    assert mute.comment(SONG, n=2, seed=1, correction=hostile).replies == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"correction": {"words": float("nan")}}, r"the correction's 'words' is nan, but must lie between -100\.0 and 100"),
        ({"correction": {"x" * 999: 101.0}}, r"the correction's 'x{60}' is 101"),
        ({"n": 0}, "n is 0, but must lie between 1 and 10"),
        ({"n": 11}, "n is 11"),
        ({"candidates": 0}, "candidates is 0, but must lie between 1 and 256"),
        ({"candidates": 257}, "candidates is 257"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**63}, "seed is"),
        ({"praise": 10.5}, r"praise is 10\.5, but must lie between 0 and 10"),
        ({"praise": float("nan")}, "praise is nan"),
    ],
)
def test_values_out_of_range_are_refused(commentator: Commentator, asked: dict[str, float], said: str) -> None:
    with pytest.raises(ConditionError, match=said):
        commentator.comment(SONG, **asked)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("features", [{"energy": float("nan")}, {"loudness": float("inf")}, {"colour": 1.0}])
def test_features_that_are_none_are_refused(commentator: Commentator, features: dict[str, float]) -> None:
    with pytest.raises(ConditionError):
        commentator.comment(Subject(features=features))


def test_extremes_are_allowed(commentator: Commentator) -> None:
    for seed, praise in ((0, 0.0), (2**63 - 1, 10.0)):
        assert commentator.comment(SONG, seed=seed, praise=praise).replies


def test_when_nothing_may_be_said_it_says_nothing(bundle: Bundle) -> None:
    mute = Commentator(replace(bundle, words=WordList.build([], least=1)), candidates=8)
    commentary = mute.comment(SONG, n=2, seed=1)
    assert commentary.replies == ()
    assert commentary.candidates == 3 * 8
    assert sum(commentary.rejected.values()) == 24
    assert commentary.rejected["non-word"] > 0


def test_another_batch_is_sampled_when_there_is_too_little_choice(bundle: Bundle) -> None:
    few = Commentator(bundle, candidates=8)
    assert few.comment(SONG, n=4, seed=1).candidates > 8
    assert Commentator(bundle, candidates=200).comment(SONG, n=1, seed=1).candidates == 200


def test_nothing_that_was_read_is_said(bundle: Bundle, commentator: Commentator) -> None:
    said = [reply.text for reply in commentator.comment(SONG, n=10, seed=1).replies]
    read = NoveltyFilter.build([text for text in said if len(words_of(text)) >= RUN])
    commentary = Commentator(replace(bundle, novelty=read)).comment(SONG, n=10, seed=1)
    assert commentary.rejected["novelty"] > 0
    assert commentary.replies
    assert not any(read.copied_run(reply.text) for reply in commentary.replies)


def test_no_bundle_no_voice(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json"):
        Commentator.open(tmp_path)
