"""Whole conversations in Slack: the real bot through real Bolt, in both modes, with the stand-in for Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp

from bot.platforms.on_slack.setup import DOMAINS, events, manifest, scopes
from bot.platforms.slack import register
from bot.settings import SlackSettings
from bot.stand_ins.slack import Channel, Message, User
from bot.stand_ins.slack.faults import ratelimited
from inference.bundle import Bundle
from tests.bot.stand_ins.slack_app import client_of
from tests.scenarios.slack_evening import AHA, RICK, RICK_LINE, Evening, readable, slack_evening

Start = Callable[..., AbstractAsyncContextManager[Evening]]
both = pytest.mark.parametrize("way", ["socket", "http"])


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
def evening(tiny: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """An evening, before the bot comes."""
    return lambda **chosen: slack_evening(tiny, tmp_path, monkeypatch, **chosen)


def button(message: Message, name: str) -> str:
    """The action id of a button that is on a message."""
    assert f"dhb:{name}" in str(message.blocks)
    return f"dhb:{name}"


@both
async def test_a_link_is_answered_in_its_thread_and_emoji_are_votes(evening: Start, way: str) -> None:
    async with evening(way=way) as at, at.bot():
        message, reply = await at.shared(f"This! {RICK}")
        assert RICK_LINE in readable(reply.text)
        assert (reply.thread_ts, reply.unfurl_links, reply.unfurl_media) == (message.ts, False, False)
        assert at.slack.pings_in(reply) == []
        await at.slack.reacts(at.ann, reply, "fire")
        await at.slack.reacts(at.ben, reply, "-1")
        await at.counted(1, -1)
        await at.slack.unreacts(at.ben, reply, "-1")
        await at.slack.presses(at.ben, reply, button(reply, "up"))
        await at.counted(1, 1)
        assert "Counted as a plus" in await at.told(at.ben)
        # Slack did not hear in time, or thinks so.
        [shared] = at.slack.deliveries("link_shared")
        await at.slack.retry(shared)
        await at.slack.says(at.ann, at.music, "Nothing to hear here, https://example.com")
        await at.slack.settled()
    assert at.replies(message) == [reply]
    assert len(at.slack.said()) == 1
    assert at.health.state == "down"


async def test_votes_of_bots_and_emoji_without_meaning_do_not_count(evening: Start) -> None:
    async with evening() as at, at.bot():
        _, reply = await at.shared()
        other = at.slack.add_user("other", is_bot=True)
        await at.slack.reacts(other, reply, "+1")
        await at.slack.reacts(at.ben, reply, "eyes")
        await at.slack.reacts(at.ann, reply, "+1")
        await at.counted(1)
        await at.slack.reacts(other, reply, "-1")
        await at.slack.settled()
        await at.counted(1)


async def test_links_that_are_typed_or_come_from_bots_or_elsewhere_are_not_answered(evening: Start) -> None:
    async with evening() as at, at.bot():
        await at.slack.types(at.ann, RICK)
        await at.slack.says(at.slack.add_user("other", is_bot=True), at.music, RICK)
        away = at.slack.add_channel("away", [at.ann], with_bot=False)
        await at.slack.says(at.ann, away, RICK)
        await at.shared(AHA)
    assert len(at.slack.said()) == 1


@both
async def test_with_messages_an_edit_that_adds_a_link_counts_once_and_a_deletion_takes_the_reply(
    evening: Start, way: str
) -> None:
    async with evening(way=way, messages=True) as at, at.bot():
        message = await at.slack.says(at.ann, at.music, "Wait for it")
        await at.slack.edits(message, f"Here: {RICK}")
        await at.reply(message)
        await at.slack.unfurls(message)
        await at.slack.edits(message, f"Here it is: {RICK}")
        _, other = await at.shared(AHA)
        assert len(at.replies(message)) == 1
        await at.slack.deletes(message)
        await at.slack.until(lambda: at.slack.said() == [other])
        # A reply that a moderator deletes is gone, too, and nobody can vote on it.
        await at.slack.deletes(other)
        await at.slack.until(lambda: not at.slack.said())


async def test_who_mentions_the_bot_is_answered(evening: Start) -> None:
    async with evening(messages=True) as at, at.bot():
        me = f"<@{at.slack.bot.id}>"
        named = await at.slack.says(at.ann, at.music, f"{me} a-ha - Take On Me")
        assert "Take On Me" in (await at.reply(named)).text
        message, _ = await at.shared()
        await at.slack.says(at.ben, at.music, f"{me} what about this?", thread=message)
        assert RICK_LINE in readable((await at.reply(message, 1)).text)
        await at.slack.says(at.ben, at.music, me)
        assert await at.told(at.ben)


async def test_in_private_everything_is_asked(evening: Start) -> None:
    async with evening() as at, at.bot():
        dm = at.slack.dm(at.ann)
        message = await at.slack.says(at.ann, dm, "rick astley - never gonna give you up")
        assert RICK_LINE in readable((await at.reply(message)).text)
        result = await at.slack.slash(at.ann, dm, "/hype", "settings praise 3")
        await at.slack.until(lambda: result.later)
        await at.slack.says(at.ann, dm, RICK)
        await at.slack.until(lambda: len(at.slack.said(dm)) == 2)
        # What is set in private holds there alone.
        other = await at.slack.slash(at.ann, at.music, "/hype", "settings praise")
        await at.slack.until(lambda: other.later)
    assert "3" in result.later[0].text
    assert "8" in other.later[0].text


@both
async def test_the_command_does_all_that_it_says(evening: Start, way: str) -> None:
    async with evening(way=way) as at, at.bot():

        async def asks(text: str, where: Channel = at.music) -> str:
            result = await at.slack.slash(at.ann, where, "/hype", text)
            assert result.acked
            assert result.shown is None
            await at.slack.until(lambda: result.later or len(at.slack.said()) > before)
            return readable(result.later[0].text) if result.later else ""

        before = 0
        assert "/hype" in await asks("")
        assert await asks("song a-ha - Take On Me") == ""
        await at.sent(1)
        before = 1
        assert await asks("again") == ""
        assert [RICK_LINE in readable(each.text) for each in at.slack.said()] == [False, False]
        before = 2
        assert await asks(RICK) == ""
        assert RICK_LINE in readable(at.slack.said()[2].text)
        before = 3
        assert await asks(f"blend {RICK} {AHA}") == ""
        before = 4
        assert "two songs" in await asks("blend")
        assert "mode" in await asks("settings")
        assert "manage" in await asks("settings mode off")
        assert "privacy" in await asks("privacy")
        assert await asks("privacy out")
        assert await asks("privacy in")
        assert await asks("top ever")
        assert len(at.slack.said()) == 4


async def test_an_admin_sets_and_blocks(evening: Start) -> None:
    async with evening() as at, at.bot():
        at.administers(at.ann)

        async def asks(text: str, user: User | None = None) -> str:
            result = await at.slack.slash(user or at.ann, at.music, "/hype", text)
            await at.slack.until(lambda: result.later)
            return readable(result.later[0].text)

        for forbidden in ("settings passive off", "block artist Nirvana", "reset"):
            assert "manage" in await asks(forbidden, at.ben)
        assert "Nirvana" not in await asks("blocked")
        assert "off" in await asks("settings passive off here")
        await at.slack.says(at.ann, at.music, RICK)
        assert "Nirvana" in await asks("block artist Nirvana")
        assert "Nirvana" in await asks("blocked")
        assert await asks("unblock artist Nirvana")
        assert "only <#C1" in await asks(f"settings channels only <#{'C1'}|music>")
        assert await asks("reset")
    assert at.slack.said() == []


async def test_the_shortcut_hypes_a_message(evening: Start) -> None:
    async with evening() as at, at.bot():
        parent = await at.slack.says(at.ann, at.music, "Songs, please")
        message = await at.slack.says(at.ben, at.music, "a-ha - Take On Me", thread=parent)
        result = await at.slack.shortcut(at.ann, message, "hype_this")
        assert result.acked
        assert "Take On Me" in (await at.reply(parent)).text
        empty = await at.slack.says(at.ben, at.music, "hm")
        again = await at.slack.shortcut(at.ann, empty, "hype_this")
        await at.slack.until(lambda: again.later or at.replies(empty))


async def test_buttons_say_why_go_again_and_remove(evening: Start) -> None:
    async with evening() as at, at.bot():
        message, reply = await at.shared()
        await at.slack.presses(at.ben, reply, button(reply, "why"))
        assert "seed" in await at.told(at.ben)
        await at.slack.presses(at.ben, reply, button(reply, "again"))
        other = await at.reply(message, 1)
        await at.slack.presses(at.ben, other, button(other, "remove"))
        assert await at.told(at.ben, number=2)
        assert reply in at.slack.said()
        await at.slack.presses(at.ann, reply, button(reply, "remove"))
        await at.slack.until(lambda: reply not in at.slack.said())


@both
async def test_curators_choose_edit_and_reject(evening: Start, way: str) -> None:
    async with evening(way=way) as at, at.bot():
        at.administers(at.ben)
        cara = at.slack.add_user("cara")
        desk = at.slack.add_channel("desk", [at.ben, cara])
        for text in (f"curators_channel <#{desk.id}|desk>", f"curators <@{cara.id}|cara>", "mode review"):
            result = await at.slack.slash(at.ben, desk, "/hype", f"settings {text}")
            await at.slack.until(lambda result=result: result.later)
        message = await at.slack.says(at.ann, at.music, RICK)
        [draft] = await at.slack.until(lambda: at.slack.said(desk))
        assert at.slack.said(at.music) == []
        await at.slack.presses(cara, draft, button(draft, "edit"))
        view = await at.slack.until(lambda: at.slack.view_of(cara))
        assert (await at.slack.submits(cara, view, {"text": {"line": " "}})).errors["text"].startswith("The text is empty")
        long = {"text": {"line": "Nobody gives this song up. " * 30}}
        assert "600 are the most" in (await at.slack.submits(cara, view, long)).errors["text"]
        done = await at.slack.submits(cara, view, {"text": {"line": "Nobody gives this song up."}})
        assert (done.fault, done.errors, done.view) == ("", {}, None)
        assert "Nobody gives this song up." in readable((await at.reply(message)).text)
        second = await at.slack.says(at.ann, at.music, AHA)
        other = (await at.slack.until(lambda: at.slack.said(desk)[1:]))[0]
        seen, nobody = other.blocks, at.slack.add_user("nobody")
        await at.slack.presses(nobody, other, button(other, "approve.1"))
        assert "curator" in await at.told(nobody, desk)
        assert at.replies(second) == []
        await at.slack.presses(cara, other, "dhb:approve.1")
        await at.slack.presses(at.ben, other, "dhb:approve.1", seen=seen)
        await at.reply(second)
        assert "Too late" in await at.told(at.ben, desk, number=4)
        assert len(at.replies(second)) == 1
        third = await at.slack.says(at.ann, at.music, "https://youtu.be/DyDfgMOUjCI")
        last = (await at.slack.until(lambda: at.slack.said(desk)[2:]))[0]
        await at.slack.presses(cara, last, button(last, "reject"))
        await at.slack.until(lambda: "dhb:approve.1" not in str(last.blocks))
        assert at.replies(third) == []


async def test_what_is_under_way_when_the_bot_stops_is_finished_and_not_said_twice(evening: Start) -> None:
    async with evening() as at:
        async with at.bot():
            at.slack.fail("chat.postMessage", ratelimited(1))
            at.pauses.waits_for = asyncio.Event()
            message = await at.slack.says(at.ann, at.music, RICK)
            await at.slack.until(lambda: at.pauses)
            asyncio.get_running_loop().call_later(0.1, at.pauses.waits_for.set)  # when it has been told to stop
        assert len(at.replies(message)) == 1
        late = await at.slack.says(at.ann, at.music, AHA)
        async with at.bot():
            await at.reply(late)  # Slack has kept it
            [shared, _] = at.slack.deliveries("link_shared")
            await at.slack.retry(shared)
            await at.slack.settled()
        assert len(at.slack.said()) == 2


async def test_votes_that_came_while_the_bot_was_off_are_counted(evening: Start) -> None:
    async with evening() as at:
        async with at.bot():
            _, reply = await at.shared()
            await at.slack.reacts(at.ann, reply, "fire")
            await at.counted(1)
        at.slack.app.events = frozenset()  # what happens now is told to nobody
        await at.slack.unreacts(at.ann, reply, "fire")
        await at.slack.reacts(at.ben, reply, "-1")
        await at.slack.reacts(at.slack.add_user("other", is_bot=True), reply, "+1")
        async with at.bot():
            await at.counted(-1)


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")  # slack-sdk's own, for the client's secret
async def test_a_second_workspace_installs_the_app_and_leaves(evening: Start, database_url: str) -> None:
    several = {"bot_token": "", "client_id": "1111.2222", "client_secret": "made-up-client-secret", "url": database_url}
    async with evening(way="http", **several) as at, at.bot():
        base = at.slack.app.request_url.removesuffix("/slack/events")
        at.slack.app.redirect_uri = f"{base}/slack/oauth_redirect"
        other = at.slack.add_workspace("other")
        cat = at.slack.add_user("cat", other)
        songs = at.slack.add_channel("songs", [cat], workspace=other)
        early = await at.slack.says(cat, songs, RICK)
        await at.slack.settled()
        for workspace in (at.slack.workspace, other):
            assert "Thank you" in await installs(base, workspace.id)
        message = await at.slack.says(cat, songs, AHA)
        await at.reply(message)
        await at.shared()
        assert {call.token for call in at.slack.calls_of("chat.postMessage")} == {at.slack.bot_token, other.bot_token}
        assert at.replies(early) == []
        await at.slack.uninstalls(other)
        await at.slack.settled()
        await at.slack.says(cat, songs, RICK)
        assert "Thank you" in await installs(base, other.id)
        await at.reply(await at.slack.says(cat, songs, RICK))


async def installs(base: str, team: str) -> str:
    """What somebody sees at the end of letting the app into their workspace."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/slack/install", params={"team": team}) as page:
            cookie = page.headers["Set-Cookie"].partition(";")[0]
            link = "http" + (await page.text()).partition('href="http')[2].partition('"')[0].replace("&amp;", "&")
        async with session.get(link, allow_redirects=False) as agreed:
            back = agreed.headers["Location"]
        async with session.get(back, headers={"Cookie": cookie}) as done:
            assert done.status == 200
            return await done.text()


