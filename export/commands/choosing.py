"""Commands that teach the model to judge itself: the energy model, and choosing what it learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from export.commands.options import open_run, progress_bars, with_run

_with_bundle = click.option(
    "--bundle",
    "bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Whose sentences are judged [RUN/bundle].",
)


@click.command()
@with_run
@_with_bundle
def energy(bundle: Path | None, **options: Any) -> None:
    """Train the energy model, by which replies are ranked: people's sentences against the bundle's own, and broken ones.

    Writes RUN/energy/energy.onnx, which the next `bundle` takes in. Do it again when the model has changed: what gave
    the old one away need not be what gives away the new one.
    """
    from export.energy.stage import run_energy  # noqa: PLC0415 - loads onnxruntime, which other stages do without

    run = open_run(**options)
    with progress_bars() as progress:
        figures = run_energy(run, bundle or run.bundle, progress)
    click.echo("  ".join(f"{name}: area under the curve {area:.3f}" for name, area in figures.items()))


@click.command()
@with_run
@_with_bundle
def choose(bundle: Path | None, **options: Any) -> None:
    """Let the bundle speak of thousands of songs and keep the best, unlike each other; `cvae` then learns from them.

    Writes RUN/chosen/chosen.jsonl.gz. A round is: bundle, energy, choose, cvae; repeat it while `evaluate` improves.
    """
    from export.energy.stage import run_choose  # noqa: PLC0415 - loads onnxruntime, which other stages do without

    run = open_run(**options)
    with progress_bars() as progress:
        kept = run_choose(run, bundle or run.bundle, progress)
    click.echo(f"{kept:,} sentences in {run.chosen}")


COMMANDS = (energy, choose)
