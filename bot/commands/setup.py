"""The commands that help to set the bot up: `deephypebot setup discord` and `setup slack`."""

# Each command imports what it needs when it runs, so that none waits for the libraries of another.
# ruff: noqa: PLC0415

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import click

from bot.commands.options import config_option, settings_of

_DISCORD = """\
Open this link, choose a server that you manage, and say yes:

{invite}

Then run `deephypebot run`."""
_CONTENT = """\
To hear links in messages the bot needs the message-content intent: switch it on under "Bot", "Privileged Gateway Intents"
at https://discord.com/developers/applications/{application}/bot (or set message_content = false in [discord])."""
_NO_APPLICATION = (
    "Which application? Set token in [discord], or give the number that stands as Application ID under "
    '"General Information" at https://discord.com/developers/applications.'
)


@click.group(short_help="What to paste at Discord and Slack.", invoke_without_command=True)
@click.pass_context
def setup(ctx: click.Context) -> None:
    """Print what has to be pasted at Discord and at Slack; README.md tells the whole way.

    \b
    deephypebot setup discord                            the link that invites the bot
    deephypebot setup slack > manifest.yaml              the manifest of the app
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@setup.command(short_help="The link that invites the bot to a server.")
@click.argument("application", required=False)
@config_option
def discord(application: str | None, file: Path | None) -> None:
    """Print the link that adds the bot to a server with the permissions it needs.

    APPLICATION is the number of the bot's application; without it, it is read from the token in [discord].

    \b
    deephypebot setup discord
    deephypebot setup discord 1234567890123456789
    """
    settings = settings_of(file)
    from bot.platforms.on_discord.commands import invite

    number = application or application_of(settings.discord.token.get_secret_value())
    if not (number.isascii() and number.isdecimal() and 15 <= len(number) <= 20):
        raise click.UsageError(_NO_APPLICATION)
    click.echo(_DISCORD.format(invite=invite(number)))
    if settings.discord.message_content:
        click.echo()
        click.echo(_CONTENT.format(application=number))


@setup.command(short_help="The manifest of the Slack app.")
@click.option("--address", metavar="URL", help="Where Slack reaches the bot, for mode http: https:// and your host.")
@config_option
def slack(address: str | None, file: Path | None) -> None:
    """Print the app's manifest for "Create New App", "From a manifest" at https://api.slack.com/apps, as [slack] says.

    \b
    deephypebot setup slack
    deephypebot setup slack --address https://bot.example.org
    """
    settings = settings_of(file)
    from bot.platforms.on_slack.setup import manifest

    if settings.slack.mode == "http" and not (address or "").startswith("https://"):
        raise click.UsageError(
            'mode is "http" in [slack]: give --address, the https:// address under which Slack reaches the bot.'
        )
    if settings.slack.mode == "socket" and address:
        raise click.UsageError('mode is "socket" in [slack], which needs no --address: leave it out, or set mode = "http".')
    click.echo(manifest(settings.slack, (address or "").rstrip("/")))


def application_of(token: str) -> str:
    """The application's number, which a Discord token begins with; "" where that cannot be read."""
    first = token.strip().partition(".")[0]
    try:
        return base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
