"""The VAE on plain text: reading files that may be anything, training by the command, and the published protocol."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.progress import Progress

from export.config import ModelConfig, load_config
from export.cvae import CVAE
from export.data import ConditionDropout, NoConditions, held_out_batches
from export.errors import CorpusError
from export.evaluation.likelihood import importance_weighted_nats
from export.plain_text import PlainText, dataset, is_penn_treebank, measure, read_sentences, table
from export.training import evaluate
from export.vocabulary import Vocabulary
from inference.tokenizer import BOS, EOS, UNK
from tests.export.conftest import export, sentence

SMALL = ModelConfig(embedding=8, hidden=12, encoder_hidden=6, latent=4)
CONFIG = """
seed = 3
[tokenizer]
vocabulary = 60
[model]
embedding = 12
hidden = 16
encoder_hidden = 8
latent = 4
[training]
phase_steps = 40
warm_start_share = 0.0
autoencoder_share = 0.25
fine_tune_share = 0.0
batch_tokens = 512
learning_rate = 0.02
max_tokens = 30
[plain_text]
importance_samples = 20
"""


def write(folder: Path, *, extra: str = "") -> list[Path]:
    """Three made-up files."""
    rng = random.Random(1)
    paths = []
    for name, count in (("train", 400), ("valid", 30), ("test", 40)):
        lines = [sentence(rng, "<unk>", "this").lower().replace(",", " ,") for _ in range(count)]
        paths.append(folder / f"{name}.txt")
        paths[-1].write_text("\n".join(lines) + "\n" + extra)
    return paths


def arguments(folder: Path, files: list[Path]) -> list[object]:
    config = folder / "small.toml"
    config.write_text(CONFIG)
    options = [part for pair in zip(("--text", "--valid", "--test"), files, strict=True) for part in pair]
    return ["cvae", *options, "--config", config, "--run", folder / "run"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    folder = tmp_path_factory.mktemp("plain")
    result = export(*arguments(folder, write(folder)))
    assert result.exit_code == 0, result.output
    return folder, json.loads((folder / "run" / "plain_text" / "figures.json").read_text()), result.output


def test_the_command_trains_and_reports_the_protocol(trained: tuple[Path, dict[str, Any], str]) -> None:
    folder, told, shown = trained
    figures, test = told["figures"], told["files"]["test"]
    assert 1 < figures["perplexity"] < figures["negative_elbo_perplexity"] < 60
    assert figures["perplexity"] == pytest.approx(math.exp(figures["nll"] * 40 / (test["words"] + 40)))  # 40 ends counted
    assert figures["negative_elbo"] == pytest.approx(figures["reconstruction"] + figures["kl"])
    assert figures["kl"] > 0
    assert 0 <= figures["active_units"] <= 4
    assert (test["sentences"], told["vocabulary"], told["importance_samples"]) == (40, 60, 20)
    assert 0 < test["unknown_share"] < 0.5
    assert f"{figures['perplexity']:.2f}" in shown
    assert "published" not in shown
    assert (folder / "run" / "plain_text" / "checkpoint.pt").exists()


def test_it_goes_on_where_it_stood_and_measures_the_same(trained: tuple[Path, dict[str, Any], str]) -> None:
    folder, told, _ = trained
    files = [folder / f"{name}.txt" for name in ("train", "valid", "test")]
    again = export(*arguments(folder, files))
    assert again.exit_code == 0, again.output
    second = json.loads((folder / "run" / "plain_text" / "figures.json").read_text())
    assert second["steps"] == told["steps"]
    assert second["figures"] == pytest.approx(told["figures"])


@pytest.mark.parametrize("change", ["text", "sizes"])
def test_a_folder_with_another_model_is_not_overwritten(
    change: str, trained: tuple[Path, dict[str, Any], str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, _ = trained
    parts = arguments(folder, [folder / f"{name}.txt" for name in ("train", "valid", "test")])
    if change == "text":
        parts[parts.index("--text") + 1] = folder / "valid.txt"
    else:
        (folder / "small.toml").write_text(CONFIG.replace("latent = 4", "latent = 5"))
    before = (folder / "run" / "plain_text" / "checkpoint.pt").read_bytes()
    assert "--run" in told_in_one_line(parts, capsys, monkeypatch)
    assert (folder / "run" / "plain_text" / "checkpoint.pt").read_bytes() == before


def told_in_one_line(parts: list[object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    from export import cli  # noqa: PLC0415 - its entry point reads sys.argv

    monkeypatch.setattr("sys.argv", ["export", *map(str, parts)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    printed = capsys.readouterr().err
    assert stop.value.code == 2
    assert printed.count("\n") == 1
    return printed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 sentences"),
        (b" \n\t\n\n", "0 sentences"),
        (b"only one line\n", "1 sentences"),
        (b"a b\nc \xff d\n", "line 2 is no UTF-8 at byte 3"),
        (b"a b\nc\0d\n", "zero byte"),
        (b"a b\n" + b"word " * 31 + b"\n", "31 words"),
        (b"a b\n" + b"x" * 3_000_000, "line 2 is longer than 100,000 bytes"),
        (None, "is no file"),
    ],
)
def test_hostile_files_are_told_in_one_sentence(
    content: bytes | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path)
    files[2].unlink()
    if content is None:
        files[2].mkdir()
    else:
        files[2].write_bytes(content)
    told = told_in_one_line(arguments(tmp_path, files), capsys, monkeypatch)
    assert words in told
    assert "test.txt" in told
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("parts", [["--text", "train.txt"], ["--test", "a", "--valid", "b"]])
def test_all_three_files_have_to_be_named(
    parts: list[object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--valid" in told_in_one_line(["cvae", *parts], capsys, monkeypatch)


@given(st.binary(max_size=60))
def test_any_bytes_are_sentences_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(content)
    try:
        sentences = read_sentences(path, longest=5)
    except CorpusError:
        return
    assert all(1 <= len(words) <= 5 for words in sentences)
    assert [word for words in sentences for word in words] == content.decode("utf-8-sig").split()


def text_of(*train: str) -> PlainText:
    return PlainText([line.split() for line in train], [["a"]] * 2, [["a"]] * 2, "")


def test_marks_of_unknown_words_are_unknown_and_without_them_rare_words_are() -> None:
    marked = text_of("a <unk> b", "a c").vocabulary(10)
    assert marked.words == ("a", "b", "c")
    assert marked.encode(["a", "<unk>", "zzz"]) == [4, UNK, UNK]
    assert text_of("a b", "a c").vocabulary(10).words == ("a",)
    assert len(text_of("a a b b c c").vocabulary(3).words) == 2  # the unknown word is the third


def test_words_that_look_like_signs_of_ours_are_words() -> None:
    vocabulary = Vocabulary.of([["<s>", "<pad>", "</s>"]], 9, least=1)
    assert not {0, UNK, BOS, EOS} & set(vocabulary.encode(["<s>", "<pad>", "</s>"]))


def test_without_conditions_the_same_model_is_an_unconditional_vae() -> None:
    torch.manual_seed(0)
    model = CVAE(20, 0, SMALL)
    conditional = CVAE(20, 5, SMALL)
    assert model.state_dict().keys() == conditional.state_dict().keys()
    assert model.decoder.squash.weight.numel() == 0
    data = dataset([["a", "b"], ["b", "c"]], Vocabulary(["a", "b", "c"]))
    ((tokens, condition),) = held_out_batches(data, 2)
    hidden = ConditionDropout(NoConditions(), whole=0.5, part=0.5)(condition)
    assert hidden.shape == (2, 0)
    reconstruction, kl = model(tokens, hidden)
    (reconstruction.sum() + kl.sum()).backward()
    assert all(weight.grad is not None for weight in model.encoder.parameters())


def test_more_importance_samples_bound_the_likelihood_more_tightly() -> None:
    torch.manual_seed(1)
    model = CVAE(20, 0, SMALL).eval()
    with torch.no_grad():
        model.encoder.mean.bias.fill_(1.5)  # a posterior that has nothing to do with the text
    tokens = torch.randint(4, 20, (300, 5))
    nats = [importance_weighted_nats(model, tokens, torch.zeros(300, 0), n).mean().item() for n in (1, 10, 100)]
    assert nats[0] > nats[1] > nats[2]
    rough = evaluate(model, dataset([["a"] * 5] * 20, Vocabulary(["a"])), 20)
    with Progress(disable=True) as progress:
        figures = measure(model, dataset([["a"] * 5] * 20, Vocabulary(["a"])), 50, progress, seed=1)
    assert figures.nll < rough["reconstruction"] + rough["kl"]


def test_published_rows_stand_beside_and_warn_when_they_do_not_compare(trained: tuple[Path, dict[str, Any], str]) -> None:
    told = trained[1]
    shown = "\n".join(table(told, published=True))
    assert all(figure in shown for figure in ("96.86", "100.47", "99.83", "6.54", "5.31"))
    assert "they do not compare" in shown
    real = {**told, "files": {"test": {**told["files"]["test"], "sentences": 3761, "words": 78669, "also_in_train": 3}}}
    assert is_penn_treebank(real)
    assert "they do not compare" not in "\n".join(table(real, published=True))
    assert "3 of the test sentences" in "\n".join(table(real, published=True))


def test_the_penn_treebank_configuration_has_the_published_sizes() -> None:
    config = load_config("ptb")
    assert (config.model.embedding, config.model.hidden, config.model.latent) == (256, 256, 32)
    assert (config.tokenizer.vocabulary, config.training.free_nats) == (10_000, 8.0)
    assert config.training.warm_start_share == config.training.fine_tune_share == 0
    assert config.training.autoencoder_share > 0
