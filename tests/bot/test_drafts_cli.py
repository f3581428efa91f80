"""`deephypebot drafts`: what curators decided as a table, a spreadsheet and JSON lines, with no person and no formula in it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

import bot.commands.drafts
from bot.cli import main
from bot.conversation.draft_sheet import COLUMNS
from bot.songs.song import Song
from bot.store.database import Database
from bot.store.drafts import Drafts, DraftState
from bot.store.posts import Posts
from bot.store.tables import KeptDraft, KeptDraftEvent
from bot.store.votes import MessageVote, Votes
from tests.bot.store.kept import a_post, a_reply, at

SONG = Song(title="=HYPERLINK(1)", artists=("Kate Bush",), genres=("art pop",), ids={"youtube": "dQw4w9WgXcQ"})
PEOPLE = ("discord:ann", "discord:cur", "discord:bob")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a new database, in an empty folder, which the command uses."""
    address = f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3"
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", address)
    monkeypatch.chdir(tmp_path)
    return address


def candidate(text: str, total: float) -> dict[str, Any]:
    return {"text": text, "seed": 7, "scores": {"total": total}}


async def fill(url: str) -> None:
    """An evening's drafts: one approved in its second round and voted on, one edited, one open in private, one rejected."""
    database = await Database.open(url)
    drafts, posts = Drafts(database), Posts(database)

    async def draft(name: str, minutes: int, candidates: list[dict[str, Any]], **made: Any) -> None:
        scope = "discord:dm7" if name == "private" else "discord:g"
        place = "discord::dm7" if name == "private" else "discord:g:cur"
        await posts.claim(a_post(name, scope=scope, minutes=minutes))
        kept = KeptDraft(
            id=f"d{name}", post=name, scope=scope, place=place, candidates=candidates, expires=at(999), at=at(minutes)
        )
        kept.made = {"song": SONG.as_dict(), "conditions": {}, "bundle": {"name": "tiny"}, "seed": 7, "rejected": {}} | made
        assert await drafts.create(kept, "song")

    async def does(name: str, expected: DraftState, new: DraftState, minutes: int, **changes: Any) -> None:
        event = KeptDraftEvent(draft=f"d{name}", at=at(minutes), who="discord:cur", what=new)
        assert await drafts.transition(f"d{name}", [expected], new, event, **changes)

    await draft(
        "one", 0, [candidate("-2+3 drums", -1.5), candidate('Glass, "clear"\nbells.', 2)], rounds=[[candidate("@x", 0)]]
    )
    await does("one", "open", "approved", 1, chosen=1, round=2, by="discord:cur")
    assert await posts.sending("one", a_reply("r1"), "song")
    assert await posts.sent("one", "ours")
    await Votes(database).write([MessageVote("ours", f"discord:{who}", vote, at()) for who, vote in (("ann", 1), ("bob", -1))])
    await does("one", "approved", "posted", 1)
    await draft("two", 10, [candidate("\ud800\x00Deep\x1b[2J <title>.", 1)])
    await does("two", "open", "edited", 12, text="\t=cmd|' /C calc'!A0")
    await draft("private", 20, [candidate("＝1 Soft.", 1)])
    await draft("three", 30, [candidate("Loud.", 1)])
    await does("three", "open", "rejected", 31)
    await database.close()


def run(*arguments: str) -> Result:
    """What the command answers."""
    return CliRunner().invoke(main, ["drafts", *arguments], prog_name="deephypebot")


def test_the_newest_are_listed_first_with_what_won_or_is_the_best_so_far(url: str) -> None:
    asyncio.run(fill(url))
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == ["made", "state", "round", "song", "text"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["2026-11-21", "12:30", "rejected", "1"],
        ["2026-11-21", "12:20", "open", "1"],
        ["2026-11-21", "12:10", "edited", "1"],
        ["2026-11-21", "12:00", "posted", "2"],
    ]
    assert lines[4].endswith('Kate Bush — =HYPERLINK(1)  Glass, "clear" bells.')
    assert "Loud" not in lines[1]
    assert "Soft." in lines[2]
    assert len(run("list", "--limit", "2").stdout.splitlines()) == 3
    assert "posted" in run("list", "--state", "posted").stdout
    assert run("list", "--state", "expired").stdout == "There is no draft in the state expired.\n"


