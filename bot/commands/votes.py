"""The command that hands out the votes on replies: `deephypebot votes export`."""

# Each command imports what it needs when it runs, so that none waits for the libraries of another.
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.door import json_lines
from bot.commands.exporting import Form, counted, export_options, write_out
from bot.commands.options import config_option, settings_of


@click.group(short_help="Export the votes on replies.", invoke_without_command=True)
@click.pass_context
def votes(ctx: click.Context) -> None:
    """Hand out what people thought of replies, with nobody's name in it. What votes taught is reset from chat.

    \b
    deephypebot votes export --output votes.jsonl        for learning from
    deephypebot votes export --format csv --output votes.csv
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@votes.command(short_help="Write all votes as JSON lines or as a spreadsheet.")
@export_options("jsonl")
@config_option
def export(form: Form, output: Path | None, force: bool, file: Path | None) -> None:
    """Write every vote, oldest first, with no person in it; FILE gets its name when it is complete.

    As jsonl a line is a vote {schema, reply, candidate, seed, conditions, vote, at}, as `python -m export lcgan --votes`
    reads it. As csv a spreadsheet opens it: a row for each vote, with the song, the text and its score. A text that a
    spreadsheet would take for a formula has an apostrophe before it.

    \b
    deephypebot votes export --output votes.jsonl
    deephypebot votes export --output votes.jsonl --force
    deephypebot votes export | head -1
    """
    settings = settings_of(file)
    import asyncio

    from bot.app import exported_votes

    found = asyncio.run(exported_votes(settings.store.url.get_secret_value()))
    if form == "csv":
        from bot.curation.vote_sheet import as_csv

        written = as_csv(found)
    else:
        written = json_lines(found)
    write_out(written, output, force=force, what=counted(len(found), "vote"))
