"""Options that several commands take, the run they work on, and the progress bars they show."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from export.config import load_config
from export.stages import Run

console = Console(stderr=True)


def with_run(command: Callable[..., None]) -> Callable[..., None]:
    """The options that every stage takes."""
    for option in (
        click.option("--config", "config_name", default="default", show_default=True, help="tiny, default or a .toml."),
        click.option("--run", "folder", type=click.Path(path_type=Path), help="Folder of the run [runs/CONFIG]."),
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Seed instead of the configuration's."),
    ):
        command = option(command)
    return command


def minutes(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """A time such as 2h, 90m, 1h30m or 45s in minutes."""
    if value is None:
        return None
    found = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", value.strip())
    if not value.strip() or found is None:
        raise click.BadParameter(f"{value!r} is no time; write it as 2h, 90m or 1h30m.")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 60 + minutes + seconds / 60


with_budget = click.option("--budget", callback=minutes, help="Time for training, such as 2h or 90m.")
with_start = click.option(
    "--from-bundle",
    "start",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Begin with the vocabulary and the weights of this bundle, not from nothing.",
)
with_corpora = click.option("--corpora", type=click.Path(path_type=Path), help="Folder of *.jsonl(.gz) to learn from.")
with_songs = click.option("--songs", type=click.Path(path_type=Path), help="Folder of the genre and feature tables.")
with_licence = click.option(
    "--licence",
    type=click.Choice(["all", "open"]),
    default="all",
    show_default=True,
    help="open: openly licensed only.",
)


def open_run(config_name: str, folder: Path | None, seed: int | None, **changes: Any) -> Run:
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


def progress_bars() -> Progress:
    """Progress bars on stderr, with the time left; none where nobody watches, such as in a log."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


with_output = click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder of the bundle [RUN/bundle]; inference/models/NAME ships it.",
)
