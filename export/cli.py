"""The workshop's command line."""

from __future__ import annotations

import sys

import click

from export.commands import (
    baselines,
    choosing,
    contrast,
    coverage,
    evaluation,
    everything,
    latent,
    lcgan,
    pairs,
    pipeline,
    report,
    topics,
)
from export.errors import ExportError
from inference.errors import InferenceError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Make a bundle that deephypebot speaks from.

    \b
    The stages, each building on the one before, all in one folder (runs/CONFIG):
      python -m export corpus      clean, mask and split the writing to learn from
      python -m export tokenizer   fit the subword vocabulary
      python -m export cvae        train the model; stop it at any time, it goes on where it stood
      python -m export guidance    learn which words a song calls for
      python -m export energy      learn to tell good sentences from bad ones
      python -m export choose      keep the best that the bundle says, for cvae to learn from
      python -m export lcgan       learn where in the latent space the good sentences are
      python -m export bundle      export to ONNX and check that it says what the model says
      python -m export card        write the model card from measurements
      python -m export all --budget 2h

    \b
    The lab, which compares models on the same unseen lines:
      python -m export topics      find what the sentences are about, and which topics describe the sound
      python -m export homotopy "one sentence" "another"   print the sentences between them
      python -m export ladder      train every baseline and put them in one table
      python -m export contrast --feature energy   the words that a feature brings up
      python -m export coverage --songs FOLDER   how many of the services' genres the bundle knows
      python -m export evaluate    measure every system beside what people write
      python -m export pairs       let somebody read blindly: ours beside what people write
      python -m export report      everything that a run has made on one HTML page
    """


for room in (
    *(pipeline, choosing, everything, pairs, report, baselines, contrast),
    *(coverage, evaluation, lcgan, topics, latent),
):
    for command in room.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Entry point of `python -m export`: errors are one sentence on stderr and exit status 2."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message())
    except (ExportError, InferenceError) as error:
        _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; the same command goes on from the last checkpoint.", err=True)
        sys.exit(130)


def _fail(message: str) -> None:
    click.echo(" ".join(message.split()), err=True)
    sys.exit(2)
