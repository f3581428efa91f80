"""A tiny real bundle: graphs that onnxruntime runs, with weights that were counted instead of trained."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import sentencepiece
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from export.ngram import fit
from inference.bundle import Bundle, write_manifest
from inference.commentary import Commentator
from inference.conditions import ConditionEncoder
from inference.genres import GenreTable
from inference.manifest import DataSource, Limits, Manifest, Sampling, Sizes, Special, Style, Tensor
from inference.novelty import NoveltyFilter
from inference.tokenizer import BOS, EOS, PAD, SLOTS, UNK, Tokenizer
from inference.words import WordList

LATENT, TOP_K = 8, 32
Floats = NDArray[np.float32]


def made_up_sentences() -> list[str]:
    """A few hundred plain sentences, put together from parts, that a bigram model can learn to recombine."""
    subjects = ("<title>", "<artist>", "the chorus", "this song", "the melody", "a warm organ")
    verbs = ("glides over", "leans on", "floats above", "bursts into", "wraps itself around")
    adjectives = ("bright", "dusty", "gentle", "restless", "glowing", "crooked", "velvet")
    things = ("drums", "guitar lines", "synth chords", "piano notes", "handclaps", "strings", "echoes")
    endings = (
        "that never settle down",
        "like rain on a tin roof",
        "until the night turns soft",
        "with a quiet kind of pride",
        "and it feels like coming home",
    )
    parts = list(itertools.product(subjects, verbs, adjectives, things, endings))
    chosen = np.random.default_rng(5).choice(len(parts), size=420, replace=False)
    return ["{} {} {} {} {}.".format(*parts[i]) for i in chosen]


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """What the tiny bundle was made from."""
    return made_up_sentences()


@pytest.fixture(scope="session")
def made_bundle(tmp_path_factory: pytest.TempPathFactory, sentences: list[str]) -> Path:
    """The folder of the tiny bundle, made once; nobody may change it."""
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    folder.mkdir()
    tokenizer = _tokenizer(folder / "tokenizer.model", sentences)
    ids = tokenizer.encode_batch(sentences)
    rng = np.random.default_rng(0)
    genres = GenreTable(["techno", "soft rock", "jazz"], rng.normal(size=(3, 4)).astype(np.float32))
    genres.save(folder / "genres.npz")
    condition = ConditionEncoder(genres).size
    _write_start(folder / "decoder_start.onnx", tokenizer.size, condition)
    _write_step(folder / "decoder_step.onnx", ids, tokenizer.size)
    _write_encoder(folder / "encoder.onnx", tokenizer.size)
    fit(ids, tokenizer.size, order=4).save(folder / "ngram.npz")
    # Only some were "read", else the little model could say nothing new.
    NoveltyFilter.build(sentences[:5]).save(folder / "novelty.npz")
    WordList.build(sentences, least=1).save(folder / "words.npz")
    write_manifest(folder, _manifest(tokenizer, condition))
    return folder


@pytest.fixture
def bundle_folder(made_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle, to be broken."""
    return Path(shutil.copytree(made_bundle, tmp_path / "copy"))


