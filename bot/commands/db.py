"""The commands that look after the database: `deephypebot db upgrade`, `backup` and `check`."""

# Each command imports what it needs when it runs, so that none waits for the libraries of another.
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.door import print_json
from bot.commands.options import config_option, json_option, settings_of


@click.group(short_help="Look after the database.", invoke_without_command=True)
@click.pass_context
def db(ctx: click.Context) -> None:
    """Look after the database that [store] names: replies, the votes on them, and what services said of songs.

    \b
    deephypebot db check                                 is it whole, and what is in it?
    deephypebot db backup monday.sqlite3                 copy it, while the bot runs
    deephypebot db upgrade                               bring it to this program's schema
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@db.command(short_help="Bring it to the newest schema.")
@config_option
def upgrade(file: Path | None) -> None:
    """Bring the database to the newest schema, or make it; the bot does so too whenever it starts.

    All of it happens or, when it fails, nothing. There is no way back but a backup, so make one before.

    \b
    deephypebot db backup before.sqlite3 && deephypebot db upgrade
    """
    settings = settings_of(file)
    import asyncio

    from bot.store.care import upgraded

    click.echo(asyncio.run(upgraded(settings.store.url.get_secret_value())))


@db.command(short_help="Copy it to a file, while the bot runs.")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@config_option
def backup(target: Path, force: bool, file: Path | None) -> None:
    """Copy an SQLite database to FILE as it is at this moment; the bot may go on meanwhile.

    FILE gets its name when it is complete and was found whole. To go back to it, stop the bot, put FILE in place of the
    database and remove the -wal and -shm files beside that. For PostgreSQL the command is told that makes a backup.

    \b
    deephypebot db backup monday.sqlite3
    deephypebot db backup --force latest.sqlite3
    """
    settings = settings_of(file)
    import asyncio

    from bot.store.backup import backup as copy
    from bot.store.care import in_words

    size = asyncio.run(copy(settings.store.url.get_secret_value(), target, force=force))
    click.echo(f"Wrote {str(target)!r}: {in_words(size)}.")


@db.command(short_help="Tell whether it is whole, and what is in it.")
@json_option
@config_option
def check(as_json: bool, file: Path | None) -> None:
    """Tell the database's schema, its rows and its size, and whether it is whole; changes nothing.

    Exit status 1 and a sentence on stderr where something is wrong. With --json one object {database, schema, newest,
    rows, bytes, faults}.

    \b
    deephypebot db check
    deephypebot db check --json
    """
    settings = settings_of(file)
    import asyncio

    from bot.errors import StoreError
    from bot.store.care import table
    from bot.store.health import examine

    health = asyncio.run(examine(settings.store.url.get_secret_value()))
    if as_json:
        print_json(health.as_dict())
    else:
        from bot.platforms.screen import Screen

        Screen(settings.terminal.width).table(("what", "is"), table(health))
    if health.faults:
        raise StoreError(" ".join(health.faults))
