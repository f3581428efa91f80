"""The evaluation: its judges, the systems that it asks, and the whole table on a tiny run."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.progress import Progress

from export.errors import StageError
from export.evaluation.judges import Judges, open_judges, perplexity
from export.evaluation.measure import FOLDER, evaluate
from export.evaluation.systems import ORIGINAL, gather, modes, slot_form, songs_of
from export.evaluation.table import PEOPLE, PEOPLE_FIT, TEXT_FIGURES, as_markdown, read_evaluation, verdicts
from export.stages import Run
from inference.bundle import Bundle
from inference.manifest import Proposals
from tests.export.conftest import export

SENTENCES = 14


# --- judges


@pytest.fixture(scope="module")
def train(run: Run) -> list[str]:
    return run.split("train").texts


@pytest.fixture(scope="module")
def judges(run: Run, train: list[str], tmp_path_factory: pytest.TempPathFactory) -> Judges:
    with Progress(disable=True) as progress:
        return open_judges(run, tmp_path_factory.mktemp("judges"), train, progress)


def test_perplexity_counts_words_and_ends() -> None:
    assert perplexity(np.array([-3 * math.log(8.0)]), ["two words"]) == pytest.approx(8.0)


def test_judges_find_music_writing_likelier_than_shuffled(run: Run, judges: Judges) -> None:
    texts = run.split("validation").texts + run.split("test").texts
    some, others = texts[::2], texts[1::2]
    rng = np.random.default_rng(1)
    shuffled = [" ".join(rng.permutation(text.split())) for text in some]
    plain, mixed = judges.forward(some), judges.forward(shuffled)
    assert all(1 < plain[name] < mixed[name] for name in plain), (plain, mixed)
    assert judges.reverse(some, others) < judges.reverse(shuffled, others)
    features = judges.features([*some, ""])
    assert features.shape == (len(some) + 1, 7)
    assert np.isfinite(features).all()


def test_judges_are_kept_and_fitted_anew_for_other_settings(run: Run, train: list[str], judges: Judges, tmp_path: Path) -> None:
    with Progress(disable=True) as progress:
        first = open_judges(run, tmp_path, train, progress)
        made = (tmp_path / "judge.pt").stat().st_mtime_ns
        again = open_judges(run, tmp_path, train, progress)
        assert (tmp_path / "judge.pt").stat().st_mtime_ns == made
        (tmp_path / "judges.txt").write_text("made from something else")
        open_judges(run, tmp_path, train, progress)
        assert (tmp_path / "judge.pt").stat().st_mtime_ns > made
    text = ["the warm bass hums under the chorus."]
    assert first.forward(text) == again.forward(text) == judges.forward(text)  # the same seed, the same judge


# --- systems and the table


def test_songs_are_different_and_known() -> None:
    rows = [{"genres": ["rock"], "features": {"energy": 0.5}}] * 3 + [{"genres": [], "features": {}}]
    assert songs_of(rows, seed=1) == rows[:1]
    assert songs_of(rows[3:], seed=1) == rows[3:]


def test_replies_are_measured_in_the_form_of_the_corpus() -> None:
    assert slot_form("“<title>” isn’t loud, and <artist>’s voice glows.") == "<title> isn't loud, and <artist>'s voice glows."


@pytest.fixture(scope="module")
def told(run: Run) -> dict[str, Any]:
    result = export("evaluate", "--config", "tiny", "--run", run.folder, "--sentences", SENTENCES)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("# Evaluation of tiny")
    return read_evaluation(run.folder / FOLDER / "evaluation.json")


def test_the_whole_table_stands_beside_people(run: Run, told: dict[str, Any]) -> None:
    rows = {row["key"]: row for row in told["rows"]}
    assert {PEOPLE, PEOPLE_FIT, "cvae"} <= rows.keys()
    assert told["sentences"] == SENTENCES
    assert told["block"] == SENTENCES // 2
    for row in rows.values():
        assert row["sentences"] == SENTENCES
        assert row["figures"].keys() == {figure.name for figure in TEXT_FIGURES}
        assert bool(row["samples"]) is not row["human"]
    people, machine = rows[PEOPLE_FIT]["figures"], rows["cvae"]["figures"]
    assert machine["human_or_machine"] > 0.5
    assert people["forward_perplexity"] < machine["forward_perplexity"]
    assert all((run.folder / FOLDER / name).stat().st_size > 0 for name in ("evaluation.md", "latent.png", "latent.json"))
    points = json.loads((run.folder / FOLDER / "latent.json").read_text())
    assert len(points["people"]) == len(points["prior"]) == len(points["families"])


def without_generator(run: Run) -> Bundle:
    """The run's bundle as it was before anything was learnt about its latents."""
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    return replace(bundle, generator=None, critics=None, manifest=replace(bundle.manifest, proposals=None))


def test_what_is_not_there_is_named_with_what_makes_it(run: Run, told: dict[str, Any]) -> None:
    missing = {entry["key"]: entry["command"] for entry in told["missing"]}
    assert f"ladder --only {ORIGINAL}" in missing["original"]
    assert missing["baseline"].startswith("python -m export ladder")
    assert "lcgan" not in missing
    markdown = (run.folder / FOLDER / "evaluation.md").read_text()
    assert all(command in markdown for command in missing.values())
    assert not missing.keys() & {row["key"] for row in told["rows"]}


