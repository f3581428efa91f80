"""The VAE on any plain text, one sentence a line: how the model can be checked against published tables.

One implementation serves both: the CVAE without conditions is the unconditional VAE. It is measured as in J. He et al.,
"Lagging Inference Networks and Posterior Collapse in Variational Autoencoders", 2019, and B. Li et al., "A Surprisingly
Effective Fix for Deep Latent Variable Modeling of Text", 2019: words as they stand between blanks, a closed vocabulary, every
sentence counted with its end.
"""

from __future__ import annotations

import hashlib
import json
import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from export.config import Config
from export.cvae import CVAE
from export.data import Dataset, NoConditions, held_out_batches, held_out_words
from export.errors import ConfigError, CorpusError, StageError
from export.evaluation.likelihood import importance_weighted_nats
from export.training import MI_SENTENCES, Material, Trainer, evaluate
from export.vocabulary import Vocabulary

_LINE_BYTES = 100_000  # of one line, at most
_FILE_BYTES = 1 << 30  # of one file, at most
# Published for the Penn Treebank: perplexity a word from importance-weighted NLL, KL and MI in nats, active units of 32.
PUBLISHED: tuple[tuple[str, float, float | None, float | None, int | None], ...] = (
    ("LSTM language model", 100.47, None, None, None),
    ("VAE, annealing", 101.40, 0.0, 0.0, 0),
    ("VAE, cyclical annealing", 108.81, 1.37, 1.27, 5),
    ("VAE, aggressive training", 99.83, 0.93, 0.83, 4),
    ("VAE, autoencoder warm-up, free bits", 96.86, 6.54, 5.31, 32),
)
_PTB_TEST = (3_761, 78_669)  # sentences and words of its test file
_UNKNOWN = frozenset({"<unk>", "_UNK"})  # how such files write a word outside their vocabulary

Sentences = list[list[str]]


@dataclass(frozen=True)
class PlainText:
    """The three files, read: sentences as lists of words."""

    train: Sentences
    validation: Sentences
    test: Sentences
    sha256: str  # of the training file

    @classmethod
    def read(cls, train: Path, validation: Path, test: Path, *, longest: int) -> PlainText:
        """Read all three; CorpusError names the file, the line and the remedy."""
        first, second, third = (read_sentences(path, longest=longest) for path in (train, validation, test))
        return cls(first, second, third, sha256=hashlib.sha256(train.read_bytes()).hexdigest())

    def vocabulary(self, limit: int) -> Vocabulary:
        """The most frequent words of the training file, `limit` of them at most, the unknown one counted.

        Where the file does not write unknown words as `<unk>` itself, words that occur once are left to be that, for
        otherwise nothing would teach what is unknown.
        """
        plain = [[word for word in words if word not in _UNKNOWN] for words in self.train]
        marked = any(len(a) != len(b) for a, b in zip(plain, self.train, strict=True))
        return Vocabulary.of(plain, limit - 1, least=1 if marked else 2)


def read_sentences(path: Path, *, longest: int) -> Sentences:
    """Words of each line that has any; CorpusError for what is no text, and for a line of more than `longest` words."""
    if not path.is_file():
        raise CorpusError(f"{path} is no file; name a text file with one sentence a line.")
    if path.stat().st_size > _FILE_BYTES:
        raise CorpusError(f"{path.name} has more than {_FILE_BYTES >> 20} MB; take a part of it.")
    sentences: Sentences = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LINE_BYTES + 1), b""), start=1):
                words = _words(line, number, path, longest)
                if words:
                    sentences.append(words)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error
    if len(sentences) < 2:
        raise CorpusError(f"{path.name} holds {len(sentences)} sentences, at least 2 are needed; write one sentence a line.")
    return sentences


def _words(line: bytes, number: int, path: Path, longest: int) -> list[str]:
    """Words of one line."""
    if len(line) > _LINE_BYTES:
        raise CorpusError(f"{path.name}, line {number} is longer than {_LINE_BYTES:,} bytes; write one sentence a line.")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path.name}, line {number} is no UTF-8 at byte {error.start + 1}; convert the file to it."
        ) from error
    if "\0" in text:
        raise CorpusError(f"{path.name}, line {number} holds a zero byte; this is no plain text.")
    words = text.split()
    if len(words) > longest:
        raise CorpusError(
            f"{path.name}, line {number} has {len(words):,} words, more than {longest} (training.max_tokens); "
            "write one sentence a line, or raise the limit."
        )
    return words


