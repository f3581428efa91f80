"""The stand-in for Slack, through a real Bolt app in Socket Mode and behind a request URL."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.file import FileInstallationStore
from slack_sdk.oauth.state_store.file import FileOAuthStateStore

from bot.stand_ins import faults
from bot.stand_ins.slack import App, SlackStandIn
from tests.bot.stand_ins.slack_app import Heard, client_of, in_socket_mode, over_http, without_proxies

SPOTIFY = "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC?si=1&x=2"
KEPT = SPOTIFY.replace("&", "&amp;")


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackStandIn]:
    without_proxies(monkeypatch)
    async with SlackStandIn(app=App(domains=("spotify.com",))) as slack:
        yield slack


@contextlib.asynccontextmanager
async def connected(slack: SlackStandIn, way: str) -> AsyncIterator[Heard]:
    heard = Heard()
    if way == "socket":
        async with in_socket_mode(slack, heard):
            yield heard
    else:
        async with over_http(slack, heard, signing_secret=slack.app.signing_secret):
            yield heard


both = pytest.mark.parametrize("way", ["socket", "http"])


@both
async def test_a_message_is_heard_and_answered_in_its_thread(slack: SlackStandIn, way: str) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, way) as heard:
        message = await slack.says(ada, music, f"1 < 2 & {SPOTIFY}!")
        reply = (await slack.until(lambda: slack.thread(message)))[0]
        await slack.until(lambda: heard.of("link_shared"))
        await slack.settled()
    assert heard.of("message")[0]["text"] == message.text == f"1 &lt; 2 &amp; <{KEPT}>!"
    assert heard.of("message")[0]["channel_type"] == "channel"
    [shared] = heard.of("link_shared")
    assert shared["links"] == [{"domain": "spotify.com", "url": KEPT}]
    assert (shared["message_ts"], shared["source"]) == (message.ts, "conversations_history")
    assert (reply.text, reply.user, reply.unfurl_links) == ("Heard.", slack.bot.id, False)
    assert [call.arguments["channel"] for call in slack.calls_of("chat.postMessage")] == [music.id]
    assert all(call.token == slack.bot_token for call in slack.calls_of("chat.postMessage"))
    # Slack tells the app of its own message, too; Bolt acknowledges it and says nothing.
    assert slack.deliveries("message", about=reply)[0].acked
    assert slack.said() == [reply]


@both
async def test_edits_deletions_and_reactions_are_heard(slack: SlackStandIn, way: str) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, way) as heard:
        message = await slack.says(ada, music, "First", subtype="me_message")
        await slack.settled()
        await slack.edits(message, f"Now {SPOTIFY}")
        await slack.settled()
        await slack.unfurls(message)
        given = await slack.reacts(ada, message, "thumbsup")
        taken = await slack.unreacts(ada, message, "+1")
        assert given
        assert taken
        await slack.settled()
        await slack.deletes(message)
        await slack.until(lambda: len(heard.of("message")) == 4 and heard.of("reaction_removed") and heard.of("link_shared"))
    _, edited, unfurled, deleted = heard.of("message")
    assert (edited["subtype"], edited["message"]["text"]) == ("message_changed", f"Now <{KEPT}>")
    assert edited["previous_message"]["text"] == "First"
    assert unfurled["message"]["attachments"][0]["from_url"] == KEPT
    assert unfurled["message"]["text"] == unfurled["previous_message"]["text"]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", message.ts)
    [reaction] = heard.of("reaction_added")
    assert (reaction["reaction"], reaction["user"], reaction["item_user"]) == ("+1", ada.id, ada.id)
    assert reaction["item"] == {"type": "message", "channel": music.id, "ts": message.ts}
    assert slack.messages(music) == []


@both
async def test_a_slash_command_shows_what_comes_at_once_and_what_comes_later(slack: SlackStandIn, way: str) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music")
    async with connected(slack, way):
        result = await slack.slash(ada, music, "/hype", "Halo & more")
        await slack.until(lambda: result.later[1:])
    assert result.acked
    assert result.shown
    assert (result.shown.text, result.shown.ephemeral_for) == ("Looking for Halo & more", ada.id)
    # The acknowledgement may come after what the app says next: Bolt sends it from another task.
    assert {message.text for message in slack.ephemeral(music, ada)} == {"Looking for Halo & more", "Only you see this."}
    assert [message.text for message in slack.said(music)] == ["Found."]


@both
async def test_buttons_modals_and_shortcuts(slack: SlackStandIn, way: str) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, way) as heard:
        message = await slack.says(ada, music, "A song")
        reply = (await slack.until(lambda: slack.thread(message)))[0]
        assert (await slack.presses(ada, reply, "ask")).acked
        view = await slack.until(lambda: slack.view_of(ada))
        refused = await slack.submits(ada, view, {"text": {"line": "much too long"}})
        assert refused.errors == {"text": "Too long."}
        assert refused.view is view
        done = await slack.submits(ada, view, {"text": {"line": "short"}})
        assert (done.fault, done.errors, done.view) == ("", {}, None)
        await slack.presses(ada, reply, "ask")
        other = await slack.until(lambda: slack.view_of(ada))
        await slack.closes(ada, other)
        shortcut = await slack.shortcut(ada, message, "hype_this")
        pressed = await slack.presses(ada, reply, "up")
        await slack.until(lambda: reply.text == "One vote." and shortcut.later)
    assert heard.of("edit") == [("draft-7", "much too long"), ("draft-7", "short")]
    assert heard.of("closed") == [other.id]
    assert heard.of("shortcut") == ["A song"]
    [body] = heard.of("up")
    assert (body["actions"][0]["value"], body["container"]["message_ts"]) == ("reply-1", reply.ts)
    assert reply.blocks == []
    assert pressed.seconds is not None
    with pytest.raises(ValueError, match="nothing with the action id 'up'"):
        await slack.presses(ada, reply, "up")


@both
async def test_what_is_not_handled_is_dispatched_in_vain(slack: SlackStandIn, way: str) -> None:
    slack.patience = 0.1
    ada = slack.add_user("ada")
    async with connected(slack, way):
        result = await slack.slash(ada, slack.add_channel("music"), "/other")
    # Behind a socket Bolt says nothing at all, over HTTP it answers 404.
    assert result.fault == ("operation_timeout" if way == "socket" else "dispatch_failed")
    assert not result.acked
    assert result.shown is None


@both
async def test_everything_else_that_is_told(slack: SlackStandIn, way: str) -> None:
    ada, ben = slack.add_user("ada"), slack.add_user("ben")
    music = slack.add_channel("music", [ada])
    async with connected(slack, way) as heard:
        await slack.opens_home(ada)
        await slack.joins(ben, music, inviter=ada)
        [typed] = await slack.types(ada, f"not sent: {SPOTIFY}")
        mention = await slack.says(ada, slack.add_channel("quiet", [ada], private=True), f"Hey <@{slack.bot.id}>", kept=True)
        await slack.until(lambda: mention.reactions.get("eyes") == [slack.bot.id])
        await slack.settled()
        await slack.uninstalls()
        await slack.until(lambda: heard.of("app_uninstalled") and heard.of("tokens_revoked"))
    assert heard.of("app_home_opened")[0]["tab"] == "home"
    assert heard.of("member_joined_channel")[0]["inviter"] == ada.id
    assert typed.event["channel"] == "COMPOSER"
    assert heard.of("link_shared")[0]["source"] == "composer"


async def test_events_are_tried_again_with_the_same_id_and_given_up_after_three_times(slack: SlackStandIn) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, "socket") as heard:
        message = await slack.says(ada, music, "Hello", subtype="me_message")
        [delivery] = slack.deliveries("message", about=message)
        await slack.settled(delivery)
        for number in (1, 2, 3):
            attempt = await slack.retry(delivery)
            await slack.settled(delivery)
            assert (attempt.number, attempt.reason, attempt.acked) == (number, "timeout", True)
        with pytest.raises(ValueError, match="3 times"):
            await slack.retry(delivery)
    assert heard.of("retry") == [["0"], ["1"], ["2"], ["3"]]
    assert len({attempt.envelope for attempt in delivery.attempts}) == 4


async def test_sockets_are_left_dropped_and_opened_again(slack: SlackStandIn) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, "socket") as heard:
        [first] = slack.connections
        await slack.disconnects("refresh_requested")
        await slack.until(lambda: slack.connections and slack.connections[-1].number == 2 and first not in slack.connections)
        await slack.drops(abruptly=False)
        await slack.until(lambda: slack.connections and slack.connections[-1].number == 3)
        await slack.drops()
        await slack.until(lambda: not slack.connections)
        # What is said while no socket is open waits for the next one.
        message = await slack.says(ada, music, "Anybody?", subtype="me_message")
        await slack.until(lambda: heard.of("message"))
        assert slack.connections[-1].number == 4
        await slack.pings()
        await slack.until(lambda: slack.connections[-1].pongs and slack.connections[-1].pings)
        await slack.settled()
    assert slack.deliveries("message", about=message)[0].acked
    assert await slack.retry_unanswered() == []
    assert len(slack.calls_of("apps.connections.open")) == 4


async def test_what_a_closed_socket_swallowed_is_told_again(slack: SlackStandIn) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with aiohttp.ClientSession() as session:
        opened = await client_of(slack, session).apps_connections_open(app_token=slack.app.app_token)
        async with session.ws_connect(opened["url"]) as deaf:
            assert (await deaf.receive_json())["connection_info"] == {"app_id": slack.app.id}
            message = await slack.says(ada, music, "Hello", subtype="me_message")
            assert (await deaf.receive_json())["retry_attempt"] == 0
            await deaf.send_str("[]")
            await slack.until(lambda: slack.connections[0].strays == ["[]"])
        async with session.get(opened["url"]) as again:
            assert again.status == 404
    await slack.settled()
    async with connected(slack, "socket") as heard:
        [attempt] = await slack.retry_unanswered()
        await slack.settled()
    assert (attempt.acked, heard.of("message")[0]["ts"]) == (True, message.ts)


async def test_a_socket_that_answers_no_pings_is_given_up(slack: SlackStandIn) -> None:
    async with connected(slack, "socket"):
        slack.answers_pings = False
        await slack.until(lambda: slack.connections and slack.connections[-1].number > 1)
        slack.answers_pings = True


async def test_several_sockets_take_turns(slack: SlackStandIn) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, "socket") as one, connected(slack, "socket") as two:
        await slack.until(lambda: len(slack.connections) == 2)
        for _ in range(4):
            await slack.says(ada, music, "Hello", subtype="me_message")
        await slack.settled()
        assert len(one.of("message")) == len(two.of("message")) == 2


async def test_forged_and_old_requests_are_refused_and_challenges_met(slack: SlackStandIn) -> None:
    ada = slack.add_user("ada")
    music = slack.add_channel("music", [ada])
    async with connected(slack, "http") as heard:
        challenge = await slack.challenges()
        assert challenge.payload["challenge"] in challenge.attempts[0].body
        slack.signing.wrong = True
        assert (await slack.slash(ada, music, "/hype", "x")).fault == "dispatch_failed"
        slack.signing.wrong, slack.signing.age = False, 301.0
        await slack.says(ada, music, "Hello")
        await slack.settled()
        slack.signing.age, slack.signing.left_out = 0.0, True
        await slack.says(ada, music, "Hello")
        await slack.settled()
        assert [each.attempts[0].status for each in slack.deliveries()[1:]] == [401, 401, 401]
        assert not heard
        slack.signing.left_out = False
        await slack.retry_unanswered("http_error")
        await slack.until(lambda: len(heard.of("message")) == 2)
        await slack.settled()
    assert heard.of("retry") == [["1"], ["1"]]


async def test_a_request_url_that_is_slow_or_closed(slack: SlackStandIn) -> None:
    ada, slack.patience = slack.add_user("ada"), 0.1
    music = slack.add_channel("music")
    async with SlackStandIn(fault=faults.slow_headers) as silent:
        slack.app.request_url = f"{silent.base}/slack/events"
        assert (await slack.slash(ada, music, "/hype")).fault == "operation_timeout"
    result = await slack.slash(ada, music, "/hype")
    assert (result.fault, result.delivery.attempts[0].fault) == ("dispatch_failed", "connection_failed")


# slack-sdk builds the header with a class of aiohttp's that is on its way out.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
async def test_workspaces_are_installed_through_oauth_and_told_apart(slack: SlackStandIn, tmp_path: Path) -> None:
    store = FileInstallationStore(base_dir=str(tmp_path), client_id=slack.app.client_id)
    settings = AsyncOAuthSettings(
        client_id=slack.app.client_id,
        client_secret=slack.app.client_secret,
        scopes=["chat:write"],
        installation_store=store,
        state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=str(tmp_path)),
        state_validation_enabled=False,
        authorization_url=f"{slack.base}/oauth/v2/authorize",
    )
    other, heard = slack.add_workspace("globex"), Heard()
    async with over_http(slack, heard, token="", signing_secret=slack.app.signing_secret, oauth_settings=settings) as app:
        slack.app.redirect_uri = f"{app}/slack/oauth_redirect"
        async with aiohttp.ClientSession() as browser:
            for workspace in (slack.workspace, other):
                query = {"client_id": slack.app.client_id, "team": workspace.id}
                async with browser.get(f"{slack.base}/oauth/v2/authorize", params=query) as page:
                    assert page.status == 200, await page.text()
        for workspace in (slack.workspace, other):
            person = slack.add_user("ada", workspace)
            channel = slack.add_channel("music", [person], workspace=workspace)
            message = await slack.says(person, channel, "Hello")
            [reply] = await slack.until(lambda message=message: slack.thread(message))
            assert (reply.team, reply.user) == (workspace.id, workspace.bot.id)
        await slack.settled()
    assert {call.token for call in slack.calls_of("chat.postMessage")} == {slack.bot_token, other.bot_token}


async def test_a_thousand_reactions_and_fifty_links_in_a_second(slack: SlackStandIn) -> None:
    people = [slack.add_user(f"person{number}") for number in range(1000)]
    music = slack.add_channel("music", people)
    async with connected(slack, "socket") as heard:
        message = await slack.says(people[0], music, "Vote!", subtype="me_message")
        for person in people:
            await slack.reacts(person, message, "fire")
        for person in people[:50]:
            await slack.says(person, music, SPOTIFY)
        await slack.until(lambda: len(heard) >= 1150 and len(slack.said()) == 50, timeout=20)
        await slack.settled(timeout=20)
    assert len(heard.of("reaction_added")) == len(message.reactions["fire"]) == 1000
    assert len(heard.of("link_shared")) == 50


async def test_waiting_in_vain_says_what_there_was_instead(slack: SlackStandIn) -> None:
    ada = slack.add_user("ada")
    await slack.says(ada, slack.add_channel("music"), "Hello")
    with pytest.raises(TimeoutError, match=r"within 0\.01 s: asked were no methods; not acknowledged are message"):
        await slack.until(slack.said, timeout=0.01)
    with pytest.raises(TimeoutError, match="answered"):
        await slack.settled(timeout=0.01)
