"""What commands share that export something: as which format, where to, and the writing itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])

Form = Literal["csv", "jsonl"]


def export_options(usual: Form) -> Callable[[_Command], _Command]:
    """Let a command take --format (`form`, of which one is usual), --output FILE and --force."""

    def add(command: _Command) -> _Command:
        options = (
            click.option("--force", is_flag=True, help="Replace FILE if it is there."),
            click.option(
                "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: standard output]"
            ),
            click.option(
                "--format", "form", type=click.Choice(("csv", "jsonl")), default=usual, show_default=True, help="What to write."
            ),
        )
        for option in options:
            command = option(command)
        return command

    return add


def write_out(written: bytes, output: Path | None, *, force: bool, what: str) -> None:
    """Print an export, or let a file have it, at once and whole, and tell that; `what` says what is in it, "3 votes".

    Raises InputError where the file cannot be made, or is there and not to be replaced by `force`.
    """
    if output is None:
        click.echo(written, nl=False)
        return
    from bot.files import whole_file  # noqa: PLC0415 - whoever prints needs none of it
    from bot.settings import expand  # noqa: PLC0415 - as above

    with whole_file("export", target := expand(output), force=force) as unfinished:
        unfinished.write_bytes(written)
    click.echo(f"Wrote {str(target)!r}: {what}.")


def counted(number: int, noun: str) -> str:
    """How many there are: "1 vote", "2 votes"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