def dataset(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Dataset:
    """Sentences as training sees them, with conditions of length 0."""
    tokens = [np.array(vocabulary.encode(words), dtype=np.int64) for words in sentences]
    nothing = np.zeros((len(sentences), 0), dtype=np.float32)
    return Dataset([" ".join(words) for words in sentences], tokens, nothing, np.ones(len(sentences)))


def train(text: PlainText, config: Config, folder: Path, progress: Progress) -> tuple[Trainer, Vocabulary]:
    """Train, or go on training, the VAE in `folder`; StageError when another text or other sizes were trained there."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(text, config, folder)
    ready = dataset(text.train, vocabulary)
    material = Material(ready, ready, ready, dataset(text.validation, vocabulary), NoConditions())
    try:
        trainer = Trainer(config, material, len(vocabulary), folder)
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise StageError(f"{folder} holds a model of other sizes, or a broken one; name another folder with --run.") from error
    trainer.run(progress)
    return trainer, vocabulary


def _vocabulary(text: PlainText, config: Config, folder: Path) -> Vocabulary:
    """The words of the training file; written down, so that a training never goes on with others."""
    path = folder / "vocabulary.json"
    vocabulary = text.vocabulary(config.tokenizer.vocabulary)
    told = json.dumps({"train_sha256": text.sha256, "words": vocabulary.words}, ensure_ascii=False)
    if not (folder / "checkpoint.pt").exists():
        path.write_text(told, encoding="utf-8")
    elif not path.exists() or path.read_bytes() != told.encode():
        raise StageError(f"{folder} holds a model of another text or vocabulary; name another folder with --run.")
    return vocabulary


@dataclass(frozen=True)
class Figures:
    """A VAE on the test file, in nats a sentence but for the perplexities; every sentence's end is counted as a word."""

    nll: float  # importance-weighted
    perplexity: float  # a word, of that
    negative_elbo: float
    negative_elbo_perplexity: float
    reconstruction: float
    kl: float
    mi: float  # mutual information of x and z under q
    active_units: int


@torch.no_grad()
def measure(model: CVAE, data: Dataset, samples: int, progress: Progress, *, seed: int) -> Figures:
    """Figures of all sentences, the importance-weighted ones from `samples` of z for each."""
    torch.manual_seed(seed)
    model.eval()
    rough = evaluate(model, data, len(data))
    place = next(model.parameters()).device
    task = progress.add_task(f"weighing {samples} samples a sentence", total=len(data))
    nats = 0.0
    for tokens, condition in held_out_batches(data, len(data)):
        nats += float(importance_weighted_nats(model, tokens.to(place), condition.to(place), samples).sum())
        progress.update(task, advance=len(tokens))
    words = held_out_words(data, len(data))
    return Figures(
        nll=nats / len(data),
        perplexity=math.exp(min(nats / words, 50.0)),
        negative_elbo=rough["reconstruction"] + rough["kl"],
        negative_elbo_perplexity=rough["perplexity"],
        reconstruction=rough["reconstruction"],
        kl=rough["kl"],
        mi=rough["mi"],
        active_units=round(rough["active_units"]),
    )


def run_plain_text(text: PlainText, config: Config, folder: Path, progress: Progress) -> dict[str, Any]:
    """Train on `text` and measure on its test part; returns what is written to `figures.json` in `folder`."""
    samples = config.plain_text.importance_samples
    if samples < 1:
        raise ConfigError(f"plain_text.importance_samples is {samples}; use 1 or more.")
    trainer, vocabulary = train(text, config, folder, progress)
    figures = measure(trainer.model, dataset(text.test, vocabulary), samples, progress, seed=config.seed)
    told = {
        "seed": config.seed,
        "train_sha256": text.sha256,
        "files": {name: _file(getattr(text, name), text, vocabulary) for name in ("train", "validation", "test")},
        "vocabulary": len(vocabulary.words) + 1,
        "parameters": sum(weight.numel() for weight in trainer.model.parameters()),
        "minutes": round(trainer.state.seconds / 60, 2),
        "steps": trainer.state.steps,
        "importance_samples": samples,
        "mi_sentences": min(MI_SENTENCES, len(text.test)),
        "figures": asdict(figures),
    }
    (folder / "figures.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return told


def _file(sentences: Sentences, text: PlainText, vocabulary: Vocabulary) -> dict[str, float]:
    """What a file holds, and how much of it the vocabulary does not."""
    words = [word for sentence in sentences for word in sentence]
    known = {tuple(sentence) for sentence in text.train} if sentences is not text.train else set()
    return {
        "sentences": len(sentences),
        "words": len(words),  # ends not counted
        "unknown_share": len(vocabulary.unknown(words)) / len(words),
        "also_in_train": sum(tuple(sentence) in known for sentence in sentences),
    }


def is_penn_treebank(told: Mapping[str, Any]) -> bool:
    """Whether the test file has as many sentences and words as that of the Penn Treebank."""
    return (told["files"]["test"]["sentences"], told["files"]["test"]["words"]) == _PTB_TEST


def table(told: Mapping[str, Any], *, published: bool) -> list[str]:
    """Lines of a table of the figures, with the published rows beneath if asked for, and what to know when comparing."""
    width = max(len(name) for name, *_ in PUBLISHED)
    figures = told["figures"]
    lines = [f"{'':{width}}{'perplexity':>12}{'-ELBO ppl':>12}{'NLL':>10}{'-ELBO':>10}{'KL':>8}{'MI':>8}{'AU':>5}"]
    lines.append(
        f"{'this model':{width}}{figures['perplexity']:>12.2f}{figures['negative_elbo_perplexity']:>12.2f}"
        f"{figures['nll']:>10.2f}{figures['negative_elbo']:>10.2f}{figures['kl']:>8.2f}{figures['mi']:>8.2f}{figures['active_units']:>5}"
    )
    for name, perplexity, *rest in PUBLISHED if published else ():
        kl, mi, units = (
            "" if value is None else format(value, form) for value, form in zip(rest, (".2f", ".2f", "d"), strict=True)
        )
        lines.append(f"{name:{width}}{perplexity:>12.2f}{kl:>40}{mi:>8}{units:>5}")
    test = told["files"]["test"]
    lines += [
        "",
        f"Measured on {test['sentences']:,} sentences of {test['words']:,} words and their ends, with "
        f"{told['importance_samples']} samples of z a sentence; NLL, ELBO, KL and MI in nats a sentence, "
        f"MI of {told['mi_sentences']:,} sentences.",
    ]
    if test["unknown_share"] > 0:
        lines.append(f"{test['unknown_share']:.2%} of the words are unknown and count as the one word <unk>.")
    if test["also_in_train"]:
        lines.append(f"{test['also_in_train']:,} of the test sentences stand in the training file as well.")
    if published and not is_penn_treebank(told):
        lines.append("The published rows are of the Penn Treebank, and this is not its test file: they do not compare.")
    return lines
