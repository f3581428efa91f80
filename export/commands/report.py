"""`report`: one HTML page of everything that a run has made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from export.commands.options import open_run, progress_bars, with_run


@click.command()
@with_run
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Bundle that speaks for samples and bias [RUN/bundle, if there is one].",
)
@click.option("--replies", type=click.IntRange(0, 5000), default=200, show_default=True, help="Songs it is asked about.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The page [RUN/report.html].")
def report(bundle: Path | None, replies: int, output: Path | None, **options: Any) -> None:
    """Show everything that a run has made on one HTML page that needs no network.

    Corpus, training curves, topics, word clouds, latent space, ladder, LC-GAN, the evaluation with what was wanted, blind
    pairs, samples that nobody picked, and bias: people, places and genres in the training text against the replies.
    What is not made yet is named with the command that makes it. Replies are asked for once and kept in RUN/bias.
    """
    from export.report.run import write_report  # noqa: PLC0415 - loads onnxruntime, which the other stages do without

    run = open_run(**options)
    with progress_bars() as progress:
        path = write_report(run, progress, bundle=bundle, replies=replies, output=output)
    click.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB). It quotes text of others: publish it nowhere.")


COMMANDS = (report,)
