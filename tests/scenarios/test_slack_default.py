"""Slack with the scopes of the default manifest: no history may be read, yet nothing is lost and nothing said twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.on_slack.api import WebApi
from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import Spot
from bot.platforms.on_slack.outlet import SlackOutlet
from bot.platforms.on_slack.recent import Recent
from bot.platforms.outlet import Card, Place
from bot.platforms.slack import register
from bot.stand_ins.slack import Channel, Message, SlackStandIn, faults
from bot.stand_ins.slack.outbox import CLOSED
from inference.bundle import Bundle
from tests.bot.stand_ins.slack_app import client_of, without_proxies
from tests.scenarios.slack_evening import AHA, RICK, RICK_LINE, Evening, lines, readable, slack_evening
from tests.scenarios.test_slack import button, installs

Start = Callable[..., AbstractAsyncContextManager[Evening]]
CARD = Card("notice", "", "", "Something to say.", "", "")


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
def evening(tiny: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """An evening, before the bot comes."""
    return lambda **chosen: slack_evening(tiny, tmp_path, monkeypatch, **chosen)


async def test_what_was_surely_not_posted_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    place = Place("slack", "T1", "C1")
    async with SlackStandIn() as slack:
        for base, fault, certain in (
            ("http://127.0.0.1:1/api/", None, True),
            ("http://nowhere.invalid/api/", None, True),
            (slack.api_base, faults.ratelimited(7200), True),
            (slack.api_base, faults.down(503), False),
        ):
            api = WebApi(AsyncWebClient(slack.bot_token, base_url=base), None, asyncio.sleep)
            if fault:
                slack.fail("chat.postMessage", fault)
            outlet = SlackOutlet(api)
            with pytest.raises(SlackError) as caught:
                await outlet.post(place, CARD, nonce="a")
            assert caught.value.certain == certain
            if certain:
                assert await outlet.find(place, "a") == ""
            await api.close()


@pytest.mark.parametrize("after", [False, True])
async def test_what_may_have_been_posted_is_not_posted_twice(
    evening: Start, after: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with evening() as at, at.bot():
        at.slack.fail("chat.postMessage", faults.down(), after=after)
        message = await at.slack.says(at.ann, at.music, RICK)
        await at.slack.until(lambda: [call for call in at.slack.calls_of("chat.postMessage") if call.status])
        await at.shared(AHA)
        await at.conversation.tidy()
        await at.conversation.tidy()
        assert len(at.replies(message)) == after
    assert len([line for line in lines(caplog) if "cannot be told" in line]) == 1


async def test_a_song_that_is_shared_while_the_bot_ends_is_answered_by_the_next(evening: Start) -> None:
    async with evening() as at:
        async with at.bot():
            await at.shared()
            await at.conversation.close(0)
            message = await at.slack.says(at.ann, at.music, AHA)
            await asyncio.wait_for(at.health.second.wait(), 5)
        [shared] = at.slack.deliveries("link_shared", about=message)
        assert (shared.acked, shared.attempts[-1].fault) == (False, CLOSED)
        async with at.bot():
            await at.slack.retry(shared)
            await at.reply(message)


async def test_over_http_too_slack_is_asked_to_tell_it_again(evening: Start) -> None:
    async with evening(way="http") as at, at.bot():
        await at.conversation.close(0)
        message = await at.slack.says(at.ann, at.music, RICK)
        [shared] = at.slack.deliveries("link_shared", about=message)
        await at.slack.until(lambda: shared.attempts[0].status)
        assert shared.attempts[0].status == 503


async def test_a_stop_right_after_a_reply_is_clean(evening: Start, caplog: pytest.LogCaptureFixture) -> None:
    async with evening() as at, at.bot():
        await at.slack.says(at.ann, at.music, RICK)
        await at.slack.until(at.slack.said)
    [shared] = at.slack.deliveries("link_shared")
    assert shared.acked
    assert lines(caplog, logging.ERROR) == []


async def unheard(at: Evening, channel: Channel) -> Message:
    """A message of ann's that Slack tells nobody of."""
    events, at.slack.app.events = at.slack.app.events, frozenset()
    message = await at.slack.says(at.ann, channel, RICK)
    at.slack.app.events = events
    return message