@pytest.fixture(scope="session")
def bundle(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture(scope="session")
def commentator(bundle: Bundle) -> Commentator:
    """Speaks from the tiny bundle."""
    return Commentator(bundle)


def _tokenizer(path: Path, sentences: list[str]) -> Tokenizer:
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(sentences),
        model_prefix=str(path.with_suffix("")),
        vocab_size=400,
        model_type="unigram",
        byte_fallback=True,
        user_defined_symbols=list(SLOTS),
        pad_id=PAD,
        unk_id=UNK,
        bos_id=BOS,
        eos_id=EOS,
        pad_piece="<pad>",
        normalization_rule_name="identity",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return Tokenizer(path)


def _manifest(tokenizer: Tokenizer, condition: int) -> Manifest:
    size = tokenizer.size
    return Manifest(
        name="tiny",
        version="1",
        created="2025-01-01",
        sizes=Sizes(size, size, size, LATENT, condition, TOP_K),
        limits=Limits(max_tokens=24),
        special=Special(PAD, BOS, EOS, tokenizer.banned),
        inputs={"decoder_step.onnx": {"token": Tensor("int64", ("B",), "id", (0, size - 1))}},
        data=(DataSource("made up", "MIT", 1, 420),),
        figures={"ngram_mean": -1.5, "ngram_std": 0.5},
        seeds={"all": 0},
        sampling=Sampling(1.0, TOP_K, 0.0, style=Style("blog", 0.9, (8, 14))),
    )


def _write_start(path: Path, size: int, condition: int) -> None:
    """An empty state, and as drive a little noise from z and the conditions."""
    rng = np.random.default_rng(1)
    _save(
        path,
        [
            _node("MatMul", "z from_z", "drive_z"),
            _node("MatMul", "condition from_a", "drive_a"),
            _node("Add", "drive_z drive_a", "drive"),
            _node("MatMul", "z no_state", "h"),
            _node("MatMul", "z no_state", "c"),
        ],
        {"z": ("B", LATENT), "condition": ("B", condition)},
        {"h": ("B", size), "c": ("B", size), "drive": ("B", 4 * size)},
        {
            "from_z": (0.3 * rng.normal(size=(LATENT, 4 * size))).astype(np.float32),
            "from_a": (0.05 * rng.normal(size=(condition, 4 * size))).astype(np.float32),
            "no_state": np.zeros((LATENT, size), dtype=np.float32),
        },
    )


def _write_step(path: Path, ids: list[list[int]], size: int) -> None:
    """Two bigram tables: one for the last token, one for that before it, which the state h keeps, one-hot."""
    follows = [[BOS, *row, EOS] for row in ids]
    _save(
        path,
        [
            _node("Gather", "near token", "near_logits"),
            _node("MatMul", "h far", "far_logits"),
            _node("Slice", "drive zero width one", "noise"),
            _node("Sum", "near_logits far_logits noise bias", "logits"),
            _node("LogSoftmax", "logits", "log_prob", axis=-1),
            _node("TopK", "log_prob k", "top_logp top_ids"),
            _node("Gather", "identity token", "h_out"),
            _node("Identity", "c", "c_out"),
        ],
        {"token": ("B",), "h": ("B", size), "c": ("B", size), "drive": ("B", 4 * size), "bias": ("rows", size)},
        {"top_logp": ("B", TOP_K), "top_ids": ("B", TOP_K), "h_out": ("B", size), "c_out": ("B", size)},
        {
            "near": _log_counts(follows, size, 1),
            "far": 0.5 * _log_counts(follows, size, 2),
            "identity": np.eye(size, dtype=np.float32),
            "zero": np.array([0]),
            "width": np.array([size]),
            "one": np.array([1]),
            "k": np.array([TOP_K]),
        },
    )


def _write_encoder(path: Path, size: int) -> None:
    """The mean of random vectors of the tokens."""
    table = np.random.default_rng(2).normal(size=(size, LATENT)).astype(np.float32)
    _save(
        path,
        [
            _node("Gather", "table tokens", "seen"),
            _node("ReduceMean", "seen axes", "mean", keepdims=0),
            _node("Mul", "mean zero", "logvar"),
        ],
        {"tokens": ("B", "T")},
        {"mean": ("B", LATENT), "logvar": ("B", LATENT)},
        {"table": table, "axes": np.array([1]), "zero": np.zeros(1, dtype=np.float32)},
    )


def _log_counts(sequences: list[list[int]], size: int, distance: int) -> Floats:
    """Log-probabilities (V, V) of a token so many places after another."""
    counts: NDArray[np.float64] = np.full((size, size), 0.02)
    for sequence in sequences:
        for before, after in zip(sequence, sequence[distance:], strict=False):
            counts[before, after] += 1
    return np.asarray(np.log(counts / counts.sum(axis=1, keepdims=True)), dtype=np.float32)


def _node(kind: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


Shapes = dict[str, tuple[int | str, ...]]


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: Shapes,
    outputs: Shapes,
    weights: dict[str, NDArray[np.generic]],
) -> None:
    def described(shapes: Shapes) -> list[onnx.ValueInfoProto]:
        whole = {"token", "tokens", "top_ids"}
        return [
            helper.make_tensor_value_info(name, TensorProto.INT64 if name in whole else TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
        ]

    graph = helper.make_graph(
        nodes,
        path.stem,
        described(inputs),
        described(outputs),
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
