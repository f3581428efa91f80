"""Voting: set, change, withdraw; one vote for each person and reply; what survives and what leaves."""

import asyncio
import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.curation.vote_sheet import COLUMNS, as_csv
from bot.curation.votes import Ballot, Cast, Sign, after
from bot.errors import StoreError
from bot.store.database import Database
from bot.store.replies import Replies
from bot.store.votes import Tally, Votes
from tests.bot.store.kept import a_reply, url_of

PEOPLE = ("ann", "bob", "cem")
REPLIES = ("one", "two")
MEMORY = "sqlite+aiosqlite:///:memory:"


async def ballot_in(database: Database) -> Ballot:
    """A ballot on two replies, at half past twelve."""
    for name in REPLIES:
        await Replies(database).keep(a_reply(name))
    return Ballot(Votes(database), lambda: datetime(2026, 11, 21, 12, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("current", "sign", "then"), [(None, 1, 1), (None, -1, -1), (1, 1, None), (-1, -1, None), (1, -1, -1), (-1, 1, 1)]
)
def test_a_press_sets_changes_or_withdraws(current: int | None, sign: Sign, then: int | None) -> None:
    assert after(current, sign) == then


async def test_the_tally_follows_one_persons_changes_of_mind() -> None:
    database = await Database.open(MEMORY)
    ballot = await ballot_in(database)
    casts = [await ballot.press("ann", "one", sign) for sign in (1, -1, -1, 1)]
    assert casts == [Cast(1, Tally(1, 0)), Cast(-1, Tally(0, 1)), Cast(None, Tally(0, 0)), Cast(1, Tally(1, 0))]
    await database.close()


presses = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(REPLIES), st.sampled_from((1, -1))), max_size=12)


@settings(max_examples=20, deadline=None)
@given(presses)
def test_any_presses_leave_one_vote_for_each_person_and_reply(pressed: list[tuple[str, str, Sign]]) -> None:
    async def play() -> None:
        database = await Database.open(MEMORY)
        ballot = await ballot_in(database)
        held: dict[tuple[str, str], int | None] = {}
        for person, reply, sign in pressed:
            before = held.get((person, reply))
            held[person, reply] = None if before == sign else sign
            cast = await ballot.press(person, reply, sign)
            on_it = [vote for (_, voted), vote in held.items() if voted == reply]
            assert cast == Cast(held[person, reply], Tally(on_it.count(1), on_it.count(-1)))
        left = sorted((reply, vote) for (_, reply), vote in held.items() if vote is not None)
        assert sorted((line["reply"], line["vote"]) for line in await ballot.export()) == left
        await database.close()

    asyncio.run(play())


async def test_presses_at_the_same_time_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    database = await Database.open(url_of(tmp_path / "bot.sqlite3"))
    ballot = await ballot_in(database)
    casts = await asyncio.gather(*(ballot.press("ann", "one", 1) for _ in range(9)))
    assert sorted(cast.tally.up for cast in casts) == [0] * 4 + [1] * 5
    await database.close()


async def test_votes_survive_a_restart(tmp_path: Path) -> None:
    first = await Database.open(url_of(tmp_path / "bot.sqlite3"))
    ballot = await ballot_in(first)
    await ballot.press("ann", "one", 1)
    await ballot.press("bob", "one", -1)
    await first.close()
    second = await Database.open(url_of(tmp_path / "bot.sqlite3"))
    assert await Votes(second).tally("one") == Tally(1, 1)
    await second.close()


async def test_a_vote_on_no_reply_is_refused() -> None:
    database = await Database.open(MEMORY)
    ballot = await ballot_in(database)
    with pytest.raises(StoreError, match="There is no reply 'three' to vote on"):
        await ballot.press("ann", "three", 1)
    assert await ballot.export() == []
    await database.close()


async def test_the_export_says_what_was_voted_on_and_not_by_whom() -> None:
    database = await Database.open(MEMORY)
    ballot = await ballot_in(database)
    await ballot.press("somebody-in-particular", "one", -1)
    exported = await ballot.export()
    assert exported == [
        {
            "schema": 1,
            "reply": "one",
            "candidate": {
                "text": "Bright drums.",
                "scores": {"fluency": 0.5},
                "bundle": {"name": "tiny", "version": "1", "device": "cpu"},
            },
            "seed": 2**63 - 1,
            "conditions": {"genres": ["art pop"], "praise": 8.0},
            "vote": -1,
            "at": "2026-11-21T12:30:00.000+00:00",
        }
    ]
    assert "somebody" not in json.dumps(exported)
    await database.close()


async def test_a_spreadsheet_has_a_row_for_each_vote_and_no_formula() -> None:
    database = await Database.open(MEMORY)
    ballot = await ballot_in(database)
    reply = a_reply("three", text='=HYPERLINK("x"), she said')
    reply.scores = {"total": 0.25}
    await Replies(database).keep(reply)
    for name in ("one", "three"):
        await ballot.press("somebody-in-particular", name, -1)
    mark, text = b"\xef\xbb\xbf", as_csv(await ballot.export())
    assert text.startswith(mark)
    columns, one, three = csv.reader(text.removeprefix(mark).decode().splitlines())
    assert columns == list(COLUMNS)
    assert one[1:] == ["-1", "one", "Bright drums.", "", "", "art pop", "8.0", "", str(2**63 - 1), "tiny 1"]
    assert three[3] == """'=HYPERLINK("x"), she said"""
    assert three[8] == "0.25"
    await database.close()
