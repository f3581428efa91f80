"""The command that shows which words an audio feature brings up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from export.commands.options import open_run, progress_bars, with_run
from export.stages import Run
from inference.conditions import FEATURES

if TYPE_CHECKING:
    from export.baselines.contrast import Contrast, Favour

_SHOWN = 20  # words a side in the table
_KEPT = 60  # words a side in the file


@click.command()
@with_run
@click.option(
    "--feature",
    type=click.Choice([*FEATURES, "all"]),
    default="energy",
    show_default=True,
    help="Audio feature to turn from its lowest to its highest.",
)
@click.option("--words", type=click.IntRange(200, 50_000), default=10_000, show_default=True, help="Sampled on each side.")
def contrast(feature: str, words: int, **options: Any) -> None:
    """Show the words that the word LSTM favours where a feature is highest, and those where it is lowest.

    Samples with the same noise at both ends, everything else unknown, drops stop words, and ranks the rest by their log-odds
    ratio with a prior (Monroe et al. 2008). The model is the ladder's rung feature-lstm; where it is missing it is trained
    first, which takes some minutes. Writes RUN/contrast/FEATURE.json and .png, two word clouds.
    """
    run = open_run(**options)
    _contrast(run, FEATURES if feature == "all" else (feature,), words)


def _contrast(run: Run, features: tuple[str, ...], words: int) -> None:
    from export.baselines.clouds import draw_clouds  # noqa: PLC0415 - loads matplotlib
    from export.baselines.contrast import Contrasts  # noqa: PLC0415 - loads torch and the word clouds

    with progress_bars() as progress:
        contrasts = Contrasts(run, progress)
        found = []
        for feature in features:
            found.append(contrasts.of(feature, words, kept=_KEPT))
            draw_clouds(found[-1], contrasts.folder / f"{feature}.png")
    for one in found:
        _show(one, contrasts.folder)


def _show(found: Contrast, folder: Path) -> None:
    """Print both sides beside each other."""
    table = Table(
        title=f"{found.feature}, {found.words_sampled:,} words on each side",
        caption=(
            f"z of the log-odds ratio; chance reaches {found.chance_z:.2f}, which {found.beyond_chance(1)} and "
            f"{found.beyond_chance(-1)} words pass. Counts are expected ones, high:low. people: z in held-out text, "
            f"on the same side for {found.agreement(_SHOWN):.0%}."
        ),
        box=None,  # both sides fit into 80 columns
        title_justify="left",
        caption_justify="left",
    )
    for side in ("highest", "lowest"):
        table.add_column(side, no_wrap=True)
        for heading in ("z", "counts", "people"):
            table.add_column(heading, justify="right")
    columns = [[_cells(favour) for favour in found.side(sign, _SHOWN)] for sign in (1, -1)]
    for i in range(max(map(len, columns))):
        table.add_row(*(cell for column in columns for cell in (column[i] if i < len(column) else [""] * 4)))
    Console().print(table)
    click.echo(str(folder / f"{found.feature}.png"))


def _cells(favour: Favour) -> list[str]:
    return [favour.word, f"{favour.z:+.2f}", f"{favour.high_count:.1f}:{favour.low_count:.1f}", f"{favour.people_z:+.1f}"]


COMMANDS = (contrast,)
