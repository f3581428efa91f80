"""The commands that show what curators decided: `deephypebot drafts list` and `export`."""

# Each command imports what it needs when it runs, so that none waits for the libraries of another.
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import click

from bot.commands.door import json_lines, number
from bot.commands.exporting import Form, counted, export_options, write_out
from bot.commands.options import config_option, settings_of

if TYPE_CHECKING:
    from bot.store.drafts import Drafts

T = TypeVar("T")

_State = Literal["open", "approved", "edited", "posted", "rejected", "expired", "dropped"]
_MOST = 10_000


@click.group(short_help="Show and export the drafts of curators.", invoke_without_command=True)
@click.pass_context
def drafts(ctx: click.Context) -> None:
    """Show what was drafted where the mode is "review", what curators chose, and what became of it.

    \b
    deephypebot drafts list                              the newest, one a line
    deephypebot drafts list --state open                 those that wait for a decision
    deephypebot drafts export --output drafts.csv        a spreadsheet, one row a candidate
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@drafts.command("list", short_help="Show the newest drafts.")
@click.option("--state", type=click.Choice(get_args(_State)), help="Only those in this state.  [default: all]")
@click.option(
    "--limit",
    type=number("--limit", int, 1, _MOST),
    metavar="N",
    default=20,
    show_default=True,
    help="How many, the newest first.",
)
@config_option
def listed(state: _State | None, limit: int, file: Path | None) -> None:
    """Show when each draft was made (UTC), its state, its round, the song, and the text that was chosen or is the best so far.

    A draft is open until a curator approves a candidate, writes another text (edited) or rejects it, or its time is up
    (expired). Approved and edited ones are about to be posted; a dropped one could not be shown or posted.

    \b
    deephypebot drafts list --limit 5
    deephypebot drafts list --state posted --limit 100
    """
    settings = settings_of(file)
    from bot.conversation.draft_sheet import TABLE, table
    from bot.platforms.screen import Screen

    screen = Screen(settings.terminal.width)
    found = _asked(settings.store.url.get_secret_value(), lambda kept: kept.newest(limit, *([state] if state else [])))
    if found:
        screen.table(TABLE, table(found))
    else:
        screen.say(f"There is no draft{f' in the state {state}' if state else ''}.", "dim")


@drafts.command(short_help="Write all drafts as a spreadsheet or as JSON lines.")
@export_options("csv")
@config_option
def export(form: Form, output: Path | None, force: bool, file: Path | None) -> None:
    """Write every draft, oldest first, with no person in it; FILE gets its name when it is complete.

    As csv a spreadsheet opens it: a row for each candidate of each round, with the song, which was chosen, when that was
    decided, and the votes (up, down) on what was posted; what a curator wrote has a row of its own, whose candidate is
    "edited". A text that a spreadsheet would take for a formula has an apostrophe before it.

    As jsonl a line is a draft {schema, draft, scope, state, round, song, conditions, bundle, seed, rejected, earlier,
    candidates, chosen, text, at, events, posted}: `candidates` are those of the last round, `earlier` those of the rounds
    before, `chosen` is which of the last (from 0), `text` is what a curator wrote, `posted` is {reply, up, down}.

    \b
    deephypebot drafts export --output drafts.csv
    deephypebot drafts export --format jsonl --output drafts.jsonl --force
    deephypebot drafts export --format jsonl | head -1
    """
    settings = settings_of(file)
    found = _asked(settings.store.url.get_secret_value(), lambda kept: kept.export())
    if form == "csv":
        from bot.conversation.draft_sheet import as_csv

        written = as_csv(found)
    else:
        written = json_lines(found)
    write_out(written, output, force=force, what=counted(len(found), "draft"))


def _asked(url: str, question: Callable[[Drafts], Awaitable[T]]) -> T:
    """What the drafts in a database answer; raises StoreError."""
    import asyncio

    from bot.store.database import Database
    from bot.store.drafts import Drafts

    async def ask() -> T:
        database = await Database.open(url)
        try:
            return await question(Drafts(database))
        finally:
            await database.close()

    return asyncio.run(ask())
