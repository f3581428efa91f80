"""A community's votes change what is preferred there: a little, for good reasons, and until it is reset."""

from __future__ import annotations

import random
import time
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.curation.learning import MOST_OF_PERSON, NOTHING, Correction, Example, learn
from bot.curation.tastes import TASTES
from bot.errors import InputError
from inference.ranking import Weights
from inference.traits import TRAITS
from tests.bot.curation.liked import USUAL, liking, points, reply, strength

PEOPLE = st.sampled_from([f"discord:{number}" for number in range(6)])
CAST = st.dictionaries(PEOPLE, st.sampled_from([1, -1]), max_size=4)
USUAL_SCORES = st.fixed_dictionaries(
    {name: st.floats(taste.usual - 3 * taste.spread, taste.usual + 3 * taste.spread) for name, taste in TASTES.items()}
)
HONEST = st.lists(st.builds(Example, USUAL_SCORES, CAST, age=st.floats(0, 400)), max_size=12)
ANYTHING = st.one_of(
    st.floats(), st.integers(), st.text(max_size=3), st.none(), st.booleans(), st.lists(st.none(), max_size=1), st.just(10**400)
)
ANY_SCORES = st.one_of(st.dictionaries(st.sampled_from([*TASTES, "other"]), ANYTHING), USUAL_SCORES, ANYTHING)
ANY_VOTES = st.dictionaries(st.text(max_size=2), st.one_of(st.sampled_from([1, -1]), ANYTHING), max_size=3)
HOSTILE = st.lists(
    st.builds(Example, ANY_SCORES, ANY_VOTES, st.lists(ANY_SCORES, max_size=3), st.one_of(st.floats(), ANYTHING)), max_size=8
)


def test_everything_that_tells_of_quality_or_taste_can_be_learnt() -> None:
    assert set(TASTES) == {*TRAITS, *asdict(Weights())} - {"slot"}  # which is one of artist and title
    assert all(0 < taste.most <= 1.2 and taste.spread > 0 for taste in TASTES.values())
    # No judge of quality is ever turned round.
    qualities = {name: weight for name, weight in asdict(Weights()).items() if name in TASTES and name != "descriptive"}
    assert all(TASTES[name].most / TASTES[name].spread == pytest.approx(weight / 2) for name, weight in qualities.items())


def test_without_votes_nothing_is_learnt() -> None:
    assert learn([]) == learn([reply({}, words=2.0)]) == NOTHING
    assert NOTHING.weights == {}
    assert NOTHING.explained() == []


def test_one_or_two_votes_say_hardly_anything() -> None:
    assert strength(learn([reply({"a": 1}, words=3.0, warmth=3.0)])) == 0
    two = learn(liking("words", 1))
    assert 0 < points(two, "words") < 0.1  # deviations of totals are 1.2


def test_the_more_people_agree_the_more_is_learnt_up_to_a_limit() -> None:
    found = [points(learn(liking("words", people)), "words") for people in (1, 5, 10, 25, 100, 1000)]
    assert found == sorted(found)
    assert 0.2 < found[1] < 0.6 < found[3] < found[5] < TASTES["words"].most
    assert found[5] > 1


@given(HOSTILE)
def test_whatever_comes_in_what_comes_out_is_bounded(examples: list[Example]) -> None:
    learnt = learn(examples)
    # A NaN would fail this too.
    assert all(abs(points(learnt, name)) <= TASTES[name].most for name in TASTES)
    assert set(learnt.weights) <= set(TASTES)
    assert Correction.from_dict(learnt.as_dict()) == learnt


@pytest.mark.parametrize("score", [1.7e308, -1.7e308, float("inf"), float("nan"), 10**400, "1", None, True, [1.0]])
def test_a_score_that_is_none_is_taken_for_usual_and_a_freak_for_far(score: object) -> None:
    broken = Example(USUAL | {"words": score}, {"b": -1}, [{"words": score}, USUAL])
    learnt = learn([*liking("words", 10), broken])
    assert points(learnt, "words") == pytest.approx(points(learn(liking("words", 10)), "words"), rel=0.3)


@settings(max_examples=50)
@given(HONEST)
def test_votes_the_other_way_round_teach_the_opposite(examples: list[Example]) -> None:
    turned = [replace(example, votes={person: -vote for person, vote in example.votes.items()}) for example in examples]
    learnt, opposite = learn(examples), learn(turned)
    assert all(points(learnt, name) == pytest.approx(-points(opposite, name), abs=2e-6) for name in TASTES)


@settings(max_examples=50)
@given(HONEST, st.randoms(use_true_random=False))
def test_the_order_of_votes_does_not_matter(examples: list[Example], chance: random.Random) -> None:
    shuffled = [replace(e, votes=dict(chance.sample([*e.votes.items()], len(e.votes)))) for e in examples]
    chance.shuffle(shuffled)
    assert learn(shuffled) == learn(examples)


