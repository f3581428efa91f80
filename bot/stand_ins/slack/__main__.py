"""Runs a Slack of one's own on this computer, to talk to the bot in it: `python -m bot.stand_ins.slack --help`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import click

from bot.stand_ins.slack.server import SlackStandIn
from bot.stand_ins.slack.world import App, Channel, User

_DOMAINS = "spotify.com,spotify.link,youtube.com,youtu.be"


@click.command()
@click.option("--domains", default=_DOMAINS, show_default=True, help="Whose links link_shared tells of, at most five.")
@click.option("--request-url", default=None, help="Where the bot takes signed requests; without it Socket Mode is used.")
def main(domains: str, request_url: str | None) -> None:
    """Be a Slack with one workspace, one channel, you and the bot.

    The first line printed is a JSON object with what the bot must know: api_base, bot_token, app_token, signing_secret. Every
    line on standard input is said in the channel, but "/command text" is a slash command, "+fire" gives the last thing that
    the bot said that emoji, "-fire" takes it back, and "!action_id" presses a button below it. What the bot says is printed.
    Ends with standard input.
    """
    try:
        app = App(domains=tuple(name for name in domains.split(",") if name), request_url=request_url)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    asyncio.run(_serve(app))


async def _serve(app: App) -> None:
    async with SlackStandIn(app=app) as slack:
        you = slack.add_user("you")
        music = slack.add_channel("music", [you])
        secrets = {"bot_token": slack.bot_token, "app_token": app.app_token, "signing_secret": app.signing_secret}
        print(json.dumps({"slack": {"api_base": slack.api_base, **secrets}}), flush=True)
        telling = asyncio.create_task(_tell(slack, music))
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                if line.strip():
                    await _do(slack, you, music, line.strip())
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling


async def _do(slack: SlackStandIn, you: User, music: Channel, line: str) -> None:
    """Do what a line says."""
    if line.startswith("/"):
        command, _, text = line.partition(" ")
        result = await slack.slash(you, music, command, text)
        if result.fault:
            print(f"Slack: {command} failed with the error {result.fault!r}.", flush=True)
        return
    last = [*slack.said(music), *slack.ephemeral(music)][-1:]
    if line[0] not in "+-!" or not last:
        await slack.says(you, music, line)
        return
    name = line[1:] or "+1"
    try:
        match line[0]:
            case "+":
                await slack.reacts(you, last[0], name)
            case "-":
                await slack.unreacts(you, last[0], name)
            case _:
                await slack.presses(you, last[0], name)
    except ValueError as error:
        print(f"Slack: {error}", flush=True)


async def _tell(slack: SlackStandIn, music: Channel) -> None:
    """Print what the bot says, changes and takes back."""
    shown: dict[str, str] = {}
    while True:
        now = {each.ts: each.text for each in (*slack.said(music), *slack.ephemeral(music))}
        for ts in sorted(shown.keys() | now.keys()):
            if shown.get(ts) != now.get(ts):
                print(f"bot: {now[ts]}" if ts in now else f"bot took back: {shown[ts]}", flush=True)
        shown = now
        await slack.changes.wait()


if __name__ == "__main__":
    main()