@pytest.mark.parametrize("first", ["link_shared", "app_mention"])
async def test_a_mention_of_a_song_that_was_answered_is_answered_in_either_order(evening: Start, first: str) -> None:
    async with evening() as at, at.bot():
        await at.shared()
        message = await unheard(at, at.music)
        same = {"channel": at.music.id, "user": at.ann.id}
        events = {
            "link_shared": {**same, "type": "link_shared", "message_ts": message.ts, "links": [{"url": RICK}]},
            "app_mention": {**same, "type": "app_mention", "ts": message.ts, "text": f"<@{at.slack.bot.id}> <{RICK}>"},
        }
        for kind in sorted(events, key=lambda kind: kind != first):
            await at.slack.settled(await at.slack.sends(events[kind]))
        assert len(at.replies(message)) == 1


async def test_a_link_in_private_is_asked_for_whichever_event_tells_of_it(evening: Start) -> None:
    async with evening() as at, at.bot():
        dm = at.slack.dm(at.ann)
        result = await at.slack.slash(at.ann, dm, "/hype", "settings passive off")
        await at.slack.until(lambda: result.later)
        message = await unheard(at, dm)
        event = {"type": "link_shared", "channel": dm.id, "user": at.ann.id, "message_ts": message.ts}
        await at.slack.sends({**event, "links": [{"url": RICK}]})
        assert RICK_LINE in readable((await at.reply(message)).text)


async def test_a_mention_below_a_link_means_the_link(evening: Start) -> None:
    async with evening() as at, at.bot():
        me = f"<@{at.slack.bot.id}>"
        message, reply = await at.shared()
        await at.slack.says(at.ben, at.music, f"{me} what about this?", thread=message)
        assert RICK_LINE in readable((await at.reply(message, 1)).text)
        assert reply in at.replies(message)
        other = await at.slack.says(at.ann, at.music, "A song that I only describe")
        await at.slack.says(at.ben, at.music, f"{me} and this?", thread=other)
        assert "channels:history" in await at.told(at.ben)
        assert at.replies(other) == []
        await at.slack.says(at.ben, at.music, f"{me} a-ha - Take On Me", thread=other)
        assert "Take On Me" in (await at.reply(other)).text


async def test_an_answer_in_a_thread_stays_in_it_after_a_restart(evening: Start) -> None:
    async with evening() as at:
        async with at.bot():
            root = await at.slack.says(at.ann, at.music, "Songs, please")
            child = await at.slack.says(at.ann, at.music, RICK, thread=root)
            reply = await at.reply(root)
        async with at.bot():
            await at.slack.presses(at.ben, reply, button(reply, "again"))
            assert (await at.reply(root, 1)).thread_ts == root.ts
            outlet = at.conversation._context.outlet("slack")
            place, answering = Place("slack", root.team, root.channel), str(Spot(root.team, root.channel, child.ts))
            await outlet.post(place, CARD, answering=answering, thread=root.ts)
            await at.reply(root, 2)
            assert {call.text("thread_ts") for call in at.slack.calls_of("chat.postMessage")} == {root.ts}


