"""The door between a command and the shell: faults as one sentence on stderr, exit statuses, quiet ends."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import click

from bot.errors import BusyError, ConfigError, HypeError, StoreError
from inference.errors import InferenceError

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
_MAX_MESSAGE = 1000  # characters


class Door(click.Group):
    """A group of commands whose every fault is told in one sentence on stderr, never as a traceback.

    Exit status: 0 done, 1 it could not be done now (busy, database), 2 what was given is wrong, 130 interrupted.
    """

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command that the arguments name and leave with its exit status."""
        for stream in (sys.stdin, sys.stdout):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            status = super().main(*args, **{**kwargs, "standalone_mode": False}) or 0
            if sys.stdout:
                sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more when it ends, and would complain; nobody reads it any more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = FAILED
        except (click.Abort, KeyboardInterrupt):
            status = INTERRUPTED
        except click.ClickException as error:
            _tell(_with_remedy(error))
            status = BAD_INPUT
        except ConfigError as error:
            for fault in error.faults:
                _tell(fault)
            status = BAD_INPUT
        except (HypeError, InferenceError) as error:
            _tell(str(error))
            status = FAILED if isinstance(error, BusyError | StoreError) else BAD_INPUT
        sys.exit(status)


def number(option: str, kind: type[int] | type[float], low: int, high: int) -> Callable[[str], int | float]:
    """What an option takes: a number of a kind from `low` to `high`; all else is refused in one sentence."""
    name = "a whole number" if kind is int else "a number"

    def convert(value: str) -> int | float:
        try:
            found = kind(value)
        except ValueError:
            found = None
        if found is None or not low <= found <= high:
            raise click.UsageError(f"{option} is {value[:40]!r}, but must be {name} from {low} to {high}.")
        return found

    return convert


def print_json(value: Any) -> None:
    """Print a value as JSON on one line of UTF-8; lone surrogates, which UTF-8 cannot hold, as JSON's own escapes."""
    click.echo(json_lines([value]), nl=False)


def json_lines(values: Iterable[Any]) -> bytes:
    """Values as JSON, each on one line of UTF-8, as `print_json` prints one."""
    lines = (json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n" for value in values)
    return "".join(lines).encode("utf-8", "backslashreplace")


def _with_remedy(error: click.ClickException) -> str:
    """The sentence for a fault; those that click finds itself say what is wrong, but not where to look."""
    message = error.format_message()
    if isinstance(error, click.UsageError) and type(error) is not click.UsageError and error.ctx:
        return f"{message.removesuffix('.')} (see {error.ctx.command_path} --help)."
    return message


def _tell(message: str) -> None:
    line = " ".join(message.split())[:_MAX_MESSAGE]
    click.echo("".join(character for character in line if character.isprintable()), err=True)
