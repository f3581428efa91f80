"""The energy model: broken sentences, what it is taught by, its graph, and choosing what the model learns from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from export.config import EnergyConfig, ModelConfig
from export.data import Dataset, dataset_of
from export.energy.corruption import corrupt
from export.energy.network import EnergyModel
from export.energy.training import areas, examples, logits_of, train
from export.onnx import export_energy, open_graph
from export.stages import Run, material
from export.training import CHOSEN, Trainer, load_model
from inference.bundle import Bundle
from inference.energy import HEADS
from inference.energy import EnergyModel as Judge
from tests.export.conftest import export

SMALL = ModelConfig(embedding=16, encoder_hidden=12)
WORDS = st.lists(st.sampled_from("the a warm guitar drifts and is of voices beat <title> <artist>, slow".split()), max_size=14)


@given(WORDS, WORDS, st.integers(0, 2**32 - 1))
def test_a_broken_sentence_is_never_the_whole_one(words: list[str], other: list[str], seed: int) -> None:
    text = " ".join(["the", "beat", *words])
    broken = corrupt(text, " ".join(["a", "voice", *other]), np.random.default_rng(seed))
    assert broken != text
    assert broken == corrupt(text, " ".join(["a", "voice", *other]), np.random.default_rng(seed))


def test_the_ways_of_breaking_are_all_taken() -> None:
    text = "the warm guitar drifts over a slow beat, and the voices are never far from it."
    other = "a bright piano rings out under the hush of brushed drums and low strings."
    rng = np.random.default_rng(0)
    broken = [corrupt(text, other, rng).split() for _ in range(300)]
    whole = text.split()
    assert any(row[:3] == whole[:3] and row[-2:] == other.split()[-2:] for row in broken)  # spliced
    assert any(len(row) < len(whole) for row in broken)
    assert any(len(row) > len(whole) for row in broken)
    assert any(sorted(row) == sorted(whole) for row in broken)  # words have changed places
    assert any("is" in row for row in broken)  # number has gone wrong
    assert any("piano" in row and row[0] == "the" for row in broken)


def song_rows(run: Run, n: int) -> np.ndarray:
    encoder = run.conditions()
    rows = np.zeros((n, encoder.size), dtype=np.float32)
    rows[:, encoder.parts["genre"]] = 1.0
    rows[:, encoder.parts["praise"]] = 0.5
    return rows


def test_what_it_is_taught_by(run: Run) -> None:
    people = dataset_of([f"the warm guitar drifts over a slow beat {i}" for i in range(6)], song_rows(run, 6), run.tokenizer())
    own = dataset_of(["a guitar guitar is of the"], song_rows(run, 1), run.tokenizer())
    some = examples(people, [0, 2], own, run.tokenizer(), run.conditions(), np.random.default_rng(0))
    human, sense, fit = some.labels.T
    assert [int((human == value).sum()) for value in (1, 0)] == [2, 1]
    assert [int((sense == value).sum()) for value in (1, 0)] == [6, 6]
    assert [int((fit == value).sum()) for value in (1, 0)] == [6, 6]
    assert not some.data.conditions[:, run.conditions().parts["praise"]].any()  # how kind it is says nothing of the song


def test_it_learns_to_tell_sentences_apart(run: Run) -> None:
    rng = np.random.default_rng(1)
    good = [f"the {a} guitar drifts over a {b} beat" for a in ("warm", "low", "soft") for b in ("slow", "bright", "dark")] * 8
    bad = [" ".join(rng.permutation(text.split())) for text in good]
    people, own = (dataset_of(texts, song_rows(run, len(texts)), run.tokenizer()) for texts in (good, bad))
    some = examples(people, range(len(people)), own, run.tokenizer(), run.conditions(), rng)
    torch.manual_seed(0)
    model = EnergyModel(run.tokenizer().size, run.conditions().size, SMALL, EnergyConfig(hidden=8, dropout=0.0))
    settings = EnergyConfig(steps=120, hidden=8, learning_rate=1e-2, batch_tokens=512)
    before = areas(model, some)["human"]
    with Progress(disable=True) as progress:
        train(model, some, settings, seed=1, progress=progress)
    assert areas(model, some)["human"] > max(0.95, before)


def test_the_graph_says_what_torch_says(run: Run, tmp_path: Path) -> None:
    torch.manual_seed(2)
    model = EnergyModel(run.tokenizer().size, run.conditions().size, SMALL, EnergyConfig(hidden=8)).eval()
    texts = ["a warm guitar drifts", "the slow beat rises over the chorus and the bright voice answers it", "low drums hum"]
    data = dataset_of(texts, run.conditions().song_part(song_rows(run, 3)), run.tokenizer())
    judge = Judge(open_graph(export_energy(model, tmp_path)), run.tokenizer())
    assert judge.logits(texts, data.conditions) == pytest.approx(logits_of(model, data), abs=0.05)
    # A sentence is judged the same whatever stands beside it.
    assert judge.logits(texts[:1], data.conditions[:1])[0] == pytest.approx(judge.logits(texts, data.conditions)[0], abs=0.02)
    assert judge.logits([], data.conditions).shape == (0, len(HEADS))


def test_a_round_of_learning_from_the_chosen(run: Run, tmp_path: Path) -> None:
    copy = Run(run.config, tmp_path / "run")
    copy.folder.mkdir()
    for name in ("corpus", "tokenizer.model", "judges", "bundle"):
        (copy.folder / name).symlink_to(run.folder / name)
    copy.training.mkdir()
    (copy.training / "checkpoint.pt").write_bytes((run.training / "checkpoint.pt").read_bytes())
    for command in ("energy", "choose"):
        result = export(command, "--config", "tiny", "--run", copy.folder)
        assert result.exit_code == 0, result.output
    figures = json.loads((copy.energy / "energy.json").read_text())
    assert set(figures) <= set(HEADS)
    assert figures["human"] > 0.5
    assert (copy.energy / "energy.onnx").stat().st_size < 5_000_000
    with gzip.open(copy.chosen, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows]
    assert texts
    assert len(set(texts)) == len(texts)
    assert [row["total"] for row in rows] == sorted((row["total"] for row in rows), reverse=True)
    ready = material(copy)
    assert isinstance(ready.chosen, Dataset)
    trainer = Trainer(copy.config, ready, copy.tokenizer().size, copy.training)
    steps = trainer.state.steps
    with Progress(disable=True) as progress:
        trainer.run(progress)
    assert trainer.state.steps - steps == copy.config.training.phase_steps
    assert trainer.state.phase == CHOSEN + 1
    again = Trainer(copy.config, ready, copy.tokenizer().size, copy.training)
    with Progress(disable=True) as progress:
        again.run(progress)
    assert again.state.steps == trainer.state.steps  # the same choice is learnt from once
    made = load_model(copy.training, copy.config, copy.tokenizer().size, copy.conditions().size)[1]
    assert made["learnt"] == ready.mark


def test_a_bundle_with_a_judge_ranks_by_it(run: Run) -> None:
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    assert bundle.energy is not None
    assert bundle.energy.logits(["a warm guitar drifts"], song_rows(run, 1)).shape == (1, len(HEADS))