@settings(max_examples=50)
@given(HONEST, st.integers(2, 5))
def test_the_same_from_more_people_is_never_weaker(examples: list[Example], times: int) -> None:
    def squares(correction: Correction) -> float:
        return sum(points(correction, name) ** 2 for name in ("words", "warmth", "artist", "title", "descriptive"))

    only_tastes = [
        replace(e, scores=USUAL | {name: e.scores[name] for name in ("words", "warmth", "artist", "title", "descriptive")})
        for e in examples
    ]
    # As many like as dislike in all, so that the mood is the same however many there are.
    both = [*only_tastes, *(replace(e, scores=USUAL, votes={p: -v for p, v in e.votes.items()}) for e in only_tastes)]
    more = [
        replace(e, votes={f"{person}/{copy}": vote for person, vote in e.votes.items()}) for e in both for copy in range(times)
    ]
    assert squares(learn(more)) >= squares(learn(both)) - 1e-6


@pytest.mark.parametrize("vote", [1, -1])
def test_who_likes_or_dislikes_everything_teaches_nothing(vote: int) -> None:
    assert strength(learn([reply({f"p{i}": vote}, words=i % 5 - 2, warmth=i % 3) for i in range(200)])) == 0


def test_where_people_only_ever_like_silence_tells_the_rest() -> None:
    liked = [reply({f"p{i}": 1}, words=1.0) for i in range(20)]
    passed = [reply({}, words=-1.0) for _ in range(20)]
    assert 0.1 < points(learn([*liked, *passed]), "words") < points(learn(liking("words", 20)), "words")
    # However much is passed over, votes keep their say.
    assert points(learn([*liked, *passed * 50]), "words") > 0.1


def test_one_person_has_no_more_say_than_a_few() -> None:
    loud = [reply({"loud": 1 if i % 2 else -1}, words=-1.0 if i % 2 else 1.0) for i in range(1000)]
    others = liking("words", 25)
    alone, together = learn(loud), learn([*others, *loud])
    assert points(alone, "words") < 0
    assert points(together, "words") > 0.5 * points(learn(others), "words")
    assert together.people == 26
    assert together.votes == 1050
    # A thousand votes of one are as many as MOST_OF_PERSON are of others.
    crowd = [reply({f"p{i}": 1 if i % 2 else -1}, words=-1.0 if i % 2 else 1.0) for i in range(int(MOST_OF_PERSON))]
    assert points(alone, "words") == pytest.approx(points(learn(crowd), "words"), rel=0.05)


def test_one_reply_that_all_vote_on_tells_less_than_many_replies() -> None:
    crowd = {f"p{i}": 1 for i in range(100)}
    one = learn([reply(crowd, words=1.0), reply(dict.fromkeys(crowd, -1), words=-1.0)])
    assert 0 < points(one, "words") < points(learn(liking("words", 10)), "words")


def test_old_votes_fade() -> None:
    new, old, older = (points(learn(liking("words", 10, age=age)), "words") for age in (0.0, 180.0, 100_000.0))
    assert old == pytest.approx(points(learn(liking("words", 5)), "words"), rel=0.02)
    assert new > old > older >= 0
    changed_mind = [*liking("words", 20, age=720.0), *liking("words", 20, sign=-1)]
    assert points(learn(changed_mind), "words") < -0.5


def test_what_is_said_of_a_song_is_held_against_what_else_might_have_been() -> None:
    # One song's replies all fit it well and all are liked, the other's are not: this is about the songs.
    def about(fit: float, vote: int, i: int) -> Example:
        others = [reply({}, fit=fit).scores] * 12
        return reply({f"p{i}": vote}, others=others, fit=fit)

    songs = [about(2.0 * sign, sign, i) for i in range(20) for sign in (1, -1)]
    bare = [replace(example, others=()) for example in songs]
    assert points(learn(songs), "fit") < 0.5 * points(learn(bare), "fit")


def test_a_correction_says_what_it_does() -> None:
    both = [*liking("words", 20), *liking("warmth", 3, sign=-1)]
    learnt = learn(both)
    first, second = learnt.explained()
    assert first == f"this place likes longer sentences: +{points(learnt, 'words'):.2f}"
    assert second == f"this place likes cooler words: +{-points(learnt, 'warmth'):.2f}"
    assert (learnt.votes, learnt.people, learnt.replies) == (46, 20, 46)


def test_a_correction_is_read_back_as_it_was() -> None:
    learnt = learn(liking("words", 20))
    assert learnt.as_dict()["schema"] == 1
    assert Correction.from_dict(learnt.as_dict()) == learnt


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "no correction of schema 1"),
        ({"weights": [1]}, "no correction"),
        ({"weights": {"words": 99.0}}, "'words' is none that can be learnt"),
        ({"weights": {"words": float("nan")}}, "'words' is none"),
        ({"weights": {"words": "0.1"}}, "'words' is none"),
        ({"weights": {"colour": 0.1}}, "'colour' is none"),
        ({"votes": -1}, "from 0"),
        ({"people": True}, "from 0"),
        ({"replies": None}, "from 0"),
    ],
)
def test_what_is_no_correction_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Correction.from_dict(NOTHING.as_dict() | change)
    with pytest.raises(InputError):
        Correction.from_dict([NOTHING.as_dict()])


def test_ten_thousand_votes_are_learnt_in_a_moment() -> None:
    chance = random.Random(1)
    examples = [
        reply({f"p{chance.randrange(500)}": chance.choice((1, -1)) for _ in range(4)}, words=chance.gauss(), fit=chance.gauss())
        for _ in range(2500)
    ]

    def seconds() -> float:
        began = time.process_time()
        learn(examples)
        return time.process_time() - began

    assert min(seconds() for _ in range(5)) < 0.05
