"""The workshop's command line: one subcommand a stage, and `all`."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from export.config import load_config
from export.errors import ExportError, StageError
from export.stages import Run, run_corpus, run_cvae, run_tokenizer
from inference.errors import InferenceError

_console = Console(stderr=True)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every stage takes."""
    for option in (
        click.option("--config", "config_name", default="default", show_default=True, help="tiny, default or a .toml."),
        click.option("--run", "folder", type=click.Path(path_type=Path), help="Folder of the run [runs/CONFIG]."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Seed instead of the configuration's."),
    ):
        command = option(command)
    return command


def _minutes(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """A time such as 2h, 90m, 1h30m or 45s in minutes."""
    if value is None:
        return None
    found = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", value.strip())
    if not value.strip() or found is None:
        raise click.BadParameter(f"{value!r} is no time; write it as 2h, 90m or 1h30m.")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 60 + minutes + seconds / 60


_budget = click.option("--budget", callback=_minutes, help="Time for training, such as 2h or 90m.")
_corpora = click.option("--corpora", type=click.Path(path_type=Path), help="Folder of *.jsonl(.gz) to learn from.")
_songs = click.option("--songs", type=click.Path(path_type=Path), help="Folder of the genre and feature tables.")
_licence = click.option(
    "--licence",
    type=click.Choice(["all", "open"]),
    default="all",
    show_default=True,
    help="open: openly licensed only.",
)


def _run(config_name: str, folder: Path | None, seed: int | None, **changes: Any) -> Run:
    """The run that a command works on."""
    config = load_config(config_name)
    if seed is not None:
        config = dataclasses.replace(config, seed=seed)
    if changes.get("budget") is not None:
        training = dataclasses.replace(config.training, budget_minutes=changes["budget"], phase_steps=0)
        config = dataclasses.replace(config, training=training)
    paths = {name: str(changes[name]) for name in ("corpora", "songs") if changes.get(name) is not None}
    config = dataclasses.replace(config, corpus=dataclasses.replace(config.corpus, **paths))  # type: ignore[arg-type]  # strings
    return Run(config, folder or Path("runs") / Path(config_name).stem)


def _progress() -> Progress:
    """Progress bars on stderr, with the time left; none where nobody watches, such as in a log."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_console,
        disable=not _console.is_terminal,
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Make a bundle that deephypebot speaks from.

    \b
    The stages, each building on the one before, all in one folder (runs/CONFIG):
      python -m export corpus      clean, mask and split the writing to learn from
      python -m export tokenizer   fit the subword vocabulary
      python -m export cvae        train the model; stop it at any time, it goes on where it stood
      python -m export bundle      export to ONNX and check that it says what the model says
      python -m export card        write the model card from measurements
      python -m export all --budget 2h
    """


@cli.command()
@_options
@_corpora
@_songs
@_licence
def corpus(licence: str, **options: Any) -> None:
    """Read *.jsonl(.gz) of {text, artist?, title?, album?, genres?, year?, score?} and write masked sentences.

    Writes commentary.jsonl.gz, warm_start.jsonl.gz, genres.npz, manifest.json, funnel.png and words.png.
    """
    run = _run(**options)
    with _progress() as progress:
        manifest = run_corpus(run, progress, open_only=licence == "open")
    for step, count in manifest["funnel"].items():
        click.echo(f"{count:>10,}  {step}")


@cli.command()
@_options
def tokenizer(**options: Any) -> None:
    """Fit the subword vocabulary on the training part."""
    run = _run(**options)
    fitted = run_tokenizer(run)
    click.echo(f"{fitted.size:,} pieces in {run.tokenizer_path}")


@cli.command()
@_options
@_budget
def cvae(**options: Any) -> None:
    """Train the conditional VAE within the time budget; interrupted, it goes on from its last checkpoint."""
    run = _run(**options)
    with _progress() as progress:
        trainer = run_cvae(run, progress)
    last = trainer.state.history[-1] if trainer.state.history else {}
    click.echo("  ".join(f"{key} {value}" for key, value in last.items()))


_output = click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of the bundle [RUN/bundle]; inference/models/NAME ships it.",
)


@cli.command()
@_options
@_output
def bundle(output: Path | None, **options: Any) -> None:
    """Export the trained model to ONNX (fp32 and int8), check parity, and write the filters and the manifest."""
    run = _run(**options)
    with _progress() as progress:
        _bundle(run, output, progress)


def _bundle(run: Run, output: Path | None, progress: Progress) -> None:
    from export.bundle import run_bundle  # noqa: PLC0415 - loads onnxruntime, which the other stages do without

    made = run_bundle(run, output or run.folder / "bundle", progress)
    click.echo(f"{made.manifest.name} {made.manifest.version}: {made.megabytes:.1f} MB in {made.folder}")


@cli.command()
@_options
@_output
@click.option("--bench", type=click.Path(path_type=Path), required=True, help="What `deephypebot bench --json` printed.")
@click.option("--remarks", type=click.Path(path_type=Path), help="Markdown: what a reader found wrong with the replies.")
@click.option("--sentences", type=click.IntRange(10, 5000), default=400, show_default=True, help="Compared in each row.")
def card(output: Path | None, bench: Path, remarks: Path | None, sentences: int, **options: Any) -> None:
    """Write the model card of a bundle: data, recipe, figures beside the human row, replies that nobody picked."""
    from export.card import write_card  # noqa: PLC0415 - loads onnxruntime, which the other stages do without
    from export.comparison import compare  # noqa: PLC0415 - as above

    run = _run(**options)
    folder = output or run.folder / "bundle"
    try:
        found = remarks.read_text(encoding="utf-8") if remarks else "Nobody has read the replies yet."
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(f"{remarks} cannot be read; name a text file with --remarks.") from error
    with _progress() as progress:
        texts = compare(run, folder, sentences, progress)
    click.echo(write_card(run, folder, bench, texts, found))


@cli.command("all")
@_options
@_corpora
@_songs
@_licence
@_budget
@_output
@click.option("--again", is_flag=True, help="Make corpus and tokenizer again although they are there.")
def all_stages(licence: str, output: Path | None, again: bool, **options: Any) -> None:
    """All stages in order; those that are done are not done again, and training goes on where it stood."""
    run = _run(**options)
    with _progress() as progress:
        if again or not run.commentary.exists() or not run.warm_start.exists():
            run_corpus(run, progress, open_only=licence == "open")
        if again or not run.tokenizer_path.exists():
            run_tokenizer(run)
        run_cvae(run, progress)
        _bundle(run, output, progress)


def main() -> None:
    """Entry point of `python -m export`: errors are one sentence on stderr and exit status 2."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message())
    except (ExportError, InferenceError) as error:
        _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; the same command goes on from the last checkpoint.", err=True)
        sys.exit(130)


def _fail(message: str) -> None:
    click.echo(" ".join(message.split()), err=True)
    sys.exit(2)
