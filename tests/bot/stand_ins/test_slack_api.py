"""The stand-in for Slack, through the real web client: what the methods of its Web API do, and what they refuse."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.stand_ins.slack import ALL_SCOPES
from tests.bot.stand_ins.slack_app import BUTTONS, MODAL
from tests.bot.stand_ins.slack_place import Place, plain, slack_place, text_block


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with slack_place(monkeypatch) as place:
        yield place


# --- messages ----------------------------------------------------------------------------------------------------------


async def test_the_app_posts_changes_and_deletes_its_messages(place: Place) -> None:
    slack, client = place.slack, place.client
    metadata = {"event_type": "reply", "event_payload": {"id": "r1"}}
    posted = await client.chat_postMessage(
        channel=place.music.id, text="One", blocks=BUTTONS, metadata=metadata, unfurl_links=False, unfurl_media=False
    )
    [message] = slack.said(place.music)
    assert (posted["ts"], posted["message"]["bot_id"]) == (message.ts, slack.workspace.bot_id)
    assert (message.metadata, message.unfurl_links, message.unfurl_media) == (metadata, False, False)
    assert [block["block_id"] for block in message.blocks] == ["song", "votes"]
    await client.chat_update(channel=place.music.id, ts=message.ts, text="Two")
    assert (message.text, len(message.blocks)) == ("Two", 2)
    await client.chat_update(channel=place.music.id, ts=message.ts, text="Two", blocks=[])
    assert message.blocks == []
    link = await client.chat_getPermalink(channel=place.music.id, message_ts=message.ts)
    assert link["permalink"] == f"https://acme.slack.com/archives/{place.music.id}/p{message.ts.replace('.', '')}"
    await client.chat_delete(channel=place.music.id, ts=message.ts)
    assert slack.said() == slack.messages(place.music) == []
    assert await place.refusal("chat.update", channel=place.music.id, ts=message.ts, text="x") == "message_not_found"
    kinds = [each.event.get("subtype") for each in slack.deliveries("message")]
    assert kinds == [None, "message_changed", "message_changed", "message_deleted"]


async def test_a_deleted_message_with_replies_leaves_a_gravestone(place: Place) -> None:
    slack = place.slack
    message = await slack.says(place.ada, place.music, "A song")
    await place.client.chat_postMessage(channel=place.music.id, text="A line", thread_ts=message.ts)
    await slack.deletes(message)
    told = slack.deliveries("message")[-1].event
    assert (told["subtype"], told["message"]["subtype"], told["message"]["ts"]) == ("message_changed", "tombstone", message.ts)
    assert told["previous_message"]["text"] == "A song"
    [reply] = slack.thread(message)
    await place.client.chat_delete(channel=place.music.id, ts=reply.ts)
    assert place.music.messages == {}
    late = await place.client.chat_postMessage(channel=place.music.id, text="Too late", thread_ts=message.ts)
    assert "thread_ts" not in late["message"]


async def test_threads_and_history_are_read_in_pages(place: Place) -> None:
    slack, client = place.slack, place.client
    first = await slack.says(place.ada, place.music, "1")
    for number in range(5):
        await slack.says(place.ada, place.music, f"1.{number}", thread=first, broadcast=number == 4)
    second = await slack.says(place.ada, place.music, "2", files=[{"id": "F1", "name": "a.mp3"}])
    await slack.reacts(place.ada, second, "fire")
    history = await client.conversations_history(channel=place.music.id, limit=2)
    assert [each["text"] for each in history["messages"]] == ["2", "1.4"]
    assert [each["subtype"] for each in history["messages"]] == ["file_share", "thread_broadcast"]
    assert history["messages"][0]["reactions"] == [{"name": "fire", "users": [place.ada.id], "count": 1}]
    cursor = history["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=place.music.id, limit=2, cursor=cursor)
    assert [(each["text"], each["reply_count"]) for each in rest["messages"]] == [("1", 5)]
    assert not rest["has_more"]
    exactly = await client.conversations_history(channel=place.music.id, oldest=second.ts, inclusive=True, limit=1)
    assert [each["text"] for each in exactly["messages"]] == ["2"]
    thread = await client.conversations_replies(channel=place.music.id, ts=first.ts)
    assert [each["text"] for each in thread["messages"]] == ["1", "1.0", "1.1", "1.2", "1.3", "1.4"]
    assert await place.refusal("conversations.replies", channel=place.music.id, ts="1.0") == "thread_not_found"
    assert await place.refusal("conversations.history", channel=place.music.id, cursor="?") == "invalid_cursor"


async def test_ephemeral_messages_are_seen_by_one_person_alone(place: Place) -> None:
    ben = place.slack.add_user("ben")
    await place.client.chat_postEphemeral(channel=place.music.id, user=place.ada.id, text="Psst", blocks=BUTTONS)
    assert await place.refusal("chat.postEphemeral", channel=place.music.id, user=ben.id, text="x") == "user_not_in_channel"
    [message] = place.slack.ephemeral(place.music, place.ada)
    assert place.slack.messages(place.music) == place.slack.ephemeral(place.music, ben) == []
    await place.slack.presses(place.ada, message, "up")
    payload = place.slack.deliveries("block_actions")[0].payload
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    with pytest.raises(ValueError, match="only one person"):
        await place.slack.reacts(place.ada, message, "+1")


async def test_channels_that_cannot_be_posted_to(place: Place) -> None:
    slack = place.slack
    slack.workspace.scopes = ALL_SCOPES - {"chat:write.public"}
    public, private = slack.add_channel("open", with_bot=False), slack.add_channel("closed", private=True, with_bot=False)
    elsewhere = slack.add_channel("far", workspace=slack.add_workspace("globex"))
    place.music.archived = True
    for channel, error in (
        (public, "not_in_channel"),
        (private, "channel_not_found"),
        (elsewhere, "channel_not_found"),
        (place.music, "is_archived"),
    ):
        assert await place.refusal("chat.postMessage", channel=channel.id, text="x") == error
    slack.workspace.scopes = ALL_SCOPES
    await place.client.chat_postMessage(channel="#open", text="By its name, from outside")
    await place.client.chat_postMessage(channel=place.ada.id, text="To a person")
    assert [message.channel for message in slack.said()] == [public.id, slack.dm(place.ada).id]
    await place.client.conversations_join(channel=public.id)
    assert slack.bot.id in public.members
    listed = await place.client.conversations_list(types="public_channel,im", exclude_archived=True)
    assert [each["id"] for each in listed["channels"]] == [public.id, slack.dm(place.ada).id]
    opened = await place.client.conversations_open(users=[place.ada.id])
    assert opened["channel"]["id"] == slack.dm(place.ada).id
    assert (await place.client.conversations_info(channel=public.id))["channel"]["is_member"]
    assert (await place.client.conversations_members(channel=public.id))["members"] == [slack.bot.id]


async def test_whom_a_message_calls(place: Place) -> None:
    block = {"type": "context", "elements": [{"type": "mrkdwn", "text": "<!here> &lt;!channel&gt;"}, plain("<!channel>")]}
    await place.client.chat_postMessage(channel=place.music.id, text=f"<@{place.ada.id}|ada>", blocks=[block])
    assert place.slack.pings_in(place.slack.said()[0]) == [f"@{place.ada.id}", "!here"]


# --- reactions, people, views --------------------------------------------------------------------------------------------


async def test_reactions_are_given_read_and_taken_back(place: Place) -> None:
    slack, client = place.slack, place.client
    message = await slack.says(place.ada, place.music, "Hi")
    where = {"channel": place.music.id, "timestamp": message.ts}
    await client.reactions_add(name="thumbsup", **where)
    assert await place.refusal("reactions.add", name="+1", **where) == "already_reacted"
    assert await place.refusal("reactions.add", name=":fire:", **where) == "invalid_name"
    assert await place.refusal("reactions.remove", name="fire", **where) == "no_reaction"
    assert await place.refusal("reactions.get", channel=place.music.id, timestamp="1.0") == "message_not_found"
    got = await client.reactions_get(**where)
    assert got["message"]["reactions"] == [{"name": "+1", "users": [slack.bot.id], "count": 1}]
    assert [item["message"]["ts"] for item in (await client.reactions_list())["items"]] == [message.ts]
    await client.reactions_remove(name="+1", **where)
    assert message.reactions == {}
    with pytest.raises(ValueError, match="no_reaction"):
        await slack.unreacts(place.ada, message, "+1")


async def test_people_teams_and_bots(place: Place) -> None:
    me = await place.client.auth_test()
    assert (me["team_id"], me["user_id"]) == (place.slack.workspace.id, place.slack.bot.id)
    assert (await place.client.users_info(user=place.ada.id))["user"]["name"] == "ada"
    assert [each["is_bot"] for each in (await place.client.users_list())["members"]] == [True, False]
    assert (await place.client.team_info())["team"]["domain"] == "acme"
    assert (await place.client.bots_info(bot=me["bot_id"]))["bot"]["user_id"] == place.slack.bot.id
    assert await place.refusal("users.info", user="U404") == "user_not_found"


async def test_a_trigger_opens_one_view_within_three_seconds(place: Place) -> None:
    slack, client = place.slack, place.client
    result = await slack.slash(place.ada, place.music, "/hype")
    assert result.fault == "dispatch_failed"  # since no socket is open
    trigger = result.delivery.payload["trigger_id"]
    opened = await client.views_open(trigger_id=trigger, view=MODAL)
    assert await place.refusal("views.open", trigger_id=trigger, view=MODAL) == "exchanged_trigger_id"
    assert await place.refusal("views.open", trigger_id="1.2.3", view=MODAL) == "invalid_trigger_id"
    late = (await slack.shortcut(place.ada, None, "global")).delivery.payload["trigger_id"]
    place.clock.now += 3.1
    assert await place.refusal("views.open", trigger_id=late, view=MODAL) == "expired_trigger_id"
    view = slack.view_of(place.ada)
    assert view
    assert view.id == opened["view"]["id"]
    await client.views_update(view_id=view.id, hash=opened["view"]["hash"], view={**MODAL, "title": plain("New")})
    assert await place.refusal("views.update", view_id=view.id, hash=opened["view"]["hash"], view=MODAL) == "hash_conflict"
    with pytest.raises(ValueError, match="must be filled in"):
        await slack.submits(place.ada, view)
    push = (await slack.submits(place.ada, view, {"text": {"line": "x"}})).delivery.payload["trigger_id"]
    await client.views_push(trigger_id=push, view=MODAL)
    top = slack.view_of(place.ada)
    assert top
    assert (top.previous, top.root) == (view.id, view.id)
    assert await place.refusal("views.open", trigger_id="x", view={**MODAL, "title": plain("x" * 25)}) == "invalid_trigger_id"
    assert await place.refusal("views.publish", user_id=place.ada.id, view={**MODAL, "blocks": 5}) == "invalid_arguments"
    await client.views_publish(user_id=place.ada.id, view={"type": "home", "blocks": [text_block(1)]})
    assert await slack.closes(place.ada, top, everything=True)
    assert slack.view_of(place.ada) is None


async def test_a_response_url_serves_five_times_within_half_an_hour(place: Place) -> None:
    slack = place.slack
    result = await slack.slash(place.ada, place.music, "/hype")
    hook = AsyncWebhookClient(result.delivery.payload["response_url"], session=place.session)
    for number in range(5):
        assert (await hook.send(text=f"Answer {number}", response_type="in_channel" if number else None)).body == "ok"
    assert (await hook.send(text="Sixth")).body == "used_url"
    assert [message.text for message in slack.said()] == [f"Answer {number}" for number in range(1, 5)]
    assert [message.text for message in slack.ephemeral(place.music, place.ada)] == ["Answer 0"]
    other = await slack.slash(place.ada, place.music, "/hype")
    place.clock.now += 1801
    late = AsyncWebhookClient(other.delivery.payload["response_url"], session=place.session)
    assert (await late.send(text="Late")).body == "expired_url"
    posted = await place.client.chat_postMessage(channel=place.music.id, text="x", blocks=BUTTONS)
    press = await slack.presses(place.ada, place.music.messages[posted["ts"]], "up")
    gone = AsyncWebhookClient(press.delivery.payload["response_url"], session=place.session)
    assert (await gone.send(delete_original=True)).body == "ok"
    assert posted["ts"] not in place.music.messages
    assert len(slack.calls_of("response_url")) == 8


async def test_a_slack_of_ones_own_runs_from_the_command_line() -> None:
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.stand_ins.slack", stdin=pipe, stdout=pipe)
    assert running.stdin
    assert running.stdout
    settings = json.loads(await running.stdout.readline())["slack"]
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(settings["bot_token"], base_url=settings["api_base"], session=session)
        running.stdin.write(b"Hello\n/hype Halo\n")
        assert b"'dispatch_failed'" in await running.stdout.readline()
        [music] = (await client.conversations_list())["channels"]
        [hello] = (await client.conversations_history(channel=music["id"]))["messages"]
        reply = await client.chat_postMessage(channel=music["id"], text="A line.", thread_ts=hello["ts"])
        assert await running.stdout.readline() == b"bot: A line.\n"
        running.stdin.write(b"+fire\n!no_button\n")
        assert b"nothing with the action id 'no_button'" in await running.stdout.readline()
        got = await client.reactions_get(channel=music["id"], timestamp=reply["ts"])
        assert got["message"]["reactions"][0]["name"] == "fire"
        await client.chat_delete(channel=music["id"], ts=reply["ts"])
        assert await running.stdout.readline() == b"bot took back: A line.\n"
    running.stdin.close()
    assert await running.wait() == 0
