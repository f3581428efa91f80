"""The `ladder` command: every rung on one made-up corpus, kept, compared and drawn."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.baselines.base import Line, lines
from export.baselines.characters import CharacterNgram
from export.baselines.ladder import RUNGS, load_rung
from export.config import load_config
from export.errors import StageError
from export.stages import Run
from tests.export.conftest import export, write_corpus, write_songs

_PNG = b"\x89PNG"
_SHORT = """
seed = 7
[corpus]
min_words = 4
validation_share = 0.15
test_share = 0.15
genre_dims = 8
[ladder]
epochs = 1
train_lines = 60
held_out_lines = 10
hidden = 12
highest_order = 3
samples = 4
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a corpus and nothing else."""
    place = tmp_path_factory.mktemp("ladder")
    corpora, songs = write_corpus(place / "corpora", documents=60), write_songs(place / "songs")
    result = export("corpus", "--config", "tiny", "--run", place / "run", "--corpora", corpora, "--songs", songs)
    assert result.exit_code == 0, result.output
    return place / "run"


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the command prints when it has trained the whole ladder."""
    result = export("ladder", "--config", "tiny", "--run", folder)
    assert result.exit_code == 0, result.output
    return result.output


def told(folder: Path) -> dict[str, Any]:
    """ladder.json, read as strictly as other readers do."""

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is no JSON")

    read = json.loads((folder / "ladder" / "ladder.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert isinstance(read, dict)
    return read


def test_every_rung_has_its_row(folder: Path, shown: str) -> None:
    table = told(folder)
    assert [row["rung"] for row in table["rows"]] == list(RUNGS)
    for row in table["rows"]:
        assert row["name"] in shown
        assert row["unit"] in {"characters", "words"}
        assert row["parameters"] > 0
        assert row["epochs"] == 1
        assert row["seconds_per_epoch"] > 0
        assert 0 <= row["memorised_share"] <= 1
        assert {len(samples) for samples in row["samples"].values()} == {8}
        assert set(row["samples"]) == {"0.5", "1.0"}
    assert 0 <= table["human_memorised_share"] <= 1


def test_figures_are_of_the_same_lines(folder: Path, shown: str) -> None:
    """Bits a character and perplexity a word are two readings of one sum, so their ratio is the same for every model."""
    ratios = {
        round(math.log2(row["perplexity_per_word"]) / row["bits_per_character"], 6)
        for row in told(folder)["rows"]
        if row["bits_per_character"] is not None
    }
    assert len(ratios) == 1


def test_unsmoothed_ngram_is_infinite_and_says_how_much(folder: Path, shown: str) -> None:
    row = told(folder)["rows"][0]
    assert row["bits_per_character"] is row["perplexity_per_word"] is None
    assert 0 < row["unscorable_share"] < 1
    assert 0 < row["scorable_bits"] < row["smoothed_bits"] < 8
    assert row["smoothed_perplexity"] > 1
    assert "∞" in shown
    assert f"{row['unscorable_share']:.1%}" in shown


def test_bias_variance_stands_in_the_table(folder: Path, shown: str) -> None:
    orders = told(folder)["ngram"]
    assert [row["order"] for row in orders] == list(range(1, 13))
    assert {"train_bits", "validation_bits", "novel_share", "memorised_share"} <= set(orders[0])
    assert "never seen" in shown


def test_pictures_are_drawn(folder: Path, shown: str) -> None:
    for name in ("ladder.png", "ngram.png"):
        assert (folder / "ladder" / name).read_bytes().startswith(_PNG)


@pytest.mark.parametrize("name", RUNGS)
def test_rungs_are_loaded_as_they_were_measured(name: str, folder: Path, shown: str) -> None:
    run = Run(load_config("tiny"), folder)
    row = next(row for row in told(folder)["rows"] if row["rung"] == name)
    model = load_rung(run, name)
    test = lines(run, "test", at_most=run.config.ladder.held_out_lines, seed=run.config.seed)
    bits = model.score(test).sum() / math.log(2) / sum(len(line.text) + 1 for line in test)
    assert model.parameters == row["parameters"]
    if row["bits_per_character"] is None:
        assert isinstance(model, CharacterNgram)
        assert bits == math.inf
    else:
        # The original's bound is sampled, so it differs a little from one time to the next.
        assert bits == pytest.approx(row["bits_per_character"], rel=0.02)


def test_what_is_trained_is_not_trained_again(folder: Path, shown: str) -> None:
    before = {name: (folder / "ladder" / name / "row.json").stat().st_mtime_ns for name in RUNGS}
    result = export("ladder", "--config", "tiny", "--run", folder, "--only", "character-gru", "--again")
    assert result.exit_code == 0
    after = {name: (folder / "ladder" / name / "row.json").stat().st_mtime_ns for name in RUNGS}
    assert {name for name in RUNGS if before[name] != after[name]} == {"character-gru"}
    assert [row["rung"] for row in told(folder)["rows"]] == list(RUNGS)
    assert export("ladder", "--config", "tiny", "--run", folder).exit_code == 0
    assert after == {name: (folder / "ladder" / name / "row.json").stat().st_mtime_ns for name in RUNGS}


def ngram_only(folder: Path, config: Path, *more: str) -> str:
    """Output of the lowest rung alone."""
    result = export("ladder", "--config", config, "--run", folder, "--only", "character-ngram", *more)
    assert result.exit_code == 0, result.output
    return result.output


def copied(folder: Path, to: Path) -> Path:
    """The corpus in a run of its own."""
    (to / "corpus").mkdir(parents=True)
    for path in (folder / "corpus").iterdir():
        (to / "corpus" / path.name).write_bytes(path.read_bytes())
    return to


def test_other_settings_or_a_broken_rung_are_trained_afresh(folder: Path, tmp_path: Path) -> None:
    config, mine = tmp_path / "short.toml", copied(folder, tmp_path / "run")
    row = mine / "ladder" / "character-ngram" / "row.json"
    config.write_text(_SHORT)
    ngram_only(mine, config)
    assert told(mine)["rows"][0]["order"] == 7
    config.write_text(_SHORT + "ngram_order = 3\n")
    ngram_only(mine, config)
    assert told(mine)["rows"][0]["order"] == 3
    row.write_text("{")
    ngram_only(mine, config)
    (mine / "ladder" / "character-ngram" / "model.npz").unlink()
    ngram_only(mine, config)
    assert load_rung(Run(load_config(str(config)), mine), "character-ngram").parameters > 0


def test_same_seed_same_ladder(folder: Path, tmp_path: Path) -> None:
    config, mine = tmp_path / "short.toml", copied(folder, tmp_path / "run")
    config.write_text(_SHORT)

    def rung(*more: str) -> dict[str, Any]:
        arguments = ("ladder", "--config", config, "--run", mine, "--only", "character-elman", *more)
        assert export(*arguments).exit_code == 0
        row = told(mine)["rows"][0]
        return {key: row[key] for key in ("bits_per_character", "memorised_share", "samples")}

    first = rung()
    assert rung("--again") == first
    assert rung("--again", "--seed", "8") != first


def test_lines_are_the_same_for_a_seed_and_from_their_split(folder: Path) -> None:
    run = Run(load_config("tiny"), folder)
    all_of_it, some = lines(run, "train"), lines(run, "train", at_most=20, seed=3)
    assert len(some) == 20
    assert some == lines(run, "train", at_most=20, seed=3) != lines(run, "train", at_most=20, seed=4)
    assert all(line in all_of_it for line in some)
    assert not {line.text for line in lines(run, "test")} & {line.text for line in all_of_it}
    assert any(line.features for line in all_of_it)
    assert lines(run, "train", at_most=10**9) == all_of_it


def test_conditions_reach_what_is_sampled(folder: Path, shown: str) -> None:
    model = load_rung(Run(load_config("tiny"), folder), "feature-lstm")
    quiet, loud = ([Line("", features={"energy": energy})] * 20 for energy in (0.0, 1.0))
    samples = [model.sample(asked, np.random.default_rng(1)) for asked in (quiet, loud)]
    assert samples[0] != samples[1]


def test_faults_are_told_in_one_sentence(tmp_path: Path, folder: Path) -> None:
    from click.exceptions import UsageError  # noqa: PLC0415 - needed by this test alone

    with pytest.raises(StageError, match="export corpus"):
        export("ladder", "--config", "tiny", "--run", tmp_path / "nothing")
    with pytest.raises(StageError, match="--only word-lstm"):
        load_rung(Run(load_config("tiny"), tmp_path), "word-lstm")
    for wrong in (("--only", "transformer"), ("--minutes-each", "0")):
        result = export("ladder", "--config", "tiny", "--run", folder, *wrong)
        assert result.exit_code == UsageError.exit_code


def test_help_teaches() -> None:
    text = export("ladder", "--help").output
    assert all(name in text for name in RUNGS)
    assert "lower is better" in text
