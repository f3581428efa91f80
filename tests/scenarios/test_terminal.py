"""Whole conversations in the terminal: lines in, text out, with a real model and a real database."""

import asyncio
import io
import itertools
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bot.app import App, exported_votes
from bot.config import Settings, load
from bot.curation.settings import PlaceSettings
from bot.hype import Hype
from bot.platforms.screen import Screen
from bot.platforms.terminal import Terminal, typed
from bot.songs.resolver import Resolver
from bot.store.database import Database
from inference.bundle import Bundle
from inference.commentary import Commentator

RICK = "Rick Astley — Never Gonna Give You Up"
RICK_LINK = "https://youtu.be/dQw4w9WgXcQ"
FOOTER = "dance pop, new wave pop, europop · high energy · 113 BPM · machine-written"
WIDTH = 76
AT_HOME = PlaceSettings(cooldown_asked=0)  # as `deephypebot chat` has it


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
def home(made_bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to talk in; the database stands in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3")
    monkeypatch.setenv("DEEPHYPEBOT_TERMINAL__WIDTH", str(WIDTH))
    return tmp_path


async def converse(app: App, chosen: Settings, lines: Sequence[str]) -> list[str]:
    """What one conversation prints, for each line (and for the greeting before them)."""
    page = io.StringIO()
    terminal = Terminal(app.conversation, Screen(chosen.terminal.width, Console(file=page)), person=chosen.terminal.person)
    terminal.greet(faults=app.degraded)
    shown = []
    for line in ("", *typed(io.StringIO("\n".join(lines)))):
        stays = await terminal.hear(line)
        shown.append(page.getvalue())
        page.seek(0)
        page.truncate()
        if not stays:
            break
    return shown


async def talk(*lines: str) -> list[str]:
    """A conversation as `deephypebot chat` has it, from opening to closing."""
    chosen = load()
    app = await App.open(chosen, defaults=AT_HOME, memory=False)
    try:
        return await converse(app, chosen, lines)
    finally:
        await app.close()


def commentary(shown: str) -> str:
    """What was said about a song, without its line above and its footer below."""
    lines = shown.strip().splitlines()
    return " ".join(
        line.rstrip() for line in lines[1 : next(i for i, line in enumerate(lines) if line.endswith("machine-written"))]
    )


async def test_a_whole_conversation(home: Path) -> None:
    greeting, helped, song, up, again, down, changed, withdrawn, why, left = await talk(
        "help", f"listen to this {RICK_LINK}!", "+", "again", "-", "+", "+", "why", "quit", "never heard"
    )
    assert greeting == 'Paste a song link or type "Artist - Title"; "help" tells the rest.\n'
    assert all(word in helped for word in ("again", "why", "quit", "vote"))
    assert song.splitlines()[0] == RICK
    assert song.splitlines()[-2] == FOOTER
    assert commentary(song)
    assert again.splitlines()[0] == RICK
    assert commentary(again) != commentary(song)
    assert (up, down) == ("Counted as a plus: +1 −0 so far.\n", "Counted as a minus: +0 −1 so far.\n")
    assert (changed, withdrawn) == ("Counted as a plus: +1 −0 so far.\n", "Vote withdrawn: +0 −0 so far.\n")
    explained = " ".join(why.split())
    assert "From the sample catalogue: title Never Gonna Give You Up; album" in explained
    assert "My model (tiny 1) wrote candidates with seed " in explained
    assert "This reply has 1 vote for it and 0 against it." not in explained  # it was withdrawn
    assert left == ""


async def test_several_links_in_one_message_are_each_answered_in_order(home: Path) -> None:
    _, shown = await talk(f"{RICK_LINK} and spotify:track:2WfaOiMkCvy7F5fcp2zZ8L or {RICK_LINK}")
    assert [line for line in shown.splitlines() if " — " in line] == [RICK, "a-ha — Take On Me"]


async def test_more_links_than_a_message_may_have_are_told(home: Path) -> None:
    links = " ".join(f"https://youtu.be/{index:011}" for index in range(7))
    _, shown = await talk(links)
    assert shown.count("machine-written") == 5
    assert "I took the first 5 of 7 links" in shown


async def test_a_song_that_nobody_knows_is_answered_and_the_reply_says_what_was_not_known(home: Path) -> None:
    _, named, linked = await talk("Nobody - Nothing", "https://youtu.be/00000000000")
    assert named.splitlines()[0] == "Nobody — Nothing"
    assert "machine-written · I did not know its genres or audio features.\n" in named
    assert linked.splitlines()[0] == "Unknown song"
    assert "I did not know its artist, title, genres or audio features." in " ".join(linked.split())


def everything_in(folder: Path) -> bytes:
    """All bytes of all files in a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_nothing_that_people_type_is_kept(home: Path) -> None:
    await talk("my name is Wilhelmina Secretive", "Wilhelmina - my Secretive password", "again")
    assert b"replies" in everything_in(home)
    assert b"ecretive" not in everything_in(home)
    assert b"ilhelmina" not in everything_in(home)


async def test_an_address_is_never_taken_for_a_name(home: Path) -> None:
    _, shown = await talk("https://example.org/private?token=abc")
    assert " ".join(shown.split()).startswith(
        "This address is no Spotify or YouTube link to one song, album or artist: give a song link or"
    )


async def test_before_anything_was_said_there_is_nothing_to_vote_on_explain_or_vary(home: Path) -> None:
    _, *shown = await talk("+", "-", "why", "again")
    assert all(text.startswith("I have not said anything yet") for text in shown)


async def test_bad_input_is_told_and_the_conversation_goes_on(home: Path) -> None:
    _, dashes, long, song = await talk("---", "x" * 5000, RICK_LINK)
    assert dashes.startswith("The query is empty")
    assert "at most 300 are read" in long
    assert song.startswith(RICK)


async def test_votes_survive_a_restart_and_what_was_said_is_not_said_again(
    home: Path, tiny: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_TERMINAL__PERSON", "somebody-in-particular")
    chosen = load()
    url = chosen.store.url.get_secret_value()
    said = []
    for sign in ("+", "-"):  # the seed is the same each time, so that only memory can make a difference
        hype = Hype(Resolver.offline(), Commentator(tiny), waiting=1, deadline=30, seeds=lambda: 7)
        app = App(chosen, hype, await Database.open(url), defaults=AT_HOME)
        said.append(commentary((await converse(app, chosen, (RICK_LINK, sign)))[1]))
        await app.close()
    exported = await exported_votes(url)
    assert [vote["vote"] for vote in exported] == [1, -1]
    assert [vote["candidate"]["text"] for vote in exported] == said
    assert said[0] != said[1]
    assert "somebody" not in str(exported)


async def test_a_broken_database_is_told_once_and_the_bot_talks_all_the_same(home: Path) -> None:
    (home / "bot.sqlite3").write_bytes(b"no database " * 100)
    greeting, first, second, vote = await talk(RICK_LINK, "again", "+")
    assert greeting.count("Votes are forgotten when you leave.") == 1
    assert "it is no database;" in greeting
    assert commentary(first)
    assert commentary(second)
    assert "Votes" not in first + second
    assert vote == "Counted as a plus: +1 −0 so far.\n"


async def test_a_database_that_gets_locked_meanwhile_is_told_and_used_again_when_free(home: Path, tiny: Bundle) -> None:
    chosen = load()
    database = await Database.open(chosen.store.url.get_secret_value(), patience=0.01)
    hype = Hype(Resolver.offline(), Commentator(tiny), waiting=1, deadline=30)
    app = App(chosen, hype, database, defaults=AT_HOME)
    page = io.StringIO()
    terminal = Terminal(app.conversation, Screen(WIDTH, Console(file=page)), person="me")
    holder = sqlite3.connect(home / "bot.sqlite3")
    holder.execute("BEGIN EXCLUSIVE")
    for line in ("", RICK_LINK, "again", "+"):
        await terminal.hear(line)
    assert page.getvalue().count("My memory fails at the moment") == 2
    assert page.getvalue().count("machine-written") == 2
    assert "I have not said anything yet" in page.getvalue()  # that can be voted on
    holder.close()
    await terminal.hear("again")
    await terminal.hear("+")
    assert page.getvalue().endswith("Counted as a plus: +1 −0 so far.\n")
    await app.close()


async def test_when_every_candidate_is_rejected_the_bot_says_so(home: Path, tiny: Bundle) -> None:
    chosen = load()
    database = await Database.open(chosen.store.url.get_secret_value())
    # One candidate at a time: before long there is a seed with which nothing passes.
    seeds = itertools.count()
    hype = Hype(Resolver.offline(), Commentator(tiny, candidates=1), waiting=1, deadline=30, seeds=lambda: next(seeds))
    shown = await converse(App(chosen, hype, database, defaults=AT_HOME), chosen, (RICK_LINK, *["again"] * 30))
    silent = next(text for text in shown if "Nothing I could say" in text)
    assert "was good enough with seed" in silent
    await hype.close()
    await database.close()


def check_page(page: str) -> None:
    """No line wider than asked for, and nothing in it that could steer a terminal."""
    assert all(cell_len(line) <= WIDTH for line in page.splitlines())
    assert page.replace("\n", "").isprintable()


HOSTILE = (
    "[bold red]X[/bold red] - [link=example.org]Y[/link]",
    "\x1b]0;title\x07\x1b[2J - \x1b[31mY",
    "\u202eright to left\u2066 - Y",
    "漢字" * 60 + " - " + "かな" * 60,
    "👩‍👩‍👧‍👦" * 20 + " - :smile:",
    "Z̸̢̛a̷̕l̸g̷o̵" * 15 + " - Y",
    "X\ud800 - Y\ufffe",
    "word" * 70,
    "{0} %s \\n - $(reboot)",
)


async def test_hostile_names_are_shown_as_plain_text_of_the_right_width(home: Path) -> None:
    _, *shown = await talk(*HOSTILE, "why")
    assert sum("machine-written" in text for text in shown) == len(HOSTILE)
    check_page("".join(shown))


async def test_markup_in_a_name_is_shown_and_not_obeyed(home: Path) -> None:
    _, shown = await talk("[bold red]X[/bold red] - :smile:")
    assert shown.splitlines()[0] == "[bold red]X[/bold red] — :smile:"


@settings(max_examples=12, deadline=None)
@given(lines=st.lists(st.text(max_size=80) | st.sampled_from(["+", "-", "again", "why", "help"]), max_size=3))
def test_no_line_whatsoever_ends_a_conversation_with_an_error(lines: list[str], tiny: Bundle) -> None:
    async def play() -> str:
        hype = Hype(Resolver.offline(), Commentator(tiny, candidates=16), waiting=1, deadline=30, seeds=lambda: 5)
        database = await Database.open("sqlite+aiosqlite:///:memory:")
        app = App(Settings(), hype, database, defaults=AT_HOME)
        page = io.StringIO()
        terminal = Terminal(app.conversation, Screen(WIDTH, Console(file=page)), person="me")
        for line in lines:
            await terminal.hear(line)
        await app.close()
        return page.getvalue()

    check_page(asyncio.run(play()))


def test_an_endless_line_is_cut_and_the_next_one_is_whole() -> None:
    assert list(typed(io.StringIO("x" * 10_000 + "\nnext\nlast"))) == ["x" * 4000, "next\n", "last"]
