"""The command that measures a bundle beside what people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from export.commands.options import open_run, progress_bars, with_run


@click.command()
@with_run
@click.option(
    "--bundle",
    "bundle",
    type=click.Path(path_type=Path),
    help="Folder of the bundle [RUN/bundle], such as inference/models/default.",
)
@click.option("--sentences", type=click.IntRange(10, 5000), default=1000, show_default=True, help="Of each row of the table.")
def evaluate(bundle: Path | None, sentences: int, **options: Any) -> None:
    """Measure every system on held-out songs, beside held-out human text, at equal numbers of sentences.

    Asked about the same songs of the test part are the original recipe and the best baseline (`python -m export ladder`
    makes them), the CVAE from the prior, the CVAE with its LC-GAN, and the full system with checks and ranking. What is
    not there is named with the command that makes it.

    The judges are fitted the first time, and kept in RUN/evaluation. Prints the table, and writes evaluation.json,
    evaluation.md, latent.png and latent.json there. Five to ten minutes on two cores.
    """
    from export.evaluation import measure  # noqa: PLC0415 - loads torch and onnxruntime
    from export.evaluation.table import MARKDOWN_NAME  # noqa: PLC0415 - as above

    run = open_run(**options)
    with progress_bars() as progress:
        measure.evaluate(run, bundle or run.bundle, sentences, progress)
    path = run.folder / measure.FOLDER / MARKDOWN_NAME
    click.echo(path.read_text(encoding="utf-8"))
    click.echo(f"Written in {path.parent}.")


COMMANDS = (evaluate,)