async def test_votes_are_read_back_patiently_and_gently(evening: Start) -> None:
    async with evening() as at:
        async with at.bot():
            replies = [(await at.shared(text))[1] for text in (RICK, AHA)]
        at.slack.app.events = frozenset()  # what happens now is told to nobody
        for reply in replies:
            await at.slack.reacts(at.ben, reply, "-1")
        at.slack.fail("reactions.get", faults.ratelimited(60))
        async with at.bot():
            await at.counted(-1, -1)
    assert at.pauses[:2] == [60.0, 1.2]


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")  # slack-sdk's own, for the client's secret
async def test_a_workspace_that_refuses_keeps_no_other_from_its_votes(evening: Start, tmp_path: Path) -> None:
    several = {"bot_token": "", "client_id": "1111.2222", "client_secret": "made-up-client-secret"}
    async with evening(way="http", **several) as at:
        other = at.slack.add_workspace("other")
        cat = at.slack.add_user("cat", other)
        songs = at.slack.add_channel("songs", [cat], workspace=other)
        async with at.bot():
            base = at.slack.app.request_url.removesuffix("/slack/events") if at.slack.app.request_url else ""
            at.slack.app.redirect_uri = f"{base}/slack/oauth_redirect"
            for workspace in (at.slack.workspace, other):
                await installs(base, workspace.id)
            cats = await at.reply(await at.slack.says(cat, songs, AHA))
            _, anns = await at.shared()
            # Who installed it is not kept, nor anything of those who never came back.
            assert kept(tmp_path, "SELECT DISTINCT user_id FROM slack_installations") == [("",)]
            kept(tmp_path, "INSERT INTO slack_oauth_states (state, expire_at) VALUES ('old', '2020-01-01 00:00:00.000000')")
            await installs(base, other.id)
            assert kept(tmp_path, "SELECT * FROM slack_oauth_states") == []
        at.slack.app.events = frozenset()
        at.slack.workspace.scopes -= {"reactions:read"}
        await at.slack.reacts(at.ben, anns, "fire")
        await at.slack.reacts(cat, cats, "-1")
        async with at.bot():
            await at.counted(-1)


def kept(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """What a statement gives in the bot's database."""
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/bot.sqlite3")
    with engine.begin() as connection:
        done = connection.execute(sqlalchemy.text(statement))
        found = [tuple(row) for row in done] if done.returns_rows else []
    engine.dispose()
    return found


async def test_whoever_presses_from_another_organisation_is_heard_in_the_channel_they_share(evening: Start) -> None:
    async with evening() as at, at.bot():
        at.music.shared = True
        zoe = at.slack.add_user("zoe", at.slack.add_workspace("other"))
        message, reply = await at.shared()
        await at.slack.presses(zoe, reply, button(reply, "down"))
        await at.counted(-1)
        await at.slack.reacts(zoe, reply, "fire")
        await at.counted(1)  # it is the same person
        await at.slack.presses(zoe, reply, button(reply, "again"))
        await at.reply(message, 1)


def tidying() -> bool:
    """Whether a conversation tidies up from time to time."""
    return any("_keep_tidy" in str(task.get_coro()) for task in asyncio.all_tasks())


async def test_a_bolt_app_needs_no_conversation_of_its_own(
    evening: Start, made_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with evening(way="http") as at, aiohttp.ClientSession() as session:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
        monkeypatch.setenv("DEEPHYPEBOT_SONGS__ONLINE", "false")
        monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", f"sqlite+aiosqlite:///{tmp_path}/own.sqlite3")
        app = AsyncApp(client=client_of(at.slack, session), signing_secret=at.slack.app.signing_secret)
        ours = register(app)
        await ours.ready()
        runner = aiohttp.web.AppRunner(app.web_app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
            at.slack.app.request_url = "http://{}:{}/slack/events".format(*runner.addresses[0][:2])
            await at.shared()
            assert tidying()
        finally:
            await runner.cleanup()
            await ours.close()
        assert not tidying()


def test_what_is_remembered_has_an_end() -> None:
    recent = Recent[int](2)
    assert [recent.add(each) for each in (1, 2, 1, 3, 2)] == [True, True, False, True, True]
    assert ([each in recent for each in (1, 2, 3)], len(recent)) == ([False, True, True], 2)


async def test_a_shortcut_tells_who_wrote_the_message(evening: Start) -> None:
    async with evening() as at, at.bot():
        message: Message = await at.slack.says(at.ben, at.music, "a-ha - Take On Me")
        out = await at.slack.slash(at.ben, at.music, "/hype", "privacy out")
        await at.slack.until(lambda: out.later)
        result = await at.slack.shortcut(at.ann, message, "hype_this")
        await at.slack.until(lambda: result.later)
        assert "wants no answers" in result.later[0].text
        assert at.slack.said() == []
