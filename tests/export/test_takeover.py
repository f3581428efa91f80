"""Going on from a finished bundle: its weights, int8 or fp32, are those of the model that it was made from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from rich.progress import Progress

from export.config import ModelConfig
from export.cvae import CVAE
from export.errors import StageError
from export.stages import Run, material, run_tokenizer
from export.takeover import take_over
from export.training import Trainer, evaluate, load_model
from tests.export.conftest import export


def fresh(run: Run) -> CVAE:
    torch.manual_seed(99)
    return CVAE(run.tokenizer().size, run.conditions().size, run.config.model).eval()


@pytest.mark.parametrize(("folder", "tolerance"), [("fp32", 1e-6), ("bundle", 0.05)])
def test_weights_come_back_from_the_graphs(run: Run, folder: str, tolerance: float) -> None:
    trained = load_model(run.training, run.config, run.tokenizer().size, run.conditions().size)[0]
    model = fresh(run)
    take_over(model, run.folder / folder)
    for (name, found), wanted in zip(model.state_dict().items(), trained.state_dict().values(), strict=True):
        if "bias_" in name and "decoder" in name:
            continue  # the decoder's two biases are one in the graph: their sum is looked at below
        assert float((found - wanted).abs().max()) <= tolerance * max(1.0, float(wanted.abs().max())), name
    both = [m.decoder.lstm.bias_ih_l0 + m.decoder.lstm.bias_hh_l0 for m in (model, trained)]
    assert torch.allclose(*both, atol=1e-5)


def test_a_model_taken_over_finds_held_out_text_as_likely(run: Run) -> None:
    data = run.split("validation")
    trained = load_model(run.training, run.config, run.tokenizer().size, run.conditions().size)[0]
    model = fresh(run)
    before = evaluate(model, data, 40)["perplexity"]
    take_over(model, run.folder / "bundle")
    torch.manual_seed(1)
    found = evaluate(model, data, 40)["perplexity"]
    torch.manual_seed(1)
    assert found == pytest.approx(evaluate(trained, data, 40)["perplexity"], rel=0.03)
    assert found < before / 2


def test_another_size_or_no_bundle_is_refused_in_one_sentence(run: Run, tmp_path: Path) -> None:
    other = CVAE(run.tokenizer().size, run.conditions().size, ModelConfig(embedding=16, hidden=24, latent=4))
    with pytest.raises(StageError, match="name a bundle of the same sizes"):
        take_over(other, run.folder / "bundle")
    with pytest.raises(StageError, match="holds no weights"):
        take_over(fresh(run), tmp_path)


def test_training_begins_where_the_bundle_stood(run: Run, tmp_path: Path) -> None:
    again = Run(run.config, tmp_path)
    (tmp_path / "corpus").symlink_to(run.folder / "corpus")
    start = run.folder / "bundle"
    assert run_tokenizer(again, start=start).size == run.tokenizer().size
    trainer = Trainer(run.config, material(again), run.tokenizer().size, again.training, start=start)
    wanted = fresh(run)
    take_over(wanted, start)
    assert torch.equal(trainer.model.decoder.project.weight, wanted.decoder.project.weight)


def test_a_bundle_of_other_genres_is_refused(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "bundle"
    other.mkdir()
    (other / "genres.npz").write_bytes(b"other")
    with pytest.raises(StageError, match="another table of genres"):
        run_tokenizer(run, start=other)
    result = export("tokenizer", "--config", "tiny", "--run", run.folder, "--from-bundle", tmp_path / "none")
    assert result.exit_code != 0


def test_nothing_is_trained_again_when_all_is_learnt(run: Run) -> None:
    trainer = Trainer(run.config, material(run), run.tokenizer().size, run.training)
    steps = trainer.state.steps
    with Progress(disable=True) as progress:
        trainer.run(progress)
    assert trainer.state.steps == steps
