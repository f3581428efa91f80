"""Training and exporting a tiny CVAE: the losses, the schedule, resuming, parity and the bundle."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.progress import Progress

from export import parity
from export.bundle import run_bundle
from export.config import Config, ModelConfig, load_config
from export.cvae import CVAE, active_units, free_bits, mutual_information
from export.data import ConditionDropout, batches, weigh
from export.errors import ConfigError, ExportError, ParityError
from export.evaluation.likelihood import own_against_permuted
from export.speakable import speakable_weight
from export.stages import Run, material
from export.training import PHASES, Trainer, evaluate, load_model
from inference.bundle import Bundle
from inference.tokenizer import EOS, PAD, UNK
from tests.export.conftest import export

SMALL = ModelConfig(embedding=16, hidden=24, encoder_hidden=12, latent=6, condition_squash=5)


@pytest.fixture(scope="module")
def model(run: Run) -> CVAE:
    return load_model(run.training, run.config, run.tokenizer().size, run.conditions().size)[0]


def test_kl_uses_the_log_variance() -> None:
    torch.manual_seed(0)
    tiny = CVAE(30, 4, SMALL)
    with torch.no_grad():
        tiny.encoder.mean.weight.zero_(), tiny.encoder.mean.bias.fill_(0.5)
        tiny.encoder.logvar.weight.zero_(), tiny.encoder.logvar.bias.fill_(math.log(0.25))
    _, kl = tiny(torch.randint(9, 30, (3, 4)), torch.zeros(3, 4))
    expected = 0.5 * (0.5**2 + 0.25 - 1 - math.log(0.25))
    assert kl.detach().numpy() == pytest.approx(np.full((3, 6), expected), rel=1e-5)


def test_free_bits_leave_each_dimension_its_share() -> None:
    kl = torch.tensor([[0.0, 3.0], [0.0, 1.0]])
    assert float(free_bits(kl, 1.0)) == pytest.approx(0.5 + 2.0)


def test_reconstruction_counts_the_end_and_agrees_with_a_sum_by_hand() -> None:
    torch.manual_seed(1)
    tiny = CVAE(30, 4, SMALL).eval()
    tokens, z, condition = torch.tensor([[11, 12]]), torch.randn(1, 6), torch.randn(1, 4)
    logits = tiny.decoder(torch.tensor([[2, 11, 12]]), z, condition).detach()
    by_hand = -sum(float(torch.log_softmax(logits[0, t], -1)[token]) for t, token in enumerate((11, 12, EOS)))
    assert tiny.reconstruction(tokens, z, condition).item() == pytest.approx(by_hand, rel=1e-5)


def test_z_and_conditions_both_reach_every_step() -> None:
    torch.manual_seed(2)
    tiny = CVAE(30, 4, SMALL).eval()
    tokens = torch.tensor([[2, 11, 12]])
    base = tiny.decoder(tokens, torch.zeros(1, 6), torch.zeros(1, 4))
    for z, condition in ((torch.ones(1, 6), torch.zeros(1, 4)), (torch.zeros(1, 6), torch.ones(1, 4))):
        assert ((tiny.decoder(tokens, z, condition) - base).abs().amax(dim=-1) > 1e-4).all()


def test_mutual_information_is_none_for_a_collapsed_posterior_and_log_n_for_a_sharp_one() -> None:
    torch.manual_seed(3)
    assert mutual_information(torch.zeros(200, 4), torch.zeros(200, 4)) == pytest.approx(0.0, abs=0.05)
    sharp = mutual_information(torch.randn(200, 4) * 5, torch.full((200, 4), -12.0))
    assert sharp == pytest.approx(math.log(200), abs=0.5)
    assert active_units(torch.tensor([[0.0, 1.0], [0.0, 3.0]])) == 1


def test_batches_hold_every_sentence_by_its_weight_without_padding(run: Run) -> None:
    data = run.split("validation")
    data.weights[:] = 1.0
    seen = [tokens for tokens, _ in batches(data, 256, np.random.default_rng(0))]
    assert sum(len(tokens) for tokens in seen) == len(data)
    assert all(tokens.numel() <= 256 or len(tokens) == 1 for tokens in seen)
    assert not any((tokens == PAD).any() or (tokens == UNK).any() for tokens in seen)
    double = weigh(data, lambda text: 2.0 if "<title>" in text else 0.0)
    drawn = [len(tokens) for tokens, _ in batches(double, 256, np.random.default_rng(0))]
    assert sum(drawn) == 2 * sum("<title>" in text for text in data.texts)


def test_hidden_conditions_hide_whole_parts_with_their_masks(run: Run) -> None:
    encoder = run.conditions()
    full = torch.ones(400, encoder.size)
    hidden = ConditionDropout(encoder, whole=0.25, part=0.5)(full)
    for place in encoder.parts.values():
        part = hidden[:, place]
        assert ((part == 0).all(dim=1) | (part == 1).all(dim=1)).all()
    assert 50 < int((hidden == 0).all(dim=1).sum()) < 160
    assert torch.equal(ConditionDropout(encoder, whole=0.0, part=0.0)(full), full)


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("the warm guitars drift under the tender chorus.", True),
        ("the warm guitars of <name> drift under the chorus.", False),
        ("she lets the warm guitars drift under the chorus.", False),
        ("the warm guitars carry the whole debut album.", False),
        ("it is a day like any other day in spring.", False),
    ],
)
def test_only_sentences_that_fit_any_song_teach_what_to_say(text: str, fit: bool) -> None:
    assert (speakable_weight(text) > 0) is fit


def test_all_phases_were_passed_and_logged(run: Run) -> None:
    log = [json.loads(line) for line in (run.training / "log.jsonl").read_text().splitlines()]
    assert list(dict.fromkeys(entry["phase"] for entry in log)) == list(PHASES)
    assert {"loss", "reconstruction", "kl", "mi", "active_units", "perplexity", "tokens_per_second"} <= log[-1].keys()
    assert log[-1]["perplexity"] < log[0]["perplexity"]


def test_training_goes_on_from_its_checkpoint(run: Run, tmp_path: Path) -> None:
    training = dataclasses.replace(run.config.training, phase_steps=4)
    config = dataclasses.replace(run.config, training=training)
    ready, vocabulary = material(run), run.tokenizer().size
    first = Trainer(config, ready, vocabulary, tmp_path)
    with Progress(disable=True) as progress:
        first.run(progress)
    again = Trainer(config, ready, vocabulary, tmp_path)
    assert again.state == first.state
    weights = zip(first.model.parameters(), again.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)
    with Progress(disable=True) as progress:
        again.run(progress)
    assert again.state.steps == first.state.steps  # nothing is left to do


def test_own_z_tells_more_than_another_sentences(run: Run, model: CVAE) -> None:
    torch.manual_seed(4)
    own, permuted = own_against_permuted(model, run.split("train"), 200)
    assert 0 < own < permuted
    assert evaluate(model, run.split("test"), 60)["perplexity"] > 1


def test_the_bundle_opens_and_says_where_it_comes_from(run: Run) -> None:
    bundle = Bundle.open(run.folder / "bundle", device="cpu")
    manifest = bundle.manifest
    assert manifest.name == "tiny"
    assert {source.licence for source in manifest.data} == {"none stated", "CC BY-SA 4.0"}
    assert manifest.figures["parity"]["int8_agreement"] >= run.config.bundle.int8_agreement
    text = next(t for t in run.split("train").texts if len(t.split()) > 10)
    assert bundle.novelty.copied_run(text)
    assert not bundle.novelty.copied_run("nobody ever wrote these eleven words down in just this order")


def test_a_graph_that_disagrees_fails_the_export(
    run: Run, model: CVAE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CVAE(run.tokenizer().size, run.conditions().size, run.config.model).eval()
    parity_graphs = tmp_path / "graphs"
    from export.onnx import export_graphs  # noqa: PLC0415 - the torch exporter is slow to load and needed here alone

    export_graphs(other, parity_graphs, top_k=run.tokenizer().size)
    with pytest.raises(ParityError):
        parity.check_parity(model, run.split("test"), parity_graphs, parity_graphs, run.config.bundle, seed=1)


def test_a_bundle_that_is_too_large_is_not_put_in_place(run: Run, tmp_path: Path) -> None:
    settings = dataclasses.replace(run.config.bundle, max_megabytes=0.01)
    large = Run(dataclasses.replace(run.config, bundle=settings), run.folder)
    with pytest.raises(ExportError, match="allowed 0"), Progress(disable=True) as progress:
        run_bundle(large, tmp_path / "bundle", progress)
    assert not (tmp_path / "bundle").exists()


def test_both_configurations_load_and_faults_are_told_all_at_once(tmp_path: Path) -> None:
    assert load_config("default").training.budget_minutes >= 120
    assert isinstance(load_config("tiny"), Config)
    path = tmp_path / "bad.toml"
    path.write_text('sede = 1\nseed = "x"\n[model]\nhidden = -4\nlatent = 2.5\n')
    with pytest.raises(ConfigError) as fault:
        load_config(str(path))
    assert all(word in str(fault.value) for word in ("sede", "seed = 'x'", "model.hidden", "model.latent"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cvae", "--config", "nowhere"), "tiny"),
        (("tokenizer", "--config", "tiny"), "python -m export corpus"),
        (("all", "--config", "tiny", "--budget", "soon"), "2h"),
        (("corpus", "--config", "tiny", "--corpora", "nowhere"), "--corpora"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from export import cli  # noqa: PLC0415 - its entry point reads sys.argv

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["export", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    printed = capsys.readouterr()
    assert stop.value.code == 2
    assert words in printed.err
    assert printed.err.count("\n") == 1


def test_help_teaches_every_stage() -> None:
    text = export("--help").output
    assert all(stage in text for stage in ("corpus", "tokenizer", "cvae", "bundle", "--budget 2h"))
