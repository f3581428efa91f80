"""The stages from corpus to bundle and card, one command each, and `all`."""

from __future__ import annotations

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


@click.command()
@with_run
@with_budget
@with_start
def cvae(start: Path | None, **options: Any) -> None:
    """Train the conditional VAE within the time budget; interrupted, it goes on from its last checkpoint."""
    run = open_run(**options)
    with progress_bars() as progress:
        trainer = run_cvae(run, progress, start=start)
    last = trainer.state.history[-1] if trainer.state.history else {}
    click.echo("  ".join(f"{key} {value}" for key, value in last.items()))


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

    made = run_bundle(run, output or run.folder / "bundle", progress)
    click.echo(f"{made.manifest.name} {made.manifest.version}: {made.megabytes:.1f} MB in {made.folder}")


@click.command()
@with_run
@with_output
@click.option("--bench", type=click.Path(path_type=Path), required=True, help="What `deephypebot bench --json` printed.")
@click.option("--remarks", type=click.Path(path_type=Path), help="Markdown: what a reader found wrong with the replies.")
@click.option("--sentences", type=click.IntRange(10, 5000), default=400, show_default=True, help="Compared in each row.")
def card(output: Path | None, bench: Path, remarks: Path | None, sentences: int, **options: Any) -> None:
    """Write the model card of a bundle: data, recipe, figures beside the human row, replies that nobody picked."""
    from export.card import write_card  # noqa: PLC0415 - loads onnxruntime, which the other stages do without
    from export.evaluation.comparison import compare  # noqa: PLC0415 - as above

    run = open_run(**options)
    folder = output or run.folder / "bundle"
    try:
        found = remarks.read_text(encoding="utf-8") if remarks else "Nobody has read the replies yet."
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(f"{remarks} cannot be read; name a text file with --remarks.") from error
    with progress_bars() as progress:
        texts = compare(run, folder, sentences, progress)
    click.echo(write_card(run, folder, bench, texts, found))


@click.command("all")
@with_run
@with_corpora
@with_songs
@with_licence
@with_budget
@with_start
@with_output
@click.option("--again", is_flag=True, help="Make corpus and tokenizer again although they are there.")
def all_stages(licence: str, output: Path | None, start: Path | None, again: bool, **options: Any) -> None:
    """All stages in order; those that are done are not done again, and training goes on where it stood."""
    run = open_run(**options)
    with progress_bars() as progress:
        if again or not run.commentary.exists() or not run.warm_start.exists():
            run_corpus(run, progress, open_only=licence == "open")
        if again or not run.tokenizer_path.exists():
            run_tokenizer(run, start=start)
        run_cvae(run, progress, start=start)
        _bundle(run, output, progress)


COMMANDS = (corpus, tokenizer, cvae, bundle, card, all_stages)
