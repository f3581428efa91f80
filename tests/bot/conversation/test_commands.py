"""Commands: who may do what, what holds afterwards, what is told; and that a fault is told instead of raised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot import texts
from bot.conversation.commands import Commands, Private
from bot.conversation.context import Context
from bot.conversation.conversation import Conversation
from bot.conversation.delivery import EDITED
from bot.conversation.explaining import REJECTED, SCORES, why
from bot.conversation.telling import HELP, MOST, fit
from bot.conversation.voting import Voting
from bot.curation.learning import NOTHING, Correction
from bot.curation.settings import KEYS
from bot.errors import StoreError
from bot.platforms.cards import size
from bot.platforms.outlet import Asker, Place
from bot.songs.song import AudioFeatures, Song
from bot.store.database import Database
from bot.store.tables import KeptBlock, KeptDraft, KeptPost, KeptReply, KeptUncounted
from bot.store.votes import MessageVote, Tally
from inference.checks import GATES
from inference.ranking import Weights

PLACE = Place("discord", "1", "10")
BOSS = Asker(PLACE, "discord:boss", "k1", manages=True)
ANN = Asker(PLACE, "discord:ann", "k2", roles=("55",))
PRIVATE = Asker(Place("discord", "", "99"), "discord:ann", "k3")
THREAD = replace(BOSS, place=Place("discord", "1", "77"), parent="10")
SONG = Song(
    title="Get Lucky",
    artists=("Daft Punk",),
    genres=("disco", "funk"),
    features=AudioFeatures(tempo=116.0, energy=0.81),
    ids={"spotify": "2WfaOiMkCvy7F5fcp2zZ8L", "isrc": "USQX91300108"},
    sources={"title": "Spotify", "artists": "Spotify", "genres": "MusicBrainz", "features": "ReccoBeats", "ids": "query"},
)


class Evening:
    """The commands over a real database, with a clock of their own."""

    def __init__(self, database: Database) -> None:
        self.now = datetime(2026, 11, 21, 20, tzinfo=UTC)
        self.context = Context(None, database, clock=lambda: self.now)  # type: ignore[arg-type] # no command makes a reply
        self.commands = Commands(self.context)

    async def said(self, name: str, song: Song = SONG, *, votes: int = 0, place: Place = PLACE, **kept: Any) -> KeptReply:
        """A reply that was posted as message NAME for ann, with so many votes for it (below zero: against it)."""
        context = self.context
        link = f"https://open.spotify.com/track/{name}"
        post = KeptPost(
            id=name, source=name, link=link, place=str(place), scope=place.scope, at=context.at(), person=ANN.person
        )
        reply = KeptReply(
            id=f"reply-{name}",
            at=context.at(),
            channel=str(place),
            scope=place.scope,
            seed=7,
            **{
                "text": f"Text {name}.",
                "song": song.as_dict(),
                "conditions": {"praise": 8.0},
                "bundle": {"name": "tiny", "version": "1"},
                "scores": {"fit": 1.0, "weakest": -4.0},
                **kept,
            },
        )
        assert await context.posts.claim(post)
        assert await context.posts.sending(name, reply, "song")
        assert await context.posts.sent(name, name)
        sign = 1 if votes > 0 else -1
        cast = [MessageVote(name, f"discord:p{each}", sign, context.at(), "👍") for each in range(abs(votes))]
        await context.votes.write(cast)
        return reply


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[Evening]:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3", patience=0.01)
    yield Evening(database)
    await database.close()


# --- settings --------------------------------------------------------------------------------------------------


async def test_everybody_may_look_at_the_settings(evening: Evening) -> None:
    listed = await evening.commands.settings(ANN)
    assert listed.startswith("What holds in this channel:\nmode: auto\npassive: on\n")
    assert all(f"\n{key}: " in listed for key in KEYS)
    assert await evening.commands.settings(ANN, "Praise") == (
        "praise is 8. How warmly to write, from 0 (cool) to 10 (adoring). "
        'It may be a number from 0 to 10, such as 8; "default" undoes it.'
    )
    assert await evening.commands.settings(ANN, "prase") == 'There is no setting "prase"; did you mean praise?'


async def test_only_those_who_manage_a_place_set_it_and_in_private_everybody(evening: Evening) -> None:
    refused = "Only those who manage this server can change its settings."
    assert await evening.commands.settings(ANN, "praise", "3") == refused
    assert await evening.commands.settings(BOSS, "praise", "3") == "praise is now 3 in all of this server."
    assert await evening.commands.settings(PRIVATE, "praise", "1") == "praise is now 1 in our conversation."
    assert [(await evening.context.settings(place)).praise for place in (PLACE, PRIVATE.place)] == [3, 1]
    slack = replace(ANN, place=Place("slack", "T", "C"))
    assert await evening.commands.settings(slack, "praise", "3") == refused.replace("server", "workspace")


async def test_a_channel_may_differ_from_its_community_and_says_so(evening: Evening) -> None:
    settings = evening.commands.settings
    assert await settings(BOSS, "window", "2h", here=True) == "window is now 2h in this channel."
    told = await settings(BOSS, "window", "3h")
    assert told.startswith("window is now 3h in all of this server. But this channel keeps its own, 2h: ")
    elsewhere = replace(PLACE, channel="20")
    assert [(await evening.context.settings(place)).window for place in (PLACE, elsewhere)] == [7200, 10_800]
    assert "\nwindow: 2h (set for this channel)\n" in await settings(ANN)
    assert "\nwindow: 2h (set for the channel of this thread)\n" in await settings(THREAD)
    assert await settings(THREAD, "window", "1h", here=True) == "window is now 1h in this thread."
    assert await settings(BOSS, "window", "default", here=True) == "window is no longer set for this channel: 3h holds."
    assert await settings(BOSS, "window", "default") == "window is no longer set for this server: 1d holds."
    assert await evening.context.wishes.settings(PLACE.scope) == {}


async def test_what_concerns_a_whole_community_is_not_set_for_a_channel(evening: Evening) -> None:
    assert await evening.commands.settings(BOSS, "channels", "only <#10>", here=True) == (
        "channels concerns all of this server and cannot be set for one channel: set it for all of it."
    )
    assert await evening.context.wishes.settings(str(PLACE)) == {}


async def test_a_review_without_a_channel_for_curators_says_what_is_missing(evening: Evening) -> None:
    settings = evening.commands.settings
    told = await settings(BOSS, "mode", "review")
    assert told.startswith("mode is now review in all of this server. I still need a channel where curators see the drafts")
    assert "I still need a channel" in await settings(ANN)
    assert await settings(BOSS, "praise", "3") == "praise is now 3 in all of this server."
    assert await settings(BOSS, "curators_channel", "<#50>") == "curators_channel is now <#50> in all of this server."
    assert "I still need" in await settings(BOSS, "curators_channel", "none", here=True)


async def test_what_cannot_be_is_refused_and_nothing_is_kept(evening: Evening) -> None:
    for key, value, said in [
        ("praise", "11", 'praise is "11", but must be a number from 0 to 10'),
        ("up", "👎", "👎 cannot count both ways: take it out of down first."),
        ("quiet", "22-7", "the time zone is missing"),
        ("mode", "x" * 5000, "mode is longer than 4096 characters"),
    ]:
        assert said in await evening.commands.settings(BOSS, key, value)
    assert await evening.context.wishes.settings(PLACE.scope) == {}


async def test_in_slack_curators_are_people_and_that_is_told(evening: Evening) -> None:
    boss = replace(BOSS, place=Place("slack", "T1", "C1"))
    assert "(set for" not in await evening.commands.settings(boss, "curators")
    assert "each as @person" in await evening.commands.settings(boss, "curators")
    for group in ("<!subteam^S012ABC|@djs>", "S012ABC", "<@U1> <!subteam^S012ABC>"):
        assert "is a group: in Slack name people" in await evening.commands.settings(boss, "curators", group)
    assert await evening.context.wishes.settings("slack:T1") == {}
    assert (await evening.commands.settings(boss, "curators", "<@U1SAB> <@W2>")).startswith("curators is now ")
    assert (await evening.commands.settings(BOSS, "curators", "<@&55>")).startswith("curators is now ")


async def test_settings_that_cannot_be_read_are_told_and_can_be_mended(evening: Evening) -> None:
    settings, wishes = evening.commands.settings, evening.context.wishes
    for key, value in (("quiet", "nonsense"), ("mode", {"deep": [None]})):
        await wishes.set(PLACE.scope, key, value, None, evening.context.at())  # type: ignore[arg-type] # what no program writes
    assert "\nquiet: cannot be read (set for this server)\n" in await settings(ANN)
    broken = (
        'I cannot read what is set and stay silent until somebody sets it again: mode is "?", but must be auto, review or off.'
    )
    assert await settings(ANN, "mode") == f'{broken} "default" undoes it.'
    assert broken in await settings(BOSS, "praise", "3")
    await settings(BOSS, "mode", "default")
    assert await settings(BOSS, "quiet", "off") == "quiet is now off in all of this server."
    assert (await evening.context.settings(PLACE)).praise == 3


# --- blocks ----------------------------------------------------------------------------------------------------


async def test_curators_block_and_unblock_however_it_is_written(evening: Evening) -> None:
    commands = evening.commands
    refused = 'Only curators can do that: those who manage this place say who they are with "/hype settings curators".'
    assert await commands.block(ANN, "artist", "Daft Punk") == await commands.unblock(ANN, "artist", "x") == refused
    await commands.settings(BOSS, "curators", "<@&55>")
    told = 'From now on I keep quiet about songs by "Daft Punk" in all of this server.'
    assert await commands.block(ANN, "artist", "Daft Punk") == told
    assert await commands.block(ANN, "Artists", "DAFT PUNK") == 'The artist "DAFT PUNK" is blocked already.'
    assert (await commands.block(BOSS, "word", "moist")).startswith('From now on I do not say "moist"')
    assert (await evening.context.blocks(PLACE.scope)).blocked_song(SONG) == "Daft Punk"
    for asker in (replace(ANN, roles=()), replace(ANN, place=Place("discord", "1", "10"), roles=("7",))):
        assert await commands.blocked(asker) == refused
    assert await commands.blocked(ANN) == "Artists that I keep quiet about: Daft Punk.\nWords that I keep quiet about: moist."
    assert await commands.unblock(ANN, "artist", "daft punk") == 'The artist "Daft Punk" is no longer blocked.'
    assert await commands.unblock(ANN, "artist", "daft punk") == (
        'The artist "daft punk" is not blocked: "/hype blocked" lists all that are.'
    )
    assert (await evening.context.blocks(PLACE.scope)).blocked_song(SONG) is None
    assert await commands.block(BOSS, "genre", "x") == 'I can block a word or an artist, but no "genre".'
    assert "stands in nearly every text" in await commands.block(BOSS, "word", "the")
    assert (await commands.blocked(PRIVATE)).startswith("Nothing is blocked in our conversation.")


async def test_curators_of_one_channel_block_nothing_for_all(evening: Evening) -> None:
    await evening.commands.settings(BOSS, "curators", "<@&55>", here=True)
    assert (await evening.context.settings(PLACE)).curators == ("55",)
    for told in (
        await evening.commands.block(ANN, "word", "moist"),
        await evening.commands.unblock(ANN, "word", "moist"),
        await evening.commands.blocked(ANN),
    ):
        assert told.startswith("Only curators can do that")
    assert await evening.context.wishes.blocks(PLACE.scope) == {}


async def test_blocks_that_cannot_be_read_together_can_be_taken_out(evening: Evening) -> None:
    async with evening.context.database.session() as session:
        session.add_all(KeptBlock(scope=PLACE.scope, kind="word", value=f"word{n}", by=None, at="") for n in range(501))
    assert "500 are the most: take some out" in await evening.commands.blocked(BOSS)
    assert await evening.commands.unblock(BOSS, "word", "WORD7") == 'The word "word7" is no longer blocked.'
    listed = await evening.commands.blocked(BOSS)
    assert size(listed) <= MOST
    assert listed.endswith(" more.")


# --- people's own data -----------------------------------------------------------------------------------------


async def test_a_person_opts_out_and_in(evening: Evening) -> None:
    wishes = evening.context.wishes
    assert (await evening.commands.privacy(ANN, "out")).startswith("From now on I never answer songs that you share")
    assert await wishes.opted_out(ANN.person)
    assert "Your wish not to be answered, since 21 Nov 2026." in await evening.commands.privacy(ANN, "show")
    await evening.commands.privacy(ANN, "in")
    assert not await wishes.opted_out(ANN.person)
    assert await evening.commands.privacy(ANN, "show") == "I keep nothing about you."
    odd: Any = "everything"
    assert 'not "everything"' in await evening.commands.privacy(ANN, odd)


async def test_what_is_kept_of_a_person_is_shown_and_erased(evening: Evening) -> None:
    context = evening.context
    for number in range(12):
        await evening.said(f"m{number}")
    await context.votes.write(
        [MessageVote("m0", ANN.person, 1, context.at(), "👍"), MessageVote("m1", ANN.person, -1, context.at())]
    )
    await context.change_setting(PLACE.scope, "praise", "3", ANN.person)
    await context.wishes.block(PLACE.scope, "word", "moist", ANN.person, context.at())
    shown = await evening.commands.privacy(ANN, "show")
    assert "2 votes on replies of mine: against on 21 Nov 2026, for on 21 Nov 2026." in shown
    assert "12 songs that you shared or asked for: https://open.spotify.com/track/m" in shown
    assert ", and 7 older." in shown
    assert "1 place where you changed settings last: for this server on 21 Nov 2026." in shown
    assert '1 block of yours: the word "moist" on 21 Nov 2026.' in shown
    assert not any(id_ in shown for id_ in (ANN.person, "reply-m0", PLACE.scope))
    assert await evening.commands.privacy(replace(ANN, person="discord:bob"), "show") == "I keep nothing about you."

    await evening.commands.privacy(ANN, "out")
    erased = await evening.commands.privacy(ANN, "erase")
    assert "16 entries in all. My replies stay" in erased
    assert 'Your wish not to be answered stays too: "/hype privacy in" takes it back.' in erased
    assert (await context.replies.get("reply-m0")) is not None
    assert (await context.votes.tally("reply-m0")) == Tally(0, 0)
    assert (await evening.commands.privacy(ANN, "erase")).startswith("I kept nothing about you that could be erased.")


async def test_erased_votes_do_not_come_back_from_reactions(evening: Evening) -> None:
    await evening.said("m1", votes=1)
    voting = Voting(evening.context)
    shown = {"discord:p0": ["👍"], "discord:p1": ["👍"]}
    told = await evening.commands.privacy(replace(ANN, person="discord:p0"), "erase")
    assert "I keep for 14 days a fingerprint of your id" in told
    await voting.read_back("m1", shown)
    assert await evening.context.votes.on("reply-m1") == {"discord:p1": 1}
    await voting.reacted("m1", "discord:p0", "👎", PLACE, added=True)
    assert (await evening.context.votes.on("reply-m1"))["discord:p0"] == -1
    evening.now += timedelta(days=15)
    await Conversation(evening.context).tidy()
    async with evening.context.database.reading() as session:
        assert (await session.scalars(select(KeptUncounted))).all() == []
    await voting.close()


async def test_erased_votes_teach_nothing_any_more(evening: Evening) -> None:
    await evening.said("m1", votes=1, scores={"words": 20.0})
    assert (await evening.context.learner.correction(PLACE.scope)).votes == 1
    await evening.commands.privacy(replace(ANN, person="discord:p0"), "erase")
    assert (await evening.context.learner.correction(PLACE.scope)).votes == 0


# --- the best, and how replies came about ----------------------------------------------------------------------


async def test_the_best_of_a_place_by_votes_without_what_is_blocked(evening: Evening) -> None:
    assert (await evening.commands.top(ANN, ever=True)).text.startswith(
        "No reply of mine in this channel has more votes for it"
    )
    await evening.said("old", votes=9)
    evening.now += timedelta(days=8)
    assert "from the last seven days" in (await evening.commands.top(ANN, ever=False)).text
    await evening.said("elsewhere", votes=9, place=Place("discord", "2", "1"))
    typed = Song(sources={"features.tempo": "Deezer"}, features=AudioFeatures(tempo=100.0))
    await evening.said("typed", typed, votes=8, text="On “<title>”, the <artist>’s voice glows.")
    await evening.said("moist", votes=7, text="A moist groove.")
    await evening.said("prince", Song(title="Kiss", artists=("Prince",)), votes=6)
    for votes in (5, 4, 3, 2, 1, -1):
        await evening.said(f"v{votes}", votes=votes)
    await evening.commands.block(BOSS, "word", "Moist")
    await evening.commands.block(BOSS, "artist", "Prince")
    card = await evening.commands.top(ANN, ever=False)
    assert (card.kind, card.title, card.reply, card.buttons) == ("notice", "", "", ())
    heading, *best = card.text.split("\n\n")
    assert heading == "What was liked best in this channel, the last seven days:"
    assert best[0] == "1. A song that somebody typed (I do not keep its name) (+8 −0)\nOn this song, this artist’s voice glows."
    assert best[1:] == [f"{n}. Daft Punk — Get Lucky (+{v} −0)\nText v{v}." for n, v in ((2, 5), (3, 4), (4, 3), (5, 2))]
    assert "1. Daft Punk — Get Lucky (+9 −0)\nText old." in (await evening.commands.top(ANN, ever=True)).text


async def test_the_best_are_from_channels_that_the_asker_sees(evening: Evening) -> None:
    for channel in ("10", "11", "12"):
        await evening.said(f"in{channel}", votes=2, place=replace(PLACE, channel=channel))
    for number in range(60):  # more than are looked at together
        await evening.said(f"hidden{number}", votes=3, place=replace(PLACE, channel="12"))
    adults = await evening.said("adults", votes=4)
    async with evening.context.database.session() as session:
        (await session.get_one(KeptPost, "adults")).nsfw = True
    own = await evening.commands.top(ANN, ever=True)
    assert ("Text in10." in own.text, own.text.count("Text ")) == (True, 1)
    some = (await evening.commands.top(replace(ANN, sees=lambda channel: channel != "12"), ever=True)).text
    assert some.startswith("What was liked best in the channels of this server that you see, ever:")
    assert ("Text in10." in some, "Text in11." in some, some.count("Text ")) == (True, True, 2)
    thread = (await evening.commands.top(replace(THREAD, manages=False), ever=True)).text
    assert thread.startswith("What was liked best in this thread, ever:\n\n1.")
    assert adults.text in (await evening.commands.top(replace(ANN, nsfw=True), ever=True)).text
    nothing = await evening.commands.top(replace(ANN, place=replace(PLACE, channel="13")), ever=True)
    assert nothing.text.startswith("No reply of mine in this channel has more votes")


async def test_why_tells_what_was_known_how_it_was_chosen_and_what_votes_changed(evening: Evening) -> None:
    scores = {"fit": 1.0, "weakest": -4.0, "community": 0.4, "total": 2.0}
    reply = await evening.said("m1", votes=2, scores=scores, rejected={"novelty": 2, "too short": 3, "?": 1})
    assert (await evening.commands.why(ANN, reply.id)).splitlines() == [
        "Daft Punk — Get Lucky",
        "From Spotify: title Get Lucky; artists Daft Punk.",
        "From MusicBrainz: genres disco, funk.",
        "From ReccoBeats: energy 0.81; tempo 116 BPM.",
        "My model (tiny 1) wrote candidates with seed 7 and praise 8 of 10.",
        "I rejected 6 of them: 3 had too few words, 2 repeated eight words in a row of what I learnt from and 1 failed at ?.",
        "Of the rest this one had the most points. What counted for it: it fits this song alone (+1.3). "
        "What counted against it: some of its words surprise (−0.6).",
        "I have learnt from 2 votes by 2 people here, but that changes hardly anything so far. "
        "That gave this reply +0.4 points.",
        "This reply has 2 votes for it and 0 against it.",
    ]
    assert await evening.commands.why(ANN, "") == await evening.commands.why(ANN, reply.id)
    assert await evening.commands.why(PRIVATE, reply.id) == texts.NO_SUCH_REPLY
    assert await evening.commands.why(PRIVATE, "") == texts.NOTHING_YET


def test_why_says_what_was_not_known_and_what_people_did() -> None:
    reply = KeptReply(id="r", at="", channel="", text="<title> glows.", song={}, seed=1, conditions={}, bundle={}, scores={})
    learnt = Correction({"warmth": 2.0, "words": -0.01}, votes=1, people=1, replies=1)
    told = why(reply, learnt, Tally(1, 0)).splitlines()
    assert told[:2] == ["A song that somebody typed (I do not keep its name)", "I did not know its genres or audio features."]
    assert told[3] == "How many others were rejected was not kept."
    assert "this place likes warmer words (+0.58) and shorter sentences (+0.04)." in told[4]
    draft = KeptDraft(id="d", post="p", scope="", place="", candidates=[{}, {}], expires="", at="")
    reply.rejected = {}
    told = why(reply, NOTHING, Tally(0, 0), draft).splitlines()
    assert told[2].endswith("A curator chose this one of 2 candidates.")
    assert told[3:] == [
        "None of the others had to be rejected.",
        "Votes have not changed what I choose here yet.",
        "This reply has 0 votes for it and 0 against it.",
    ]
    reply.bundle = {EDITED: "curator"}
    assert why(reply, NOTHING, Tally(0, 0), draft).splitlines()[2].endswith("A curator then put it into other words.")


def test_every_score_and_every_reason_has_plain_words() -> None:
    assert set(REJECTED) == {*GATES, "unfinished", "duplicate"}
    assert set(SCORES) == set(asdict(Weights()))


anything = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(), st.lists, max_leaves=4)
tables = st.dictionaries(
    st.sampled_from(["fit", "community", "words", "novelty", "praise", "name"]) | st.text(max_size=5), anything
)


@settings(max_examples=60)
@given(tables, tables, tables, tables, st.none() | tables, st.text(max_size=50))
def test_why_breaks_on_nothing_that_a_database_holds(
    song: Any, conditions: Any, bundle: Any, scores: Any, rejected: Any, text: str
) -> None:
    reply = KeptReply(
        id="r",
        at="",
        channel="",
        text=text,
        song=song,
        seed=1,
        conditions=conditions,
        bundle=bundle,
        scores=scores,
        rejected=rejected,
    )
    assert size(why(reply, NOTHING, Tally(0, 0))) <= MOST


def test_why_fits_into_a_message_whatever_is_known() -> None:
    long = Song(
        title="𝒯" * 200,
        artists=tuple(f"{n} {'a' * 90}" for n in range(30)),
        genres=tuple(f"{n} {'g' * 90}" for n in range(30)),
    )
    rejected = dict.fromkeys(REJECTED, 10**9)
    scores = {name: sign * 1e300 for name, sign in zip(SCORES, (1, -1) * 6, strict=True)}
    reply = KeptReply(id="r", at="", channel="", text="", song=long.as_dict(), seed=1, conditions={}, bundle={}, scores=scores)
    reply.rejected = rejected
    told = why(reply, NOTHING, Tally(10**9, 0))
    assert size(told) <= MOST
    assert told.endswith("This reply has 1000000000 votes for it and 0 against it.")


# --- the rest --------------------------------------------------------------------------------------------------


async def test_what_was_learnt_is_forgotten_by_those_who_manage(evening: Evening) -> None:
    await evening.said("m1", votes=3, scores={"words": 20.0})
    assert (await evening.context.learner.correction(PLACE.scope)).votes == 3
    assert await evening.commands.reset(ANN) == "Only those who manage this server can do that."
    evening.now += timedelta(minutes=1)
    assert (await evening.commands.reset(BOSS)).startswith(
        "I have forgotten what the votes in all of this server have taught me."
    )
    assert (await evening.context.learner.correction(PLACE.scope)).votes == 0
    assert (await evening.context.votes.tally("reply-m1")) == Tally(3, 0)


async def test_a_database_that_fails_is_told_and_nothing_is_raised(evening: Evening, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = "The database cannot be used."

    def fails(*_: Any) -> Any:
        raise StoreError(failing)

    monkeypatch.setattr(evening.context.database, "session", fails)
    monkeypatch.setattr(evening.context.database, "reading", fails)
    commands = evening.commands
    told = [
        await commands.settings(BOSS),
        await commands.settings(BOSS, "praise", "3"),
        await commands.block(BOSS, "word", "moist"),
        await commands.unblock(BOSS, "word", "moist"),
        await commands.blocked(BOSS),
        await commands.reset(BOSS),
        *[await commands.privacy(BOSS, what) for what in get_args(Private)],
        (await commands.top(BOSS, ever=True)).text,
        await commands.why(BOSS, "r"),
    ]
    assert set(told) == {failing}


async def test_a_fault_of_ours_is_told_plainly_and_logged(
    evening: Evening, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(evening.context, "privacy", None)
    assert await evening.commands.privacy(ANN, "show") == texts.FAULT
    assert "A command could not be carried out." in caplog.text


@pytest.mark.parametrize("platform", HELP)
def test_help_fits_into_a_message(platform: str, evening: Evening) -> None:
    assert evening.commands.help(platform) == HELP[platform]
    assert size(HELP[platform]) <= MOST
    assert evening.commands.help("terminal") == texts.HELP


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=300), max_size=30))
def test_lists_fit_and_say_how_many_are_left_out(lines: list[str]) -> None:
    told = fit(lines, "The end.")
    assert size(told) <= MOST
    assert told.endswith("The end.")
    shown = told.split("\n")[:-1]
    if shown != lines:
        assert shown[-1] == f"… and {len(lines) - len(shown) + 1} more."
