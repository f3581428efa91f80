"""`ladder`: every baseline, trained alike, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from export.baselines.ladder import RUNGS, Ladder
from export.commands.options import open_run, progress_bars, with_run


@click.command()
@with_run
@click.option(
    "--only",
    "names",
    type=click.Choice(list(RUNGS)),
    multiple=True,
    metavar="NAME",
    help="Train this rung only; may be given several times.",
)
@click.option(
    "--minutes-each",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="Minutes of training for each network [the configuration's, 100 seconds by default].",
)
@click.option("--again", is_flag=True, help="Train rungs once more that are trained already.")
def ladder(names: tuple[str, ...], minutes_each: float | None, again: bool, **options: Any) -> None:
    """Train the baselines that led to the model, and compare them on the same unseen lines.

    \b
    The rungs, from the bottom:
      character-ngram         counts of what followed n - 1 characters, not smoothed
      character-feed-forward  a window of characters through one layer (Bengio 2003)
      character-elman         a recurrent cell written out with matrices (Elman 1990)
      character-rnn           the library's own of the same: as good, and faster
      character-gru           gates that choose what to keep
      character-lstm          gates and a memory
      word-lstm               words; unknown ones are spelled
      feature-lstm            words, and the song's audio features beside each
      original                the model of 2018 with its faults: the one to beat

    A trained rung stays in RUN/ladder/NAME and is only shown the next time; change the corpus, the settings or the seed
    and it is trained afresh. Stop at any time: finished rungs stay.

    \b
    How to read the table:
      bits/char   of text never seen, its line ends counted: lower is better, and
                  the same question to models of characters and of words, as word
                  models pay for spelling the words that they do not know
      ppl/word    the same figure per word
      s/epoch     seconds to read all training lines once
      copied      share of the samples' runs of 30 characters that stand in the
                  training text; the last line says what it is for human writing

    An n-gram without smoothing gives no chance to what it never saw, so its figures are infinite (∞); the lines below
    the table say how much of the text that is, and what smoothing would make of it.
    Writes ladder.json, ladder.png and ngram.png (the n-gram's bias and variance over n = 1 to 20) into RUN/ladder.
    """
    run = open_run(**options)
    with progress_bars() as progress:
        made = Ladder(run, progress)
        seconds = None if minutes_each is None else minutes_each * 60
        told = made.climb(names or tuple(RUNGS), seconds=seconds, again=again)
    _show(told)
    click.echo(f"\nFigures and all samples are in {made.folder}.")


def _show(told: Mapping[str, Any]) -> None:
    """The table, the n-gram's own figures and a sample of each rung, the first and not picked."""
    width = max(len(row["name"]) for row in told["rows"])
    heads = ("parameters", "epochs", "s/epoch", "bits/char", "ppl/word", "copied")
    click.echo(f"{'':{width}}" + "".join(f"{head:>12}" for head in heads))
    for row in told["rows"]:
        cells = (
            f"{row['parameters']:,}",
            f"{row['epochs']:.2f}",
            f"{row['seconds_per_epoch']:.1f}",
            _figure(row["bits_per_character"], ".3f"),
            _figure(row["perplexity_per_word"], ",.1f" if (row["perplexity_per_word"] or 0) < 1e6 else ".1e"),
            f"{row['memorised_share']:.2%}",
        )
        click.echo(f"{row['name']:{width}}" + "".join(f"{cell:>12}" for cell in cells))
    click.echo(f"{'human text':{width}}" + " " * 60 + f"{told['human_memorised_share']:>12.2%}")
    for row in (row for row in told["rows"] if "order" in row):
        click.echo(
            f"\nThe {row['name']} (n = {row['order']}) gives no chance to {row['unscorable_share']:.1%} of the characters; the "
            f"rest costs {_figure(row['scorable_bits'], '.3f')} bits each. Smoothed (Witten-Bell), all of them cost "
            f"{row['smoothed_bits']:.3f} bits, and a word has perplexity {row['smoothed_perplexity']:,.1f}."
        )
    _orders(told["ngram"])
    for row in told["rows"]:
        for temperature, samples in row["samples"].items():
            click.echo(f"\n{row['name']}, temperature {temperature}:\n  {samples[0]}")


def _orders(rows: Sequence[Mapping[str, Any]]) -> None:
    """The bias-variance picture in figures."""
    if not rows:
        return
    click.echo("\n n  train bits  scorable bits  smoothed bits  never seen  copied")
    for row in rows:
        click.echo(
            f"{row['order']:>2}{row['train_bits']:>12.3f}{_figure(row['validation_bits'], '.3f'):>15}"
            f"{row['smoothed_bits']:>15.3f}{row['novel_share']:>12.1%}{row['memorised_share']:>8.1%}"
        )


def _figure(value: float | None, form: str) -> str:
    """A number, or ∞ for one that JSON cannot hold."""
    return "∞" if value is None else format(value, form)


COMMANDS = (ladder,)
