"""The bundle stage: everything that inference needs in one folder, measured, hashed and described."""

from __future__ import annotations

import datetime
import gzip
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress

from export.corpus.pipeline import read_rows
from export.cvae import CVAE
from export.data import Dataset
from export.errors import ExportError
from export.evaluation.likelihood import decoder_scores, evaluate_model
from export.lcgan.shipping import carry_over
from export.ngram import fit
from export.onnx import GRAPHS, export_graphs, quantise
from export.parity import Parity, check_parity
from export.stages import Run
from export.training import load_model
from inference.bundle import read_manifest, write_manifest
from inference.energy import ENERGY
from inference.manifest import DataSource, Limits, Manifest, Sampling, Sizes, Special, Style, Tensor
from inference.ngram import NgramModel
from inference.novelty import NoveltyFilter
from inference.tokenizer import BOS, EOS, PAD, Tokenizer
from inference.words import WordList

MAX_SPOKEN_TOKENS = 34  # a candidate is one sentence of 8 to 20 words


@dataclass(frozen=True)
class Made:
    """A finished bundle."""

    folder: Path
    manifest: Manifest
    megabytes: float


def run_bundle(run: Run, folder: Path, progress: Progress) -> Made:
    """Export, check and describe the trained model of a run; writes the bundle in `folder`, fp32 graphs in the run.

    Raises ParityError when an exported graph is not the model, and ExportError when the bundle is too large. The old
    bundle, if there is one, stays until the new one is complete.
    """
    run.need(run.training / "checkpoint.pt", "cvae")
    task = progress.add_task("bundle", total=6)

    def step(name: str) -> None:
        progress.update(task, description=name, advance=1)

    tokenizer, conditions = run.tokenizer(), run.conditions()
    model, state = load_model(run.training, run.config, tokenizer.size, conditions.size)
    test = run.split("test")
    new = run.folder / "bundle.new"
    shutil.rmtree(new, ignore_errors=True)
    step("exporting graphs")
    export_graphs(model, run.folder / "fp32", top_k=run.config.bundle.top_k)
    quantise(run.folder / "fp32", new)
    step("checking parity")
    parity = _parity(run, model, test)
    step("fitting the n-gram model and the filters")
    for path in _judges(run, tokenizer):
        shutil.copyfile(path, new / path.name)
    ngram = NgramModel.load(new / "ngram.npz")
    shutil.copyfile(run.tokenizer_path, new / "tokenizer.model")
    conditions.genres.save(new / "genres.npz")
    for made_before in (run.topics, run.energy / ENERGY, run.guidance):
        if made_before.exists():
            shutil.copyfile(made_before, new / made_before.name)
    step("measuring the model")
    figures = _figures(run, model, test, ngram, parity, state)
    step("writing the manifest")
    plain = _manifest(run, model, tokenizer, conditions.size, figures)
    manifest = write_manifest(new, _with_generator(run, new, plain, progress))
    made = _put_in_place(new, folder, manifest, run.config.bundle.max_megabytes)
    step("done")
    return made


def _with_generator(run: Run, new: Path, manifest: Manifest, progress: Progress) -> Manifest:
    """Put the run's generator and critics into the bundle, if they were made for this decoder."""
    learnt = carry_over(run.lcgan, new, manifest)
    if learnt is None and run.lcgan.exists():
        told = f"The generator in {run.lcgan} is for another decoder: run `lcgan` again to have it in the bundle."
        progress.console.print(told, soft_wrap=True)
    return learnt or manifest


def _parity(run: Run, model: CVAE, test: Dataset) -> Parity:
    """Check graphs that return every token's log-probability, made from the same weights in the same way."""
    with tempfile.TemporaryDirectory() as name:
        fp32, int8 = Path(name) / "fp32", Path(name) / "int8"
        export_graphs(model, fp32, top_k=model.embedding.num_embeddings)
        quantise(fp32, int8)
        return check_parity(model, test, fp32, int8, run.config.bundle, seed=run.config.seed)


def _judges(run: Run, tokenizer: Tokenizer) -> list[Path]:
    """What judges sentences: n-gram model, novelty filter and word list; made once for a corpus, whatever the model."""
    settings, folder = run.config.bundle, run.folder / "judges"
    wanted = (settings.ngram_entries, settings.ngram_order, settings.novelty_bytes, settings.word_min_count)
    stamp = f"{run.corpus_hash()} {wanted}"
    paths = [folder / name for name in ("ngram.npz", "novelty.npz", "words.npz")]
    made = folder / "made.txt"
    if not made.exists() or made.read_text(encoding="utf-8") != stamp:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _ngram(run, tokenizer).save(paths[0])
        NoveltyFilter.build(_everything(run), size=settings.novelty_bytes).save(paths[1])
        WordList.build(_raw(run), least=settings.word_min_count).save(paths[2])
        made.write_text(stamp, encoding="utf-8")
    return paths


