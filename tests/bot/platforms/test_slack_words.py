"""What people type after /hype, and how Slack's own ids are kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.on_slack.faults import SlackError, by_status, reason_of, retry_after
from bot.platforms.on_slack.ids import Spot, home_of, place_of
from bot.platforms.on_slack.setup import faults, missing
from bot.platforms.on_slack.words import Command, notice, plain, read_command
from bot.platforms.outlet import Place
from bot.settings import SlackSettings

LINK = "https://youtu.be/dQw4w9WgXcQ"
OTHER = "https://open.spotify.com/track/2WfaOiMkCvy7F5fcp2zZ8L"
WATCH = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Command("help")),
        ("help", Command("help")),
        ("Help - The Beatles", Command("song", "Help - The Beatles")),
        ("again", Command("again")),
        ("Again by Lenny Kravitz", Command("song", "Again by Lenny Kravitz")),
        ("song again", Command("song", "again")),
        (f"<{LINK}|youtu.be>", Command("song", LINK)),
        ("Simon &amp; Garfunkel - Cecilia &lt;3", Command("song", "Simon & Garfunkel - Cecilia <3")),
        ("top", Command("top")),
        ("TOP Ever", Command("top", all=True)),
        ("top of the world - carpenters", Command("song", "top of the world - carpenters")),
        (f"blend <{LINK}> {OTHER}", Command("blend", WATCH, OTHER)),
        ('blend "a-ha - Take On Me" “ABBA - SOS”', Command("blend", "a-ha - Take On Me", "ABBA - SOS")),
        (f'blend "{LINK}" "ABBA - SOS"', Command("blend", WATCH, "ABBA - SOS")),
        ("settings", Command("settings")),
        ("settings here", Command("settings", here=True)),
        ("settings mode review HERE", Command("settings", "mode", "review", here=True)),
        ("settings channels only <#C12|music>", Command("settings", "channels", "only <#C12|music>")),
        ("block artist Simon &amp; Garfunkel", Command("block", "artist", "Simon & Garfunkel")),
        ("unblock word two words", Command("unblock", "word", "two words")),
        ("blocked", Command("blocked")),
        ("reset", Command("reset")),
        ("privacy ERASE", Command("privacy", "erase")),
    ],
)
def test_commands_are_read(text: str, command: Command) -> None:
    assert read_command(text) == command


@pytest.mark.parametrize(
    "text", ["song", "song ", "blend", f"blend {LINK}", "block", "block artist", "unblock genre pop", "privacy"]
)
def test_what_lacks_something_is_told_how_to_say_it(text: str) -> None:
    command = read_command(text)
    assert command.name == "usage"
    assert f"/hype {text.split(maxsplit=1)[0]}" in command.one


@given(
    st.text(st.characters(), max_size=300)
    | st.lists(st.sampled_from(["<", ">", "|", "#C1", "@U1", "&amp;", '"', " ", "settings"])).map("".join)
)
def test_nothing_that_is_typed_is_too_odd(text: str) -> None:
    command = read_command(text)
    assert len(command.one) <= 2_000
    assert "<@" not in plain("<@U1> " + text[:0])


def test_marks_of_slacks_are_read_as_people_see_them() -> None:
    assert (
        plain("<@U1>  hear <!here> <#C1|music> <https://a.b/?x=1&amp;y|label> &amp;lt;")
        == "hear #music https://a.b/?x=1&y &lt;"
    )


def test_a_private_conversation_is_a_community_of_its_own() -> None:
    private, channel = place_of("T1", "D1", private=True), place_of("T1", "C1", private=False)
    assert (private.scope, channel.scope) == ("slack:T1.D1", "slack:T1")
    for place in (private, channel):
        assert Place.read(str(place)) == place
        assert home_of(place)[0] == "T1"
    assert Spot.read("slack:T1.C1:1.2") == Spot("T1", "C1", "1.2")
    assert Spot.read("discord:1:2") is None


def test_every_refusal_has_a_kind_and_a_remedy() -> None:
    assert [reason_of(code) for code in ("is_archived", "ratelimited", "internal_error", "whatever")] == [
        *("gone", "limited", "down", "forbidden")
    ]
    assert [by_status(status) for status in (200, 400, 404, 429, 500, 0)] == [
        None,
        "forbidden",
        "gone",
        "limited",
        "down",
        "down",
    ]
    assert "/invite" in str(SlackError("chat.postMessage", "not_in_channel"))


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": ["7"]}, 7.0), ({}, 1.0), ({"retry-after": "x"}, 1.0), ({"Retry-After": []}, 1.0)]
)
def test_how_long_to_wait(headers: dict[str, Any], seconds: float) -> None:
    class Answer:
        pass

    answer = Answer()
    answer.headers = headers  # type: ignore[attr-defined] # like the SDK's
    assert retry_after(answer) == seconds


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, ["bot_token in [slack] is missing", "app_token in [slack] is missing"]),
        ({"bot_token": "xoxb-1", "app_token": "xapp-1"}, []),
        ({"bot_token": "xoxp-1", "app_token": "xapp-1"}, ['begin with "xoxb-"']),
        ({"bot_token": "xoxb-1", "mode": "http"}, ["signing_secret"]),
        ({"client_id": "1.2", "mode": "http", "signing_secret": "s"}, ["go together"]),
        ({"client_id": "1.2", "client_secret": "s", "app_token": "xapp-1"}, ['needs mode = "http"']),
    ],
)
def test_what_is_missing_in_the_settings_is_told_with_where_to_find_it(chosen: dict[str, Any], told: list[str]) -> None:
    found = faults(SlackSettings(**chosen))
    assert len(found) == len(told)
    assert all(any(part in sentence for sentence in found) for part in told)


def test_scopes_that_are_missing() -> None:
    assert missing("", messages=False) == ()
    assert "users:read" in missing("chat:write, commands", messages=False)


def test_a_notice_shows_channels_by_their_names_and_calls_nobody() -> None:
    (block,) = notice("curators_channel is now <#C0123> for <@U1> and <!here>: *all* &c")["blocks"]
    written = block["text"]["text"]
    assert (block["text"]["type"], "<#C0123>" in written) == ("mrkdwn", True)
    assert not any(each in written for each in ("<@", "<!", "*", "&c"))
    (block,) = notice("<@U1> & *all*")["blocks"]
    assert block["text"]["type"] == "plain_text"
    (block,) = notice("<#C0123> " + "&" * 900)["blocks"]
    assert len(block["text"]["text"]) <= 3000