async def test_an_app_with_commands_of_its_own_keeps_them_beside_ours(evening: Start) -> None:
    async with evening(way="http", messages=True) as at, aiohttp.ClientSession() as session, at.talk() as conversation:
        app = AsyncApp(client=client_of(at.slack, session), signing_secret=at.slack.app.signing_secret)
        heard: list[str] = []

        @app.command("/weather")
        async def weather(ack: Any) -> None:
            await ack("Sunny.")

        @app.event("message")
        async def message(event: dict[str, Any]) -> None:
            heard.append(event.get("text", ""))

        ours = register(app, conversation, command="/song", messages=True)
        await ours.ready()
        runner = aiohttp.web.AppRunner(app.web_app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        at.slack.app.request_url = "http://{}:{}/slack/events".format(*runner.addresses[0][:2])
        try:
            told = (await at.slack.slash(at.ann, at.music, "/weather")).shown
            assert told
            assert told.text == "Sunny."
            await at.shared()
            assert (await at.slack.slash(at.ann, at.music, "/song", AHA)).acked
            await at.slack.until(lambda: len(at.slack.said()) == 2)
            assert RICK.split("?")[0] in heard[0]
        finally:
            await runner.cleanup()
            await ours.close()


def test_the_manifest_asks_for_what_the_bot_uses_and_no_more() -> None:
    for mode in ("socket", "http"):
        for messages in (False, True):
            shown = manifest(SlackSettings(mode=mode, messages=messages))
            asked = [line.strip().removeprefix("- ").strip('"') for line in shown.splitlines()]
            assert {*scopes(messages), *events(messages), *DOMAINS} <= {*asked}
            assert ("channels:history" in asked) == messages
            assert ("socket_mode_enabled: true" in asked) == (mode == "socket")
            assert ("https://bot.example/slack/oauth_redirect" in asked) == (mode == "http")
    assert len(DOMAINS) == 5
