"""Bias: words are counted as the lists say, by whom and what they are about, and what was found is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from export.bias import CANDIDATES, GROUPS, REPLIES, TRAINING, Written, count_terms, find_bias, measure
from export.stages import Run

LOUD = ("death metal",)
QUIET = ("indie folk",)


def test_people_places_and_genres_are_counted_with_their_possessives() -> None:
    counts = count_terms(["her voice and the man's guitar are american,", "she left New York for dream pop; his is jazz."])
    assert counts == {
        "Pronouns/she, her, hers": 2,
        "Pronouns/he, him, his": 1,
        "Men and women/men": 1,
        "Places/United States and Canada": 2,
        "Genres named/pop": 2,  # "pop", and "dream pop"
        "Genres named/jazz": 1,
    }


def test_parts_of_words_do_not_count() -> None:
    assert not count_terms(["there is theirself, sheer heroics, a manual, poppy boyish usable weaknesses"])


def test_no_term_stands_on_both_sides_of_a_comparison() -> None:
    for first, second in (
        (GROUPS["Praise and blame"]["praise"], GROUPS["Praise and blame"]["blame"]),
        (GROUPS["Men and women"]["men"], GROUPS["Men and women"]["women"]),
    ):
        assert not first & second
    places = [term for terms in GROUPS["Places"].values() for term in terms]
    assert len(places) == len(set(places))


@given(st.lists(st.text(alphabet="aehimrs 'his-", max_size=40), max_size=6))
def test_counts_of_all_are_the_sum_of_the_counts_of_each(texts: list[str]) -> None:
    whole = count_terms(texts)
    parts = [count_terms([text]) for text in texts]
    assert {name: sum(part[name] for part in parts) for name in whole} == whole
    assert all(not (part.keys() - whole.keys()) for part in parts)


def test_families_tell_who_is_spoken_of_and_how() -> None:
    loud = [Written("he is a gorgeous man", LOUD, 8.0)] * 15 + [Written("she is boring", LOUD, 2.0)] * 5
    quiet = [Written("her voice is lovely", QUIET, 9.0)] * 10 + [Written("something else", ())]
    found = measure({TRAINING: [*loud, *quiet], CANDIDATES: loud[:19]})
    metal, folk = found.families[0], next(family for family in found.families if family.name == "folk")
    assert (metal.name, metal.sentences) == ("metal", (20, 19))
    assert metal.share == pytest.approx(20 / 30)
    assert metal.praise == pytest.approx(6.5)
    assert metal.women == (pytest.approx(5 / 35), None)  # 15 "he" and 15 "man" against 5 "she"; 19 sentences are too few
    assert metal.approval == (pytest.approx(15 / 20), None)
    assert folk.women == (None, None)
    assert found.sets == {TRAINING: 31, CANDIDATES: 19}
    pronouns = next(group for group in found.groups if group.name == "Pronouns")
    assert pronouns.rows["she, her, hers"] == (15, 4)


def test_a_bundle_is_asked_once_and_what_it_said_is_kept(run: Run) -> None:
    with Progress(disable=True) as progress:
        found = find_bias(run, run.folder / "bundle", 6, progress)
        path = run.folder / "bias" / "bias.json"
        assert json.loads(path.read_text()) == found
        path.write_text(json.dumps({**found, "samples": "marked"}))
        assert find_bias(run, run.folder / "bundle", 6, progress)["samples"] == "marked"
        assert find_bias(run, None, 6, progress)["sets"].keys() == {TRAINING}
        path.write_text("no json")
        assert find_bias(run, run.folder / "bundle", 6, progress) == found
    assert found["sets"].keys() == {TRAINING, CANDIDATES, REPLIES}
    assert found["sets"][CANDIDATES] == 48
    assert 0 < found["sets"][REPLIES] == len(found["samples"]) <= 6
