"""The stages from corpus to bundle and card, one command each, and `all`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from export.commands.options import (
    open_run,
    progress_bars,
    with_budget,
    with_corpora,
    with_licence,
    with_output,
    with_run,
    with_songs,
    with_start,
)
from export.errors import StageError
from export.plain_text import PlainText, run_plain_text, table
from export.stages import Run, run_corpus, run_cvae, run_tokenizer


@click.command()
@with_run
@with_corpora
@with_songs
@with_licence
def corpus(licence: str, **options: Any) -> None:
    """Read *.jsonl(.gz) of {text, artist?, title?, album?, genres?, year?, score?} and write masked sentences.

    Writes commentary.jsonl.gz, warm_start.jsonl.gz, genres.npz, manifest.json, funnel.png and words.png.
    """
    run = open_run(**options)
    with progress_bars() as progress:
        manifest = run_corpus(run, progress, open_only=licence == "open")
    for step, count in manifest["funnel"].items():
        click.echo(f"{count:>10,}  {step}")


@click.command()
@with_run
@with_start
def tokenizer(start: Path | None, **options: Any) -> None:
    """Fit the subword vocabulary on the training part."""
    run = open_run(**options)
    fitted = run_tokenizer(run, start=start)
    click.echo(f"{fitted.size:,} pieces in {run.tokenizer_path}")


def _text_file(option: str, name: str, use: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(option, name, type=click.Path(path_type=Path), help=f"Plain text to {use}, a sentence a line.")


@click.command()
@with_run
@with_budget
@with_start
@_text_file("--text", "train", "train on instead of the corpus")
@_text_file("--valid", "validation", "watch while training on --text")
@_text_file("--test", "test", "measure on after training on --text")
def cvae(start: Path | None, train: Path | None, validation: Path | None, test: Path | None, **options: Any) -> None:
    """Train the conditional VAE within the time budget; interrupted, it goes on from its last checkpoint.

    With --text, --valid and --test it is trained on plain text instead, word by word and without conditions, and measured
    as the published tables are: importance-weighted NLL and perplexity with the ends counted, -ELBO, KL, mutual information
    and active units. The figures go to RUN/plain_text/figures.json; --config ptb has the tables' sizes.

    \b
      python -m export cvae --text train.txt --valid valid.txt --test test.txt --config ptb
    """
    run = open_run(**options)
    if train is not None or validation is not None or test is not None:
        if train is None or validation is None or test is None or start is not None:
            raise click.UsageError("--text, --valid and --test go together, and without --from-bundle; name all three files.")
        _plain_text(run, (train, validation, test), published=Path(options["config_name"]).stem == "ptb")
        return
    with progress_bars() as progress:
        trainer = run_cvae(run, progress, start=start)
    last = trainer.state.history[-1] if trainer.state.history else {}
    click.echo("  ".join(f"{key} {value}" for key, value in last.items()))


def _plain_text(run: Run, files: tuple[Path, Path, Path], *, published: bool) -> None:
    text = PlainText.read(*files, longest=run.config.training.max_tokens)
    with progress_bars() as progress:
        told = run_plain_text(text, run.config, run.folder / "plain_text", progress)
    click.echo("\n".join(table(told, published=published)))


@click.command()
@with_run
@with_output
def bundle(output: Path | None, **options: Any) -> None:
    """Export the trained model to ONNX (fp32 and int8), check parity, and write the filters and the manifest."""
    run = open_run(**options)
    with progress_bars() as progress:
        _bundle(run, output, progress)


def _bundle(run: Run, output: Path | None, progress: Progress) -> None:
    from export.bundle import run_bundle  # noqa: PLC0415 - loads onnxruntime, which the other stages do without

    made = run_bundle(run, output or run.bundle, progress)
    click.echo(f"{made.manifest.name} {made.manifest.version}: {made.megabytes:.1f} MB in {made.folder}")


@click.command()
@with_run
@with_output
@click.option("--bench", type=click.Path(path_type=Path), required=True, help="What `deephypebot bench --json` printed.")
@click.option("--remarks", type=click.Path(path_type=Path), help="Markdown: what a reader found wrong with the replies.")
@click.option("--evaluation", type=click.Path(path_type=Path), help="The evaluation.json that `evaluate` wrote.")
def card(output: Path | None, bench: Path, remarks: Path | None, evaluation: Path | None, **options: Any) -> None:
    """Write the model card of a bundle: data, recipe, figures beside the human row, replies that nobody picked."""
    from export.card import write_card  # noqa: PLC0415 - loads onnxruntime, which the other stages do without
    from export.evaluation.table import read_evaluation  # noqa: PLC0415 - as above

    run = open_run(**options)
    folder = output or run.bundle
    try:
        found = remarks.read_text(encoding="utf-8") if remarks else "Nobody has read the replies yet."
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(f"{remarks} cannot be read; name a text file with --remarks.") from error
    told = None if evaluation is None else read_evaluation(evaluation)
    click.echo(write_card(run, folder, bench, told, found))


@click.command()
@with_run
def guidance(**options: Any) -> None:
    """Learn which words the genres and features of a song call for; the next `bundle` prefers them when it speaks."""
    from export.guidance import run_guidance  # noqa: PLC0415 - loads torch, which the other stages do without

    run = open_run(**options)
    with progress_bars() as progress:
        click.echo(run_guidance(run, progress))


COMMANDS = (corpus, tokenizer, cvae, bundle, guidance, card)