def test_a_spreadsheet_has_a_row_for_each_candidate_and_no_formula(url: str, tmp_path: Path) -> None:
    asyncio.run(fill(url))
    assert run("export", "--output", "drafts.csv").stdout == "Wrote 'drafts.csv': 4 drafts.\n"
    written = (tmp_path / "drafts.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbfdraft,made,")
    assert written == run("export").stdout_bytes
    assert not [who for who in PEOPLE if who.encode() in written]
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    told = [(row["draft"], row["round"], row["candidate"], row["text"], row["chosen"], row["up"], row["down"]) for row in rows]
    assert told == [
        ("done", "1", "1", "'@x", "", "", ""),
        ("done", "2", "1", "'-2+3 drums", "", "", ""),
        ("done", "2", "2", 'Glass, "clear"\nbells.', "yes", "1", "1"),
        ("dtwo", "1", "1", "Deep [2J this song.", "", "", ""),
        ("dtwo", "1", "edited", "'=cmd|' /C calc'!A0", "yes", "", ""),
        ("dprivate", "1", "1", "'＝1 Soft.", "", "", ""),
        ("dthree", "1", "1", "Loud.", "", "", ""),
    ]
    assert rows[1]["score"] == "-1.5"  # a number, which is no formula
    assert {row["title"] for row in rows} == {"'=HYPERLINK(1)"}
    assert {row["community"] for row in rows} == {"discord:g", "discord:"}
    assert rows[0]["address"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert [rows[number]["decided"] for number in (0, 3, 5, 6)] == [at(1), at(12), "", at(31)]


def test_json_lines_tell_everything_but_who(url: str) -> None:
    asyncio.run(fill(url))
    result = run("export", "--format", "jsonl")
    lines = [json.loads(line) for line in result.stdout_bytes.splitlines()]
    assert [line["draft"] for line in lines] == ["done", "dtwo", "dprivate", "dthree"]
    first = lines[0]
    assert list(first)[:5] == ["schema", "draft", "scope", "state", "round"]
    assert (first["chosen"], first["posted"], first["earlier"][0][0]["text"]) == (1, {"reply": "r1", "up": 1, "down": 1}, "@x")
    assert Song.from_dict(first["song"]) == SONG
    assert [event["what"] for event in first["events"]] == ["created", "approved", "posted"]
    assert lines[1]["posted"] is None
    assert "discord:cur" not in result.stdout
    assert "dm7" not in result.stdout


def test_a_file_is_replaced_only_by_force_and_written_whole(url: str, tmp_path: Path) -> None:
    there = tmp_path / "drafts.csv"
    there.write_text("mine")
    refused = run("export", "--output", "drafts.csv")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "'drafts.csv' is there already; name another file, or replace it with --force.\n"
    assert there.read_text() == "mine"
    assert run("export", "--output", "drafts.csv", "--force").stdout == "Wrote 'drafts.csv': 0 drafts.\n"
    assert there.read_bytes().decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"
    nowhere = run("export", "--output", "nowhere/drafts.csv")
    assert (nowhere.exit_code, nowhere.stderr.count("\n")) == (2, 1)
    assert "cannot be written (No such file or directory)" in nowhere.stderr
    assert {each.name.partition("-")[0] for each in tmp_path.iterdir()} == {"drafts.csv", "bot.sqlite3"}


def test_the_help_teaches_and_knows_every_state(url: str) -> None:
    assert "deephypebot drafts export --output drafts.csv" in run().stdout
    assert set(get_args(bot.commands.drafts._State)) == set(get_args(DraftState))
    refused = run("list", "--state", "lost")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert run("list", "--limit", "0").stderr == "--limit is '0', but must be a whole number from 1 to 10000.\n"
    assert run("list").stdout == "There is no draft.\n"
