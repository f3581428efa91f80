"""The command that goes through all stages, from writing to a bundle that speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from export.commands.options import (
    open_run,
    progress_bars,
    with_budget,
    with_corpora,
    with_licence,
    with_output,
    with_run,
    with_songs,
    with_start,
)
from export.stages import Run, run_corpus, run_cvae, run_tokenizer


@click.command("all")
@with_run
@with_corpora
@with_songs
@with_licence
@with_budget
@with_start
@with_output
@click.option("--again", is_flag=True, help="Make corpus and tokenizer again although they are there.")
def all_stages(licence: str, output: Path | None, start: Path | None, again: bool, **options: Any) -> None:
    """All stages in order; those that are done are not done again, and training goes on where it stood.

    After the training the model learns once from the best of what it says itself; then judge, generator and critics are
    trained on the finished model.
    """
    from export.guidance import run_guidance  # noqa: PLC0415 - loads torch, which the help does without
    from export.topics import run_topics  # noqa: PLC0415 - loads gensim, which the help does without

    run = open_run(**options)
    with progress_bars() as progress:
        if again or not run.commentary.exists() or not run.warm_start.exists():
            run_corpus(run, progress, open_only=licence == "open")
        if again or not run.tokenizer_path.exists():
            run_tokenizer(run, start=start)
        run_cvae(run, progress, start=start)
        if again or not run.guidance.exists():
            run_guidance(run, progress)
        run_topics(run, progress)
        if again or not run.chosen.exists():
            _learn_from_itself(run, progress)
        _finish(run, output, progress)


def _learn_from_itself(run: Run, progress: Progress) -> None:
    """One round of speaking, judging, choosing and learning."""
    from export.bundle import run_bundle  # noqa: PLC0415 - loads onnxruntime, which the help does without
    from export.energy.stage import run_choose, run_energy  # noqa: PLC0415 - as above

    run_bundle(run, run.bundle, progress)
    run_energy(run, run.bundle, progress)
    run_choose(run, run.bundle, progress)
    run_cvae(run, progress)


def _finish(run: Run, output: Path | None, progress: Progress) -> None:
    """A bundle of the finished model, with a judge of its own and with generator and critics for its latents."""
    from export.bundle import run_bundle, ship  # noqa: PLC0415 - loads onnxruntime, which the help does without
    from export.energy.stage import run_energy  # noqa: PLC0415 - as above
    from export.lcgan.shipping import add_to  # noqa: PLC0415 - as above
    from export.lcgan.stage import Asked, run_lcgan  # noqa: PLC0415 - as above

    run_bundle(run, run.bundle, progress)
    run_energy(run, run.bundle, progress)
    report = run_lcgan(run, Asked(run.bundle, only=("joint",)), progress)
    add_to(run.lcgan, run.bundle)
    click.echo(f"{report['ships']['system']} proposes latents")
    made = ship(run, run.bundle, output or run.bundle)
    click.echo(f"{made.manifest.name} {made.manifest.version}: {made.megabytes:.1f} MB in {made.folder}")


COMMANDS = (all_stages,)