def _ngram(run: Run, tokenizer: Tokenizer) -> NgramModel:
    """The judge of another family, from the training part of the music writing; films would teach it to like films."""
    texts = {row["text"] for row in read_rows(run.commentary) if row["split"] == "train"}
    texts |= {row["text"] for row in read_rows(run.warm_start) if row["kind"] in ("review", "blog", "release", "caption")}
    settings = run.config.bundle
    sequences = tokenizer.encode_batch(sorted(texts), threads=2)
    return fit(sequences, tokenizer.size, order=settings.ngram_order, max_entries=settings.ngram_entries)


def _raw(run: Run) -> Iterator[str]:
    """Cleaned documents with their capitals."""
    with gzip.open(run.folder / "corpus" / "raw.txt.gz", "rt", encoding="utf-8") as lines:
        yield from lines


def _everything(run: Run) -> Iterator[str]:
    yield from _raw(run)
    yield from (row["text"] for row in read_rows(run.commentary))


def _figures(run: Run, model: CVAE, test: Dataset, ngram: NgramModel, parity: Parity, state: Any) -> dict[str, Any]:
    """What was measured on the test part."""
    torch.manual_seed(run.config.seed)
    human = ngram.mean_log_prob([ids.tolist() for ids in test.tokens[:3000]])
    decoder = decoder_scores(model, test, sentences=1000)
    return {
        **evaluate_model(model, test, run.config.training.evaluate_sentences),
        "ngram_mean": float(human.mean()),
        "ngram_std": float(human.std()),
        "decoder_mean": float(decoder.mean()),
        "decoder_std": float(decoder.std()),
        "parity": asdict(parity),
        "training": {"minutes": state["seconds"] / 60, "steps": state["steps"], "tokens": state["tokens"]},
    }


def _manifest(run: Run, model: CVAE, tokenizer: Tokenizer, condition: int, figures: dict[str, Any]) -> Manifest:
    """Everything that the bundle tells about itself, but for its files."""
    settings, sizes = run.config.bundle, model.config
    corpus = json.loads((run.folder / "corpus" / "manifest.json").read_text(encoding="utf-8"))
    hidden: tuple[int | str, ...] = ("B", "H")
    nothing = (-1e9, 0.0)
    inputs = {
        GRAPHS[0]: {
            "z": Tensor("float32", ("B", "Z"), "standard deviations of the prior", (-10.0, 10.0)),
            "condition": Tensor("float32", ("B", "A"), "as inference.conditions lays it out", (-10.0, 10.0)),
        },
        GRAPHS[1]: {
            "token": Tensor("int64", ("B",), "id", (0.0, float(tokenizer.size - 1))),
            "h": Tensor("float32", hidden, "state", (-1.0, 1.0)),
            "c": Tensor("float32", hidden, "state"),
            "drive": Tensor("float32", ("B", "4H"), "the gates' part from z and conditions"),
            "bias": Tensor("float32", (1, "V"), "nats added to the logits", nothing),
        },
        GRAPHS[2]: {"tokens": Tensor("int64", ("B", "T"), "id, rows of equal length", (0.0, float(tokenizer.size - 1)))},
    }
    return Manifest(
        name=settings.name,
        version=settings.version,
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        sizes=Sizes(tokenizer.size, sizes.embedding, sizes.hidden, sizes.latent, condition, settings.top_k),
        limits=Limits(MAX_SPOKEN_TOKENS),
        special=Special(PAD, BOS, EOS, tokenizer.banned),
        inputs=inputs,
        data=tuple(DataSource(**entry) for entry in corpus["data"]),
        figures=figures,
        seeds={"run": run.config.seed},
        sampling=Sampling(
            temperature=settings.temperature,
            top_k=settings.top_k,
            min_p=settings.min_p,
            scale=settings.latent_scale,
            guidance=settings.guidance if run.guidance.exists() else 0.0,
            style=Style(settings.style_source, settings.style_descriptive, (8.0, 18.0)),
        ),
    )


def ship(run: Run, source: Path, target: Path) -> Made:
    """Copy a finished bundle to where it ships from, or leave it where it is; ExportError when it is too large to ship."""
    manifest = read_manifest(source)
    if source.resolve() == target.resolve():
        return Made(target, manifest, _megabytes(source, run.config.bundle.max_megabytes))
    new = run.folder / "bundle.new"
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(source, new)
    return _put_in_place(new, target, manifest, run.config.bundle.max_megabytes)


def _megabytes(folder: Path, limit: float) -> float:
    """Size of a bundle; ExportError with what takes how much when it is above the limit."""
    megabytes = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    if megabytes > limit:
        sizes = ", ".join(f"{p.name} {p.stat().st_size / 1e6:.1f}" for p in sorted(folder.iterdir()))
        raise ExportError(f"The bundle has {megabytes:.1f} MB (allowed {limit:.0f}): {sizes}.")
    return megabytes


def _put_in_place(new: Path, folder: Path, manifest: Manifest, limit: float) -> Made:
    """Move the finished bundle to its place, unless it is too large to ship."""
    megabytes = _megabytes(new, limit)
    if folder.exists():
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(new, folder)
    return Made(folder, manifest, megabytes)