def test_the_model_is_measured_with_the_weights_that_ship(run: Run, told: dict[str, Any]) -> None:
    (row,) = told["model"]["rows"]
    known = Bundle.open(run.folder / "bundle", device="cpu").manifest.figures
    assert row["figures"]["kl"] == pytest.approx(known["kl"], rel=0.1)
    assert row["figures"]["perplexity"] == pytest.approx(known["perplexity"], rel=0.5)  # of other sentences
    assert "own weights" in told["model"]["note"]


def test_baselines_of_the_ladder_are_asked_about_the_same_songs(run: Run, told: dict[str, Any], tmp_path: Path) -> None:
    copy = Run(run.config, tmp_path / "run")
    copy.folder.mkdir()
    for name in ("corpus", "tokenizer.model", FOLDER):
        (copy.folder / name).symlink_to(run.folder / name)
    made = export("ladder", "--config", "tiny", "--run", copy.folder, "--only", "word-lstm", "--only", ORIGINAL)
    assert made.exit_code == 0, made.output
    bundle = without_generator(run)
    songs = [{"genres": ["rock"], "features": {"energy": 0.9}}, {"genres": ["jazz"], "features": {}}]
    with Progress(disable=True) as progress:
        cast = gather(copy, bundle, songs, 5, progress)
    said = {some.key: some for some in cast.said}
    assert list(said) == ["original", "baseline", "cvae", "full"]
    for key in ("original", "baseline", "cvae"):
        assert len(said[key].texts) == 5
        assert said[key].songs == [songs[i % 2] for i in range(5)]
    assert [missing.key for missing in cast.missing] == ["lcgan"]
    (copy.folder / "ladder" / "ladder.json").write_text("[]")
    with pytest.raises(StageError, match="export ladder"), Progress(disable=True) as progress:
        gather(copy, bundle, songs, 5, progress)


def test_what_was_wanted_is_judged_against_people(told: dict[str, Any]) -> None:
    def with_figures(**figures: float) -> list[dict[str, Any]]:
        rows = [
            {"key": PEOPLE_FIT, "figures": {"forward_perplexity": 100.0, "distinct_2": 0.8}},
            {"key": "full", "figures": figures},
        ]
        model = {"rows": [{"key": "cvae", "figures": {"mi": 3.9}}]}
        return verdicts({**told, "rows": rows, "model": model})

    met = [v["met"] for v in with_figures(forward_perplexity=129.0, distinct_2=0.73, bad_form=0.0)]
    assert met == [True, True, True, False]  # the last is the mutual information
    assert not any(v["met"] for v in with_figures(forward_perplexity=131.0, distinct_2=0.71, bad_form=0.01))
    assert not with_figures(forward_perplexity=70.0)[0]["met"]  # far likelier than people's: dull


def test_a_learnt_generator_adds_its_rows(run: Run, told: dict[str, Any]) -> None:
    assert [mode.key for mode in modes(without_generator(run))] == ["cvae", "full"]
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    for ships, compared in (((True, True), "cvae_ranked"), ((False, False), "lcgan_ranked")):
        proposals = Proposals(*ships, draws=4, scale=1.0, truncation=2.0, weights={"realism": 1.0})
        learnt = replace(bundle, manifest=replace(bundle.manifest, proposals=proposals))
        found = {mode.key: (mode.ranked, mode.generator, mode.critics) for mode in modes(learnt)}
        assert list(found) == ["cvae", "lcgan", compared, "full"]
        assert found["cvae"] == (False, False, False)
        assert found["lcgan"] == (False, True, True)
        assert found[compared] == (True, *(not use for use in ships))
        assert found["full"] == (True, *ships)
    row = {"value": "topic", "system": "G", "attribute": 0.8, "at_equal_distinct_2": {"attribute": 0.7}}
    text = as_markdown({**told, "lcgan": {"rows": [row]}})
    assert "| value | system | attribute | at equal distinct 2: attribute |" in text


def test_the_card_shows_the_evaluation(run: Run, told: dict[str, Any], tmp_path: Path) -> None:
    bench = {
        "replies": [{"song": "A — B", "text": "It glows."}],
        "warm_reply_ms": {"p50": 90.0, "p95": 120.0},
        "cold_start_ms": 900.0,
        "tokens_per_s": 9000,
        "peak_memory_mb": 140.0,
        "bundle_mb": 20.0,
        "device": "cpu",
        "cores": 2,
    }
    (tmp_path / "bench.json").write_text(json.dumps(bench))
    path = run.folder / FOLDER / "evaluation.json"
    arguments = ("card", "--config", "tiny", "--run", run.folder, "--bench", tmp_path / "bench.json", "--evaluation")
    result = export(*arguments, path)
    assert result.exit_code == 0, result.output
    card = (run.folder / "bundle" / "MODEL_CARD.md").read_text()
    (run.folder / "bundle" / "MODEL_CARD.md").unlink()
    assert "## Evaluation of tiny" in card
    assert "people, fit to be said of a song" in card


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 7}', '{"schema": 1, "rows": 3}'])
def test_a_file_that_is_no_evaluation_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(StageError, match="python -m export evaluate"):
        read_evaluation(tmp_path / "evaluation.json")


def test_too_little_to_compare_with_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="fit to be said"), Progress(disable=True) as progress:
        evaluate(run, run.folder / "bundle", 10, progress)
    with pytest.raises(StageError, match="export corpus"), Progress(disable=True) as progress:
        evaluate(Run(run.config, tmp_path), run.folder / "bundle", SENTENCES, progress)
