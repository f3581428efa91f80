"""The topics stage: planted topics are found, the descriptive one is told by its words, and what is made stays."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from gensim.models import LdaModel
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from export.config import TopicsConfig, load_config
from export.errors import ConfigError, CorpusError, StageError
from export.stages import Run
from export.topics import Material, choose_descriptive, choose_number, describe, fit, intertopic_places, run_topics, vocabulary
from inference.bundle import Bundle
from inference.sound import SOUND_WORDS
from inference.topics import TopicModel, places_of
from tests.export.conftest import export

SOUND = "guitar bass piano drum melody chorus riff groove organ violin falsetto voice beat hook rhythm shimmering lush".split()
NEWS = "label release tour ticket date city interview poster award chart sale store member manager summer venue".split()
SETTINGS = TopicsConfig(word_min_count=2, word_max_share=0.9)
QUIET = Progress(disable=True)


def planted(count: int = 400) -> Material:
    """Sentences that are either about the sound or about the news."""
    rng = random.Random(3)
    texts = [" ".join(rng.sample(SOUND if i % 2 else NEWS, 7)) for i in range(count)]
    words = vocabulary(texts, SETTINGS)
    index = {word: i for i, word in enumerate(words)}
    return Material(texts, words, [places_of(text, index) for text in texts])


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    """A run of its own over the tiny corpus."""
    shutil.copytree(run.folder / "corpus", tmp_path / "run" / "corpus")
    return Run(load_config("tiny"), tmp_path / "run")


def changed(run: Run, **settings: object) -> Run:
    """The same run with other settings of topics."""
    topics = dataclasses.replace(run.config.topics, **settings)  # type: ignore[arg-type]  # as the test wants them
    return Run(dataclasses.replace(run.config, topics=topics), run.folder)


def test_planted_topics_are_found_and_told_apart() -> None:
    material = planted()
    model, figures = describe(fit(material, 2, SETTINGS, 8, 1, QUIET), material, SETTINGS)
    (sound,) = [topic for topic in figures["topics"] if topic["descriptive"]]
    (news,) = [topic for topic in figures["topics"] if not topic["descriptive"]]
    assert {word for word, _ in sound["words"]} <= set(SOUND)
    assert {word for word, _ in news["words"]} <= set(NEWS)
    assert sound["share"] + news["share"] == pytest.approx(1)
    assert sound["name"] in figures["reason"]
    assert news["name"] not in figures["reason"]
    assert all(set(text.split()) <= set(SOUND) for text in sound["examples"])
    about = model.descriptive(["a lush guitar and a shimmering voice", "a tour date, a ticket and a poster"])
    assert about[0] > 0.8
    assert about[1] < 0.2


def test_the_batch_e_step_is_gensims() -> None:
    material = planted(120)
    lda = fit(material, 3, SETTINGS, 2, 1, QUIET)
    lda.iterations, lda.gamma_threshold = 500, 1e-5
    bags = [[(place, 1) for place in document] for document in [*material.documents, []]]
    gamma, sums = lda.inference(bags, collect_sstats=True)
    theirs, their_sums = LdaModel.inference(lda, bags, collect_sstats=True)
    assert np.quantile(np.abs(gamma - theirs), 0.95) < 0.02
    assert np.allclose(sums.sum(axis=0), their_sums.sum(axis=0), rtol=1e-3)
    assert np.abs(sums - their_sums).mean() < 0.05 * their_sums.mean()


def test_anchors_draw_the_first_topic() -> None:
    material = planted()
    for anchor in ("guitar", "label"):
        settings = dataclasses.replace(SETTINGS, anchors=(f"{anchor}s", anchor), anchor_sentences=5000.0)
        shares = fit(material, 2, settings, 2, 1, QUIET).get_topics()[:, material.words.index(anchor)]
        assert shares[0] > 10 * shares[1]


def test_the_vocabulary_leaves_out_what_says_nothing_and_joins_plurals() -> None:
    texts = ["the guitars ring before <artist> sings", "a guitar rings before <artist>", "two guitars, a guitar: gorgeous"]
    texts += ["song, gorgeous", "song, gorgeou", "song", "song", "song"]
    words = vocabulary(texts, dataclasses.replace(SETTINGS, word_max_share=0.55))
    assert words == ("guitar", "gorgeous")  # not "ring" (once, with its plural once), nor the slip "gorgeou", nor every "song"
    blues = vocabulary(["blues and blue", "blues, blue"], dataclasses.replace(SETTINGS, word_max_share=1.0))
    assert set(blues) == {"blues", "blue"}


def test_of_numbers_that_are_as_good_the_fewest_topics_are_taken() -> None:
    assert choose_number({4: [0.1, 0.1], 6: [0.29, 0.29], 8: [0.2, 0.4], 10: [0.28, 0.30]}) == 6
    assert choose_number({4: [0.1], 6: [0.3], 8: [0.31]}) == 8
    assert choose_number({4: [0.3], 8: [0.3]}) == 4


def test_without_a_clear_one_the_nearest_topic_describes() -> None:
    rows = [
        {"id": 0, "name": "label, tour", "sound": 0.10, "descriptiveness": 0.2},
        {"id": 1, "name": "beat, city", "sound": 0.22, "descriptiveness": 0.2},
    ]
    reason = choose_descriptive(rows, {"sound": 0.2, "descriptiveness": 0.2}, SETTINGS)
    assert [row["descriptive"] for row in rows] == [False, True]
    assert "No topic reaches" in reason
    assert "beat, city" in reason


def test_many_words_of_sound_are_not_enough_if_the_sentences_say_little_of_it() -> None:
    rows = [
        {"id": 0, "name": "note, tune", "sound": 0.6, "descriptiveness": 0.1},
        {"id": 1, "name": "riff, hook", "sound": 0.4, "descriptiveness": 0.4},
    ]
    choose_descriptive(rows, {"sound": 0.2, "descriptiveness": 0.2}, SETTINGS)
    assert [row["descriptive"] for row in rows] == [False, True]


@given(st.integers(2, 6), st.integers(0, 1000))
def test_unlike_topics_stand_apart_and_like_ones_together(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    apart = np.kron(np.eye(k), rng.dirichlet(np.ones(4), size=1))  # no two share a word: all distances are 1
    places = np.array(intertopic_places(np.concatenate([apart, apart[:1]])))
    assert np.isfinite(places).all()
    assert np.allclose(places[0], places[-1], atol=1e-6)
    assert np.linalg.norm(places[:, None] - places, axis=-1).max() <= 1 + 1e-6


def test_three_topics_without_a_common_word_are_a_triangle() -> None:
    places = np.array(intertopic_places(np.eye(3)))
    distances = np.linalg.norm(places[:, None] - places, axis=-1)
    assert np.allclose(distances[~np.eye(3, dtype=bool)], 1)


def test_the_command_makes_what_the_bundle_and_the_report_read(copy: Run) -> None:
    result = export("topics", "--config", "tiny", "--run", copy.folder)
    assert result.exit_code == 0, result.output
    told = json.loads((copy.folder / "topics" / "topics.json").read_text(encoding="utf-8"))
    assert told["reason"] in result.output
    assert [row["k"] for row in told["coherence"]] == [2, 3, 4]
    assert all(-1 <= row["coherence"] <= 1 for row in told["coherence"])
    assert told["chosen_k"] == max(told["coherence"], key=lambda row: row["coherence"])["k"] == len(told["topics"])
    shares = [topic["share"] for topic in told["topics"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    model = TopicModel.load(copy.topics)
    assert model.is_descriptive.tolist() == [topic["descriptive"] for topic in told["topics"]]
    assert list(model.names) == [topic["name"] for topic in told["topics"]]
    for picture in ("coherence.png", "intertopic.png"):
        assert (copy.folder / "topics" / picture).read_bytes().startswith(b"\x89PNG")
    made = copy.topics.stat().st_mtime_ns
    assert export("topics", "--config", "tiny", "--run", copy.folder).output == result.output
    assert copy.topics.stat().st_mtime_ns == made


def test_the_same_seed_gives_the_same_topics(copy: Run) -> None:
    first = run_topics(copy, QUIET)
    shutil.rmtree(copy.topics.parent)
    again = run_topics(copy, QUIET)
    assert first.figures == again.figures
    assert np.array_equal(first.model.beta, again.model.beta)
    other = run_topics(Run(dataclasses.replace(copy.config, seed=8), copy.folder), QUIET)
    assert not np.array_equal(first.model.beta, other.model.beta)


def test_interrupted_it_goes_on_after_what_it_tried(copy: Run) -> None:
    run_topics(copy, QUIET)
    (copy.folder / "topics" / "topics.json").unlink()
    path = copy.folder / "topics" / "search.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["coherence"] = [[3, [0.99]]]  # the others were not reached
    path.write_text(json.dumps(kept), encoding="utf-8")
    found = run_topics(copy, QUIET)
    assert found.figures["chosen_k"] == 3
    assert {row["k"] for row in found.figures["coherence"]} == {2, 3, 4}


def test_what_cannot_be_done_is_told(copy: Run) -> None:
    with pytest.raises(ConfigError, match=r"topics\.least"):
        run_topics(changed(copy, least=5, most=4), QUIET)
    with pytest.raises(CorpusError, match=r"topics\.word_min_count"):
        run_topics(changed(copy, word_min_count=100_000), QUIET)
    shutil.rmtree(copy.folder / "corpus")
    with pytest.raises(StageError, match="run `python -m export corpus` first"):
        run_topics(copy, QUIET)


def test_a_bundle_takes_the_topics_of_its_run_along(run: Run, copy: Run) -> None:
    for part in ("cvae", "judges"):
        shutil.copytree(run.folder / part, copy.folder / part)
    shutil.copyfile(run.tokenizer_path, copy.tokenizer_path)
    found = run_topics(copy, QUIET)
    assert export("bundle", "--config", "tiny", "--run", copy.folder).exit_code == 0
    topics = Bundle.open(copy.folder / "bundle", device="cpu", threads=1).topics
    assert topics is not None
    assert topics.names == found.model.names


def test_sound_words_are_what_the_test_says() -> None:
    assert set(SOUND) <= SOUND_WORDS
    assert not set(NEWS) & SOUND_WORDS
