"""The command that finds what the sentences are about."""

from __future__ import annotations

from typing import Any

import click

from export.commands.options import open_run, progress_bars, with_run


@click.command()
@with_run
def topics(**options: Any) -> None:
    """Find the topics of the training sentences by LDA, and which of them describe how the music sounds.

    Tries several numbers of topics, takes the most coherent, and freezes it: made once, it stays as it is until corpus,
    settings or seed change. Writes RUN/topics: topics.npz (`bundle` ships it), topics.json, coherence.png and
    intertopic.png. Interrupted, it goes on after the last number that was tried.
    """
    from export.topics import run_topics  # noqa: PLC0415 - loads gensim, which the other stages do without

    run = open_run(**options)
    with progress_bars() as progress:
        found = run_topics(run, progress)
    click.echo("topics  coherence")
    for row in found.figures["coherence"]:
        mark = "  chosen" if row["k"] == found.figures["chosen_k"] else ""
        click.echo(f"{row['k']:>6}  {row['coherence']:>9.3f}{mark}")
    click.echo("\n   share  sound  words (* describes the sound)")
    for row in found.figures["topics"]:
        mark = "*" if row["descriptive"] else " "
        words = " ".join(word for word, _ in row["words"])
        click.echo(f"{row['id']:>2}{mark} {row['share']:>4.0%}  {row['sound']:>5.0%}  {words}")
        click.echo(f"{'':18}e.g. {row['examples'][0] if row['examples'] else ''}")
    click.echo(f"\n{found.figures['reason']}\n{run.topics.parent}")


COMMANDS = (topics,)
