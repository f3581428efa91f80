"""The model card: what a bundle learnt from and how, what was measured, what it says, what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from export.errors import StageError
from export.evaluation.table import as_markdown, table
from export.stages import Run
from inference.manifest import Manifest

CARD = "MODEL_CARD.md"


def write_card(run: Run, folder: Path, bench: Path, evaluation: Mapping[str, Any] | None, remarks: str) -> Path:
    """Write the card of the bundle in `folder`.

    `bench` is what `deephypebot bench --json` printed for it, replies included; `evaluation` is what
    `python -m export evaluate` found for it (None: nothing was); `remarks` is what a reader of the replies found.
    """
    manifest = Manifest.from_json((folder / "manifest.json").read_text(encoding="utf-8"))
    corpus = json.loads((run.folder / "corpus" / "manifest.json").read_text(encoding="utf-8"))
    log = [json.loads(line) for line in (run.training / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    try:
        measured = json.loads(bench.read_text(encoding="utf-8"))
        replies = [(str(r["song"]), str(r["text"])) for r in measured["replies"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageError(f"{bench} is not what `deephypebot bench --json` prints ({error}); make it again.") from error
    parts = [
        f"# Model card: {manifest.name} {manifest.version}",
        f"Made on {manifest.created} with seed {manifest.seeds['run']}.",
        _data(manifest, corpus),
        _recipe(run, manifest, log),
        _model_figures(manifest),
        _evaluation(evaluation),
        _speed(measured),
        _replies(replies),
        "## What is wrong with it\n\n" + remarks.strip(),
    ]
    path = folder / CARD
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def _data(manifest: Manifest, corpus: Mapping[str, Any]) -> str:
    rows = [(d.source, d.licence, d.documents, d.sentences) for d in manifest.data]
    splits = ", ".join(f"{n:,} {name}" for name, n in corpus["splits"].items())
    funnel = table(("step", "count"), list(corpus["funnel"].items()))
    return (
        "## Data\n\nNo text of these stands in the bundle: names are masked, and a filter refuses every reply that repeats "
        "eight words in a row of any of it.\n\n"
        + table(("source", "licence of the text", "documents", "sentences of commentary"), rows)
        + f"\n\nSplit by artist and near-duplicate cluster: {splits}. Sentences for the warm start by kind: "
        + ", ".join(f"{kind} {n:,}" for kind, n in corpus["warm_start"].items())
        + ".\n\n"
        + funnel
    )


def _recipe(run: Run, manifest: Manifest, log: Sequence[Mapping[str, Any]]) -> str:
    sizes, training, made = manifest.sizes, run.config.training, manifest.figures["training"]
    phases: dict[str, Mapping[str, Any]] = {entry["phase"]: entry for entry in log}
    columns = ("minutes", "tokens", "loss", "reconstruction", "kl", "mi", "active_units", "perplexity")
    rows = [[phase, *(entry.get(name, "") for name in columns)] for phase, entry in phases.items()]
    return (
        f"## Recipe\n\nA conditional VAE: bi-LSTM encoder with max-pooling ({run.config.model.encoder_hidden} units each way), "
        f"LSTM decoder ({sizes.hidden} units), z {sizes.latent}, {sizes.vocabulary:,} subwords of {sizes.embedding} numbers, "
        f"conditions of {sizes.condition} numbers; `<z,a>` at every step and in the first state. "
        f"{made['minutes']:.0f} minutes of steps on two CPU cores, {made['steps']:,} steps, {made['tokens']:,} tokens, in the "
        f"phases below; {training.free_nats:g} nats of free bits; {training.english_share:.0%} of the CVAE's sentences come "
        f"from the warm start's English; fine-tuning is on sentences that could be said of any song, and the last phase on "
        f"those and on chosen ones of the model's own, half and half. Adam, learning rate {training.learning_rate:g}, dropout "
        f"{run.config.model.dropout:g}, word dropout {run.config.model.word_dropout:g}.\n\n"
        "The last figures of each phase, on validation text:\n\n" + table(("phase", *columns), rows)
    )


def _model_figures(manifest: Manifest) -> str:
    names = {
        "perplexity": "-ELBO perplexity per word (EOS counted)",
        "perplexity_importance_weighted": "importance-weighted perplexity per word (50 samples)",
        "reconstruction": "reconstruction, nats a sentence",
        "kl": "KL, nats a sentence",
        "mi": "mutual information of x and z, nats",
        "active_units": f"active units of {manifest.sizes.latent}",
        "permuted_z_cost": "reconstruction lost with another sentence's z (share)",
    }
    rows: list[tuple[str, object]] = [(text, manifest.figures[key]) for key, text in names.items() if key in manifest.figures]
    parity = manifest.figures["parity"]
    rows += [
        ("fp32 graph against torch, worst log-probability, nats", parity["fp32_worst"]),
        ("int8 against torch, change of perplexity", f"{parity['int8_perplexity_change']:+.2%}"),
        ("int8 against torch, same likeliest word", f"{parity['int8_agreement']:.1%}"),
    ]
    return "## The model on held-out text\n\n" + table(("figure", "value"), rows)


def _evaluation(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "## What it writes\n\nNot measured."
    heading = re.compile(r"^#+(?= )", re.MULTILINE)  # its own headings one level further down
    return heading.sub(lambda match: match[0] + "#", as_markdown(told)).strip()


def _speed(measured: Mapping[str, Any]) -> str:
    warm = measured["warm_reply_ms"]
    rows = [
        ("warm reply, 64 candidates, p50", f"{warm['p50']} ms"),
        ("warm reply, p95", f"{warm['p95']} ms"),
        ("cold start of `hype`", f"{measured['cold_start_ms']} ms"),
        ("decoder", f"{measured['tokens_per_s']:,} tokens/s"),
        ("peak memory", f"{measured['peak_memory_mb']} MB"),
        ("bundle", f"{measured['bundle_mb']} MB"),
    ]
    return f"## Speed\n\n`deephypebot bench --json` on {measured['device']} with {measured['cores']} cores:\n\n" + table(
        ("figure", "value"), rows
    )


def _replies(replies: Sequence[tuple[str, str]]) -> str:
    lines = "\n".join(f"{i}. *{song}*: {text}" for i, (song, text) in enumerate(replies, 1))
    return f"## {len(replies)} replies, not picked\n\nOne seed for all, the first reply for each song:\n\n{lines}"
