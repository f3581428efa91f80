"""`pairs make` and `pairs score`: blind reading of ours against people, or against another bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from export.answers import Key, Result, Share, read_answers, score
from export.commands.options import open_run, progress_bars, with_run

SCORE = "score.json"
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group()
def pairs() -> None:
    """Blind pairs: is a sentence of ours told from one that a person wrote, or from another bundle's?

    \b
      python -m export pairs make --bundle runs/default/bundle --pairs 100
      (somebody reads pairs.md and fills in answers.csv, with key.json closed)
      python -m export pairs score --answers runs/default/pairs/answers.csv --key runs/default/pairs/key.json
    """


@pairs.command()
@with_run
@click.option("--bundle", type=_FOLDER, help="Folder of the bundle that speaks [RUN/bundle].")
@click.option("--pairs", "count", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many.")
@click.option("--songs", type=_FILE, help="Names to fill in: one `Artist - Title` a line [made-up ones].")
@click.option("--against", type=_FOLDER, help="Compare with this bundle instead of with people.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write to [RUN/pairs].")
def make(bundle: Path | None, count: int, songs: Path | None, against: Path | None, out: Path | None, **options: Any) -> None:
    """Write pairs.md to be read, answers.csv to be filled in, and key.json to be kept closed.

    Each pair has one sentence of a reply and one held-out human sentence of close length, about the same song and finished
    the same way, sides shuffled by the seed. pairs.md quotes the held-out sentences: it must not leave this machine.
    """
    from export.pairs import PAIRS, PEOPLE, make_pairs, songs_of, write_pairs  # noqa: PLC0415 - loads onnxruntime

    run = open_run(**options)
    names = songs_of(songs) if songs else ()
    with progress_bars() as progress:
        made = make_pairs(run, bundle or run.bundle, count, progress, songs=names, against=against)
    folder = out or run.folder / "pairs"
    write_pairs(made, folder)
    click.echo(f"{len(made.pairs)} pairs of {made.ours} against {made.against} in {folder}")
    ours, other = (sum(getattr(pair, side).words for pair in made.pairs) / len(made.pairs) for side in ("ours", "other"))
    named = [sum(bool(getattr(pair, side).named) for pair in made.pairs) for side in ("ours", "other")]
    click.echo(
        f"words a sentence: ours {ours:.1f}, the other {other:.1f}; name the song: ours {named[0]}, the other {named[1]}"
    )
    if len(made.pairs) < count:
        click.echo(f"No more than {len(made.pairs)} held-out sentences are fit for it.", err=True)
    if made.against == PEOPLE:
        click.echo(f"Warning: {folder / PAIRS} quotes held-out text that other people wrote; publish it nowhere.", err=True)


@pairs.command("score")
@click.option("--answers", type=_FILE, required=True, help="answers.csv, with A, B or = behind every pair.")
@click.option("--key", "key_file", type=_FILE, required=True, help="key.json of the same pairs.")
def score_command(answers: Path, key_file: Path) -> None:
    """Print the share of pairs in which ours was chosen, with interval and test; writes score.json beside the answers.

    A tie counts half in the share and its interval (Wilson, 95 %); the test against 50 % (exact binomial, two-sided) leaves
    ties out.
    """
    key = Key.read(key_file)
    result = score(read_answers(answers, len(key.pairs)), key)
    answers.with_name(SCORE).write_text(json.dumps(result.as_dict(), indent=1) + "\n", encoding="utf-8")
    _show(result)


def _show(result: Result) -> None:
    whole = result.whole
    click.echo(
        f"{result.ours} was chosen against {result.against} in {whole.share:.1%} of {whole.pairs} pairs "
        f"(95 % interval {whole.low:.1%} to {whole.high:.1%}): {whole.won} won, {whole.tied} tied (each counts half), "
        f"{whole.pairs - whole.won - whole.tied} lost; p = {result.p_value:.3g} against 50 %."
    )
    click.echo(f"The reader chose side A in {result.first_side:.0%} of the pairs that are no tie; ours stood there in half.")
    table = Table(box=None, pad_edge=False)
    for name in ("", "pairs", "won", "tied", "share", "95 % interval"):
        table.add_column(name, justify="left" if not name else "right")
    for title, parts in (
        ("by length of ours", result.by_length),
        ("by genre family", result.by_family),
        ("by the other's writing", result.by_kind),
    ):
        if parts:
            table.add_row(title, style="bold")
        for part in parts:
            table.add_row(*_cells(part))
    Console(highlight=False, markup=False).print(table)


def _cells(part: Share) -> tuple[str, ...]:
    return (
        f"  {part.name}",
        str(part.pairs),
        str(part.won),
        str(part.tied),
        f"{part.share:.0%}",
        f"{part.low:.0%} to {part.high:.0%}",
    )


COMMANDS = (pairs,)
