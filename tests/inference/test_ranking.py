"""Ranking puts the better sentence first, and composition puts sentences together that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.bundle import Bundle
from inference.checks import Sentence
from inference.composition import MOST_WORDS, Composed, compose
from inference.decoder import Draft
from inference.energy import HEADS
from inference.novelty import NoveltyFilter
from inference.prose import Names
from inference.ranking import MOST_SHIFT, Candidate, Ranker, Scorer, Scores, Weights, familiarity, scorers
from inference.traits import TRAITS

NAMES = Names("Nina Simone", "Sinnerman")
NOTHING_READ = NoveltyFilter.build([])
GOOD = "<title> glides over bright drums that never settle down."


def sentences(*texts: str) -> list[Sentence]:
    """Sentences about the same song."""
    return [Sentence(text, NAMES) for text in texts]


def drafts(*mean_log_probs: float) -> list[Draft]:
    """Drafts of ten tokens with these mean log-probabilities."""
    return [Draft(tuple(range(10, 19)), 10 * value, finished=True) for value in mean_log_probs]


def scored(bundle: Bundle, name: str, *texts: str, features: dict[str, float] | None = None) -> list[float]:
    """One named score of some texts."""
    found = {s.name: s for s in scorers(bundle.tokenizer, bundle.ngram, bundle.words, (-1.5, 0.5), features or {})}
    return list(found[name].score(sentences(*texts), drafts(*[-1.0] * len(texts))))


def test_every_score_has_a_weight(bundle: Bundle) -> None:
    names = [scorer.name for scorer in scorers(bundle.tokenizer, bundle.ngram, bundle.words, (-1.5, 0.5), {})]
    # A bundle without an energy model is ranked by the rest.
    assert sorted((*names, *HEADS)) == sorted(field.name for field in fields(Weights))


def test_jumbled_words_are_not_fluent(bundle: Bundle) -> None:
    good, bad = scored(bundle, "fluency", GOOD, "never over settle drums <title> down bright glides that.")
    assert good > bad
    assert bad < -1


def test_a_break_shows_at_its_weakest_place(bundle: Bundle) -> None:
    good, bad = scored(bundle, "weakest", GOOD, GOOD.replace("bright drums", "drums bright"))
    assert bad < good < 0


def test_stale_words_are_not_fluent_either(bundle: Bundle) -> None:
    (log_prob,) = bundle.ngram.mean_log_prob(bundle.tokenizer.encode_batch([GOOD]))
    (scorer,) = (
        s for s in scorers(bundle.tokenizer, bundle.ngram, bundle.words, (log_prob - 4, 1.0), {}) if s.name == "fluency"
    )
    assert scorer.score(sentences(GOOD), drafts(-1.0))[0] == pytest.approx(-3)


@pytest.mark.parametrize(
    ("name", "better", "worse"),
    [
        ("repetition", "the drums glow and the bass hums.", "the drums glow and the drums hum."),
        ("coinage", "the drums glow.", "the drum-glow hums."),
        ("descriptive", "crisp drums and a warm bass.", "it is what it always was."),
        ("length", GOOD, "it glows and glows."),
        ("length", GOOD, " ".join(["and on it goes"] * 6)),
        ("slot", GOOD, "it glides over bright drums."),
    ],
)
def test_scores_are_higher_for_the_better(bundle: Bundle, name: str, better: str, worse: str) -> None:
    good, bad = scored(bundle, name, better, worse)
    assert good > bad


def test_words_that_fit_the_song_are_better(bundle: Bundle) -> None:
    texts = ("a furious pulse.", "a steady pulse.", "a gentle pulse.")
    assert scored(bundle, "agreement", *texts, features={"energy": 0.75}) == [0.5, 0.0, -0.5]
    assert scored(bundle, "agreement", *texts, features={"energy": 0.25}) == [-0.5, 0.0, 0.5]
    assert scored(bundle, "agreement", *texts) == [0.0, 0.0, 0.0]


def test_likelihood_is_the_decoder_s(bundle: Bundle) -> None:
    (scorer,) = (s for s in scorers(bundle.tokenizer, bundle.ngram, bundle.words, (-1.5, 0.5), {}) if s.name == "likelihood")
    assert scorer.score(sentences(GOOD, GOOD), drafts(-1.0, -2.5)).tolist() == pytest.approx([-1.0, -2.5])


def test_totals_are_weighted_sums_in_order() -> None:
    def words(of: Sequence[Sentence], _drafts: Sequence[Draft]) -> Scores:
        return np.array([float(len(sentence.words)) for sentence in of])

    def certain(_of: Sequence[Sentence], of: Sequence[Draft]) -> Scores:
        return np.array([draft.mean_log_prob for draft in of])

    ranker = Ranker([Scorer("length", words), Scorer("likelihood", certain)], Weights(length=2.0, likelihood=0.5))
    ranked = ranker.rank(sentences("one two three.", "one two three four.", "b one two."), drafts(-1, -8, -1))
    # Equal totals stand in the order of their texts.
    assert [c.sentence.text for c in ranked] == ["b one two.", "one two three.", "one two three four."]
    assert [c.total for c in ranked] == pytest.approx([5.5, 5.5, 4.0])
    assert ranked[2].scores == {"length": 4.0, "likelihood": -8.0}
    assert ranker.rank([], []) == []


def ranked_by(likelihoods: Sequence[float], texts: Sequence[str], correction: dict[str, float] | None) -> list[Candidate]:
    """Candidates whose totals are their likelihoods, and what a community adds."""

    def certain(_of: Sequence[Sentence], of: Sequence[Draft]) -> Scores:
        return np.array([draft.mean_log_prob for draft in of])

    ranker = Ranker([Scorer("likelihood", certain)], Weights(likelihood=1.0), correction)
    return ranker.rank(sentences(*texts), drafts(*likelihoods))


LONG, SHORT = "<title> glides over drums that glow and never settle.", "<artist> plays a great tune."


def test_a_community_changes_which_is_preferred() -> None:
    plain = ranked_by((-1.5, -1.0), (LONG, SHORT), None)
    assert [c.sentence.text for c in plain] == [SHORT, LONG]
    assert set(plain[0].scores) == {"likelihood"}
    liked = ranked_by((-1.5, -1.0), (LONG, SHORT), {"words": 0.2})
    assert [c.sentence.text for c in liked] == [LONG, SHORT]
    # The one is as much longer than the mean as the other is shorter.
    shift = MOST_SHIFT * np.tanh(0.2 * 2 / MOST_SHIFT)
    assert [c.scores["community"] for c in liked] == pytest.approx([shift, -shift])
    assert [c.total for c in liked] == pytest.approx([-1.5 + shift, -1.0 - shift])
    assert set(liked[0].scores) == {"likelihood", "community", *TRAITS}


def test_a_community_without_a_taste_changes_nothing() -> None:
    texts, likelihoods = (LONG, SHORT, GOOD), (-1.0, -0.25, -3.5)
    plain = [(c.sentence, c.total) for c in ranked_by(likelihoods, texts, None)]
    for correction in ({}, {"words": 0.0}, {"never heard of": 9.0}):
        ranked = ranked_by(likelihoods, texts, correction)
        assert [(c.sentence, c.total) for c in ranked] == plain
        assert [c.scores["community"] for c in ranked] == [0.0] * 3
    assert ranked_by((), (), {"words": 1.0}) == []


WEIGHTS = st.dictionaries(st.sampled_from([*TRAITS, "likelihood", "other"]), st.floats(-100, 100))
LIKELIHOODS = st.lists(st.floats(-50, 0), min_size=3, max_size=3)


@given(WEIGHTS, LIKELIHOODS)
def test_no_taste_lets_the_far_worse_win(correction: dict[str, float], likelihoods: list[float]) -> None:
    ranked = ranked_by(likelihoods, (LONG, SHORT, GOOD), correction)
    assert all(abs(c.scores["community"]) <= MOST_SHIFT for c in ranked)
    assert all(c.total == pytest.approx(c.draft.mean_log_prob + c.scores["community"]) for c in ranked)
    assert ranked[0].draft.mean_log_prob >= max(likelihoods) - 2 * MOST_SHIFT - 1e-9


@given(WEIGHTS, LIKELIHOODS)
def test_the_same_taste_told_in_another_order_is_the_same(correction: dict[str, float], likelihoods: list[float]) -> None:
    backwards = dict(reversed(correction.items()))
    texts = (LONG, SHORT, GOOD)
    assert ranked_by(likelihoods, texts, correction) == ranked_by(likelihoods, texts, backwards)


def test_familiarity_is_the_share_heard() -> None:
    said = frozenset({"warm", "bass", "glow", "hum"})
    assert familiarity(said, []) == 0
    assert familiarity(said, [frozenset({"warm", "bass"}), frozenset({"cold"})]) == 0.5
    assert familiarity(frozenset(), [said]) == 0


def candidates(*texts: str) -> list[Candidate]:
    """Candidates for these texts, each a little worse than the one before."""
    return [Candidate(s, drafts(-1.0)[0], {"slot": float("<" in s.text)}, -0.01 * i) for i, s in enumerate(sentences(*texts))]


def composed(*texts: str, n: int = 1, heard: tuple[str, ...] = ()) -> list[Composed]:
    """Replies from these texts."""
    return compose(candidates(*texts), n, heard, NOTHING_READ)


def test_a_reply_begins_with_the_song_and_goes_on_with_something_new() -> None:
    (reply,) = composed(
        "warm organ chords hum beneath it all.",
        "<title> glides over bright drums and strings.",
        "<title> leans on restless handclaps.",
        "bright drums and strings glow.",
    )
    assert reply.sentences == ("“Sinnerman” glides over bright drums and strings.", "Warm organ chords hum beneath it all.")
    assert reply.text == " ".join(reply.sentences)


def test_a_sentence_that_leans_on_another_never_begins() -> None:
    assert composed("but <title> glides over bright drums.") == []
    (reply,) = composed("but <title> glides over bright drums.", "a warm organ hums along with it all.")
    assert len(reply.sentences) == 1


def test_a_long_sentence_stands_alone() -> None:
    long = "<title> glides over bright drums and strings while a warm organ hums along and the handclaps never settle down."
    (reply,) = composed(long, "crooked guitar lines wander off.")
    assert len(reply.sentences) == 1


def test_a_much_worse_sentence_is_not_added() -> None:
    first, second = candidates("<title> glides over bright drums.", "a warm organ hums.")
    worse = Candidate(second.sentence, second.draft, second.scores, -3.0)
    assert len(compose([first, second], 1, [], NOTHING_READ)[0].candidates) == 2
    assert len(compose([first, worse], 1, [], NOTHING_READ)[0].candidates) == 1


def test_no_two_sentences_make_a_copied_run_together() -> None:
    first, second = "<title> glides over bright drums and strings.", "a warm organ hums along."
    read = NoveltyFilter.build(["it glides over bright drums and strings a warm organ hums along"])
    assert len(compose(candidates(first, second), 1, [], read)[0].candidates) == 1
    assert len(compose(candidates(first, second), 1, [], NOTHING_READ)[0].candidates) == 2


def test_replies_differ_from_each_other_and_from_what_was_heard() -> None:
    texts = (
        "<title> glides over bright drums and strings.",
        "<artist> glides over bright drums and strings.",
        "<title> leans on restless handclaps tonight.",
        "<artist> bursts into glowing synth chords.",
    )
    one, two, *more = composed(*texts, n=4)
    assert "glides" in one.text
    assert not {"glides", "drums"} & two.content
    assert len([reply for reply in (one, two, *more) if "drums" in reply.text]) == 1
    (fresh,) = composed(*texts, heard=("Kraftwerk glides over bright drums and strings.",))
    assert "drums" not in fresh.text


@pytest.mark.parametrize(("title", "sentences_said"), [("la " * 10, 2), ("la " * 40, 1)])
def test_no_reply_is_too_long(title: str, sentences_said: int) -> None:
    names = Names("Nina Simone", title.strip())
    made = [
        Candidate(Sentence(text, names), drafts(-1.0)[0], {"slot": 1.0}, -0.01 * i)
        for i, text in enumerate(("<artist> glides over bright drums.", "<title> leans on restless handclaps."))
    ]
    (reply,) = compose(made, 1, [], NOTHING_READ)
    assert len(reply.sentences) == sentences_said
    assert len(reply.text.split()) <= MOST_WORDS
