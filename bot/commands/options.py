"""The options that commands share, and the settings that they lead to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from bot.config import Settings

_Command = TypeVar("_Command", bound=Callable[..., object])


def config_option(command: _Command) -> _Command:
    """Let a command take --config FILE."""
    path = click.Path(path_type=Path)
    return click.option(
        "--config", "file", type=path, help="Settings to use instead of ./config.toml (see config.example.toml)."
    )(command)


def json_option(command: _Command) -> _Command:
    """Let a command take --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def settings_of(file: Path | None) -> Settings:
    """The settings in a file (None: the usual one) and the environment; raises ConfigError."""
    from bot.config import load  # noqa: PLC0415 - a command's help needs none

    return load(file)
