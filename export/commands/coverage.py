"""The command that measures how much of the services' genres a bundle's table knows."""

from __future__ import annotations

import json
from pathlib import Path

import click

from export.commands.options import progress_bars
from export.coverage import LEVELS, Coverage, HeldOut, as_json, count_genres, hold_out, measure
from inference.bundle import shipped
from inference.genres import GenreTable

_SHOWN = 12  # examples of a kind


@click.command()
@click.option(
    "--songs",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with artist_genres.jsonl.gz.",
)
@click.option(
    "--bundle",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the bundle [the shipped one].",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=2018, show_default=True, help="Of what is held out.")
@click.option("--json", "output", type=click.Path(path_type=Path, dir_okay=False), help="Write it there too, as JSON.")
def coverage(songs: Path, folder: Path | None, seed: int, output: Path | None) -> None:
    """Measure the share of artist–genre pairs, and of distinct genres, that the bundle's genre table maps.

    \b
    exact       the table has this name
    normalised  the table has it in another spelling
    synonym     it is known what a service means by it
    part        the table has a part of it, or what it lists
    family      no vector, only coarse families such as rock
    unknown     nothing

    The shipped table was made from the same artists, so it also tells what becomes of the table's own genres when a tenth
    of them is taken out: how many are still mapped, and how near their vectors come to their own. Takes some seconds.
    """
    table = GenreTable.load((folder or shipped()) / "genres.npz")
    counts = count_genres(songs)
    with progress_bars() as progress:
        covered = measure(table, counts, progress)
        unseen = hold_out(table, progress, seed=seed)
    _show(covered, unseen)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(as_json(covered, unseen), indent=1) + "\n", encoding="ascii")  # lone surrogates too


def _show(covered: Coverage, unseen: HeldOut) -> None:
    everything = max(covered.pairs, 1), max(len(covered.mapped), 1)
    click.echo(f"{'':11}{'pairs':>9}{'':9}{'genres':>9}{'':9}{'held out':>11}")
    for level in LEVELS:
        pairs, genres = covered.at(level)
        click.echo(
            f"{level:11}{pairs:>9,}{pairs / everything[0]:>9.2%}{genres:>9,}{genres / everything[1]:>9.2%}"
            f"{unseen.shares[level]:>11.1%}"
        )
    pairs_share, genres_share = covered.with_vector()
    click.echo(
        f"\nA vector for {pairs_share:.2%} of the pairs and {genres_share:.2%} of the genres; "
        f"a match takes {covered.microseconds:.0f} µs."
    )
    click.echo(
        f"Held out, the vector's cosine with the genre's own is {unseen.cosine:.2f}; of two random genres, {unseen.chance:.2f}."
    )
    for level in LEVELS[1:]:
        rows = [row for row in covered.mapped if row.level == level]
        _examples(level, [f"{row.genre:.60} → {row.became}" if row.became else f"{row.genre:.60}" for row in rows])


def _examples(level: str, lines: list[str]) -> None:
    if not lines:
        return
    click.echo(f"\n{level}, the most frequent of {len(lines):,}:")
    for line in lines[:_SHOWN]:
        click.echo(f"  {line.encode('utf-8', 'replace').decode()}")


COMMANDS = (coverage,)
