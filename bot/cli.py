"""The command line: `deephypebot run`, `chat`, `hype`, `song`, `links`, `titles`, `bench`, and groups of other files."""

# Each command imports what it needs when it runs, so that none waits for the libraries of another.
# ruff: noqa: PLC0415

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands.db import db
from bot.commands.door import FAILED, Door, number, print_json
from bot.commands.drafts import drafts
from bot.commands.options import config_option, json_option, settings_of
from bot.commands.setup import setup
from bot.commands.votes import votes

if TYPE_CHECKING:
    from bot.links import Platform
    from bot.songs.titles.parser import VideoTitle

_PLATFORM_NAMES = ("discord", "slack", "plain")
_BENCHES = ("replies", "songs", "chat")


@click.group(
    cls=Door,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="deephypebot", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Answers a shared song with a line or two of commentary, written by a model that runs on this computer.

    \b
    deephypebot chat                                     talk with it here
    deephypebot run                                      talk on Discord and Slack
    deephypebot hype "Rick Astley - Never Gonna Give You Up"
    deephypebot hype https://youtu.be/dQw4w9WgXcQ --n 3 --seed 7 --praise 2
    deephypebot COMMAND --help                           what a command takes, with examples
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


main.add_command(db)
main.add_command(setup)
main.add_command(drafts)
main.add_command(votes)


@main.command(short_help="Talk with the bot in this terminal.")
@config_option
def chat(file: Path | None) -> None:
    """Talk with the bot: paste song links or names, vote, ask again.

    \b
    deephypebot chat                                     then type help
    printf '%s\\n' "Queen - Bohemian Rhapsody" + why | deephypebot chat
    """
    settings = settings_of(file)
    import asyncio

    from bot import texts
    from bot.app import App
    from bot.curation.settings import PlaceSettings
    from bot.platforms.screen import Screen
    from bot.platforms.terminal import Terminal, typed

    screen = Screen(settings.terminal.width)
    with asyncio.Runner() as runner:
        app = runner.run(
            App.open(settings, defaults=PlaceSettings(praise=settings.reply.praise, cooldown_asked=0), memory=False)
        )
        try:
            terminal = Terminal(app.conversation, screen, person=settings.terminal.person)
            terminal.greet(app.mode, app.degraded)
            for line in typed(sys.stdin or io.StringIO()):
                if not runner.run(terminal.hear(line)):
                    break
        except KeyboardInterrupt:
            screen.say("")  # the line that was being typed ends here
        finally:
            runner.run(app.close())
    screen.say(texts.GOODBYE, "dim")


@main.command(short_help="Talk on Discord and Slack.")
@config_option
def run(file: Path | None) -> None:
    """Talk on every platform that is configured, until Ctrl-C or SIGTERM; README.md tells how to set them up.

    What the bot does stands on stderr, how it is at http://127.0.0.1:9754/healthz and /metrics. Replies that are under way
    when it stops are ended, there or at the next start; nothing is answered twice.

    \b
    deephypebot run                                      with ./config.toml
    deephypebot run --config /etc/deephypebot.toml
    DEEPHYPEBOT_DISCORD__TOKEN=... deephypebot run
    """
    settings = settings_of(file)
    import asyncio

    from bot.service import serve

    asyncio.run(serve(settings))


@main.command(short_help="Say something about one song.")
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--n", type=number("--n", int, 1, 10), metavar="N", default=1, show_default=True, help="How many different replies."
)
@click.option(
    "--seed",
    type=number("--seed", int, 0, 2**63 - 1),
    metavar="N",
    help="Number to start from; the same one gives the same text again.  [default: a random one, which is shown]",
)
@click.option(
    "--praise",
    type=number("--praise", float, 0, 10),
    metavar="X",
    help="From 0 (cool) to 10 (adoring).  [default: praise in [reply], 8]",
)
@json_option
@config_option
@click.pass_context
def hype(
    ctx: click.Context,
    query: tuple[str, ...],
    n: int,
    seed: int | None,
    praise: float | None,
    as_json: bool,
    file: Path | None,
) -> None:
    """Say something about one song: QUERY is a link to it (of several the first), or "Artist - Title".

    \b
    deephypebot hype spotify:track:4uLU6hMCjMI75M1A2tKUQC
    deephypebot hype "Daft Punk - Get Lucky" --n 3 --praise 10
    deephypebot hype "Daft Punk - Get Lucky" --seed 7 --json
    """
    settings = settings_of(file)
    import asyncio

    from bot.app import answered_once
    from bot.hype import songs_in

    song = songs_in(" ".join(query), "plain")[0]
    warmth = settings.reply.praise if praise is None else praise
    answer = asyncio.run(answered_once(settings, song, n=n, seed=seed, praise=warmth))
    if as_json:
        print_json(answer.as_dict())
        return
    from bot.platforms.screen import Screen

    screen = Screen(settings.terminal.width)
    screen.answer(answer)
    screen.say(f"seed {answer.seed}", "dim")
    if not answer.replies:
        ctx.exit(FAILED)


@main.command(short_help="Show what is known of a song, and from where.")
@click.argument("query", nargs=-1, required=True)
@json_option
@config_option
def song(query: tuple[str, ...], as_json: bool, file: Path | None) -> None:
    """Show everything that was found out about a song, from whom, how long each service took, and what failed.

    QUERY is a link (of several the first), or "Artist - Title". Services are asked as the settings say.

    \b
    deephypebot song https://youtu.be/dQw4w9WgXcQ
    deephypebot song "Portishead - Roads" --json
    """
    settings = settings_of(file)
    import asyncio

    from bot.app import found_out
    from bot.hype import songs_in

    found = asyncio.run(found_out(settings, songs_in(" ".join(query), "plain")[0]))
    if as_json:
        print_json(found.as_dict())
        return
    from bot import texts
    from bot.platforms.screen import Screen

    screen = Screen(settings.terminal.width)
    screen.say(found.song.line, "bold")
    screen.table(("", "", "from"), texts.facts(found.song))
    if found.calls:
        screen.say("")
        screen.table(("service", "step", "outcome", "ms", ""), texts.calls(found.calls))
    from bot.songs.services import mode

    for line in (texts.unknown(found.song), texts.took(found), mode(settings)):
        if line:
            screen.say(line, "dim")


