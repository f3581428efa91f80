"""The command that teaches a bundle where in its latent space to look."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from export.commands.options import open_run, progress_bars, with_run
from export.stages import Run


@click.command()
@with_run
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Bundle whose decoder speaks [RUN/bundle]; no torch model is needed.",
)
@click.option("--votes", type=click.Path(path_type=Path), help="What `deephypebot votes export` wrote: a further value.")
@click.option("--only", multiple=True, help="Train for this objective only: realism, a value, or joint; may be repeated.")
@click.option("--ship", default="joint", show_default=True, help="Objective whose generator and critics are kept to ship.")
@click.option("--distance", "distances", multiple=True, type=click.FloatRange(0, 10), help="Try this weight of the distance.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Add generator and critics to this bundle and write its manifest anew; its decoder must be the same.",
)
def lcgan(
    bundle: Path | None,
    votes: Path | None,
    only: tuple[str, ...],
    ship: str,
    distances: tuple[float, ...],
    into: Path | None,
    **options: Any,
) -> None:
    """Train generator and critics on z, for each value alone and for all of them, and compare them in a table.

    Values: topic, descriptive_words, readability, sentiment, sayable, energy (where the bundle or the run has what tells
    them), and votes (with --votes). The table has the share of decoded sentences that have the value, also at equal
    distinct-2, for: the prior, the prior that ships, half of z, the aggregated posterior, the best of 16 z by the same
    critics, the generator G, and G with critics. What wins for --ship becomes the bundle's own way; it can be switched
    off in inference with Commentator(generator="prior", critics=False).

    Writes RUN/lcgan: lcgan.json, generator.onnx and critics.onnx, which `bundle` ships with the same decoder.
    Interrupted, it goes on after the last objective that was done.

    \b
    python -m export lcgan --bundle inference/models/default --only joint --into copy-of-it
    """
    from export.lcgan.shipping import add_to  # noqa: PLC0415 - loads torch, which the other stages do without
    from export.lcgan.stage import Asked, run_lcgan  # noqa: PLC0415 - as above
    from export.lcgan.table import as_text  # noqa: PLC0415 - as above

    run = open_run(**options)
    if distances:
        settings = dataclasses.replace(run.config.lcgan, distances=distances)
        run = Run(dataclasses.replace(run.config, lcgan=settings), run.folder)
    folder = bundle or run.bundle
    run.need(folder, "bundle")
    with progress_bars() as progress:
        report = run_lcgan(run, Asked(folder, votes, only, ship), progress)
    click.echo(as_text(report["rows"]))
    click.echo(f"\n{report['ships']['system']} ships for {ship}, in {run.lcgan}")
    if into is not None:
        add_to(run.lcgan, into)
        click.echo(f"added to {into}")


COMMANDS = (lcgan,)