@main.command(short_help="Show the music links in a message.")
@click.argument("text", required=False)
@click.option("--file", "source", type=click.Path(allow_dash=True), help="JSON lines to read; - is standard input.")
@click.option(
    "--platform", type=click.Choice(_PLATFORM_NAMES), default="plain", show_default=True, help="Whose markup TEXT has."
)
@json_option
def links(text: str | None, source: str | None, platform: Platform, as_json: bool) -> None:
    """Show the Spotify and YouTube links in a message: in TEXT, or in every line of a file.

    A line of the file is an object {"id", "platform", "text"}; with --json one line {"id", "links"} comes out for it,
    and one object {"links"} for TEXT. All lines are read before anything is printed: the first bad one ends the
    command with exit status 2 and is named.

    \b
    deephypebot links "listen: https://youtu.be/dQw4w9WgXcQ"
    deephypebot links --json --platform discord "||https://youtu.be/dQw4w9WgXcQ||"
    deephypebot links --json --file messages.jsonl
    """
    from bot.links import find_links
    from bot.messages import Message, as_dicts, read_messages

    if text is not None and source is None:
        messages = [Message("", platform, text)]
    elif source is not None and text is None:
        messages = read_messages(source)
    else:
        raise click.UsageError("Give either a TEXT or --file FILE, and only one of them.")
    found = [(message.id, find_links(message.text, message.platform)) for message in messages]
    if as_json:
        for name, shared in found:
            print_json(({"id": name} if source else {}) | {"links": as_dicts(shared)})
        return
    from bot.platforms.screen import Screen

    rows = [(str(name), link.service, link.kind, link.url) for name, shared in found for link in shared]
    first = 0 if source else 1
    Screen(200).table(("message", "service", "kind", "address")[first:], [row[first:] for row in rows])


@main.command(short_help="Show what a video's title is read as.")
@click.argument("title", required=False)
@click.option("--author", metavar="CHANNEL", help="The name of the channel that TITLE stands on.")
@click.option("--file", "source", type=click.Path(allow_dash=True), help="JSON lines to read; - is standard input.")
@json_option
def titles(title: str | None, author: str | None, source: str | None, as_json: bool) -> None:
    """Show artist, song, version and guests in a video's title, or that it is no music: in TITLE, or in a file's lines.

    A line of the file is an object {"id", "title", "author"}; with --json one line {"id", "artist", "song", "version",
    "featuring", "is_music", "confidence"} comes out for it, and one without an id for TITLE. All lines are read before
    anything is printed: the first bad one ends the command with exit status 2 and is named.

    \b
    deephypebot titles "Queen – Bohemian Rhapsody (Official Video Remastered)" --author "Queen Official"
    deephypebot titles --json --file videos.jsonl
    """
    from dataclasses import asdict

    from bot.messages import Video, read_videos
    from bot.songs.titles.parser import parse_title

    if title is not None and source is None:
        videos = [Video("", title, author or "")]
    elif source is not None and title is None and author is None:
        videos = read_videos(source)
    else:
        raise click.UsageError("Give either a TITLE (and its --author) or --file FILE, and only one of them.")
    read = [(video.id, parse_title(video.title, video.author)) for video in videos]
    if as_json:
        for name, each in read:
            print_json(({"id": name} if source else {}) | asdict(each))
        return
    from bot.platforms.screen import Screen

    first = 0 if source else 1
    rows = [(str(name), *_title_row(each)) for name, each in read]
    columns = ("video", "artist", "song", "version", "featuring", "sure")
    Screen(200).table(columns[first:], [row[first:] for row in rows])


def _title_row(title: VideoTitle) -> tuple[str, ...]:
    """What a title was read as, as texts for a table."""
    artist = (title.artist or "") if title.is_music else "(no music)"
    return artist, title.song or "", title.version or "", ", ".join(title.featuring), f"{title.confidence:.0%}"


@main.command(short_help="Measure speed and size on this computer.")
@click.option(
    "--only", type=click.Choice(_BENCHES), help="Measure only the model, finding songs out, or talking on Discord and Slack."
)
@json_option
@config_option
def bench(only: str | None, as_json: bool, file: Path | None) -> None:
    """Measure start, reply, memory and size on this computer, how fast songs are found out, and how soon people get replies
    on Discord and Slack, alone and in crowds; takes some three minutes.

    No outside service is asked: stand-ins on this computer answer for them after 100 ms, and are Discord and Slack.

    \b
    deephypebot bench
    deephypebot bench --only chat
    deephypebot bench --json > bench.json
    """
    settings = settings_of(file)
    import asyncio

    from bot.bench import chat, replies, songs

    figures: dict[str, Any] = {"schema": replies.SCHEMA}
    rows: list[tuple[str, str]] = []
    if only in {None, "replies"}:
        figures |= replies.measure(settings, file)
        rows += replies.rows(figures)
    for name, part in (("songs", songs), ("chat", chat)):
        if only in {None, name}:
            figures[name] = asyncio.run(part.measure(settings))
            rows += part.rows(figures[name])
    if as_json:
        print_json(figures)
        return
    from bot.platforms.screen import Screen

    Screen(settings.terminal.width).table(("figure", "value"), rows)
