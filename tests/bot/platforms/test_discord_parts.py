"""What the Discord adapter understands of messages, forms, commands and refusals, without Discord."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.on_discord.commands import PERMISSIONS, invite, same
from bot.platforms.on_discord.faults import closed, refusal
from bot.platforms.on_discord.hearing import heard_in, pages, shared_in, typed_in
from bot.platforms.on_discord.ids import message_id, read_message
from bot.stand_ins.discord import Permission

RICK = "https://youtu.be/dQw4w9WgXcQ"
ME, ROLE = 42, 43


@pytest.mark.parametrize(
    ("content", "more", "asked", "links", "text"),
    [
        (f"hear {RICK}", {}, False, 1, f"hear {RICK}"),
        ("<@42> Queen - Innuendo", {}, True, 0, "Queen - Innuendo"),
        ("<@!42>, Queen - Innuendo", {}, True, 0, "Queen - Innuendo"),
        ("<@&43> Queen - Innuendo", {}, True, 0, "Queen - Innuendo"),
        ("<@421> and <@&44> hi", {}, False, 0, "<@421> and <@&44> hi"),
        ("<@42>", {"answered": f"look: {RICK}"}, True, 1, ""),
        ("look above", {"answered": RICK}, False, 0, "look above"),
        (f"<@42> {RICK}", {"answered": "https://youtu.be/2yyyyyyyyyy"}, True, 1, RICK),
        ("haha, so true", {"to_me": True}, False, 0, "haha, so true"),
        ("Queen - Innuendo", {"to_me": True}, True, 0, "Queen - Innuendo"),
        (RICK, {"to_me": True}, True, 1, RICK),
        ("hello", {"private": True}, True, 0, "hello"),
    ],
)
def test_who_is_asked_for_what(content: str, more: dict[str, Any], asked: bool, links: int, text: str) -> None:
    usual: dict[str, Any] = {"private": False, "to_me": False, "answered": ""}
    words = heard_in(content, me=(ME, ROLE if "43" in content else None), **{**usual, **more})
    assert (words.asked, len(words.links), words.text) == (asked, links, text)
    if "answered" in more and content == "<@42>":
        assert words.links[0].id == "dQw4w9WgXcQ"


def test_the_menu_takes_a_text_or_else_what_its_previews_show() -> None:
    assert shared_in(f"this {RICK}", ["https://youtu.be/2yyyyyyyyyy"]) == f"this {RICK}"
    assert shared_in("now playing", [None, "https://example.org", RICK]) == RICK
    assert shared_in(" Queen -\n Innuendo ", [None]) == "Queen - Innuendo"
    assert shared_in("so good!", [None]) == ""


@given(st.lists(st.text(max_size=30), max_size=12).map("\n".join), st.integers(10, 60))
def test_no_page_is_too_long_and_no_word_is_lost(text: str, most: int) -> None:
    made = pages(text, most)
    assert all(page.strip() and len(page.encode("utf-16-le")) // 2 <= most for page in made)
    assert "".join("".join(made).split()) == "".join(text.split())


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.just("text"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["custom_id", "value", "component", "components"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_a_form_is_never_a_crash(components: Any) -> None:
    assert isinstance(typed_in(components, "text"), str)


def test_what_was_typed_into_a_form_is_found_in_both_kinds() -> None:
    field = {"type": 4, "custom_id": "text", "value": "softer"}
    assert typed_in([{"type": 1, "components": [field]}], "text") == "softer"
    assert typed_in([{"type": 18, "component": field}], "text") == "softer"
    deep: Any = field
    for _ in range(10_000):
        deep = {"component": deep}
    assert typed_in(deep, "text") == ""


OURS = [
    {"name": "hype", "type": 1, "description": "x", "options": [{"name": "song", "type": 1, "options": []}], "contexts": [0, 1]}
]


def test_commands_are_the_same_whatever_discord_adds_to_them() -> None:
    song = {"name": "song", "type": 1, "name_localizations": None}
    hype = {"name": "hype", "type": 1, "description": "x", "options": [song], "contexts": [1, 0]}
    added = {"id": "1", "application_id": "2", "version": "3", "default_member_permissions": None, "nsfw": False}
    told = [{**added, **hype}, {"name": "launch", "type": 4}]  # the second is made by Discord itself
    assert same(OURS, told)
    for changed in (
        [{**OURS[0], "description": "y"}],
        [{**OURS[0], "options": []}],
        [{**OURS[0], "contexts": [0]}],
        [{**OURS[0], "type": 3}],
        [*OURS, {"name": "other", "type": 3}],
        [],
    ):
        assert not same(OURS, changed)
        assert not same(changed, OURS)


def test_the_invitation_asks_for_what_is_needed_and_nothing_else() -> None:
    assert invite(7) == (
        "https://discord.com/oauth2/authorize?client_id=7&scope=bot+applications.commands&permissions=274877991936"
    )
    names = "VIEW_CHANNEL SEND_MESSAGES EMBED_LINKS READ_MESSAGE_HISTORY SEND_MESSAGES_IN_THREADS".split()
    assert sum(Permission[name] for name in names) == PERMISSIONS


@pytest.mark.parametrize(
    ("status", "code", "text", "reason"),
    [
        (403, 50013, "Missing Permissions", "forbidden"),
        (403, 50001, "Missing Access", "forbidden"),
        (403, 50007, "Cannot send messages to this user", "forbidden"),
        (403, 99999, "something new", "forbidden"),
        (404, 10003, "Unknown Channel", "gone"),
        (404, 10008, "Unknown Message", "gone"),
        (404, 0, "", "gone"),
        (400, 50035, "Invalid Form Body\nIn message_reference: Unknown message", "gone"),
        (400, 50035, "Invalid Form Body\nIn embeds.0: too long", "forbidden"),
        (429, 0, "", "limited"),
        (401, 0, "", "down"),
        (401, 50027, "Invalid Webhook Token", "gone"),
        (503, 0, "<html>", "down"),
    ],
)
def test_every_refusal_has_its_reason(status: int, code: int, text: str, reason: str) -> None:
    found = refusal(status, code, text)
    assert (found.reason, text in str(found) and text != "") == (reason, False)


def test_what_closed_the_connection_is_told_with_a_remedy() -> None:
    assert "Reset Token" in closed(4004)
    assert "update discord.py" in closed(4013)
    assert "4999" in closed(4999)


@given(st.integers(1, 2**63), st.integers(1, 2**63))
def test_ids_of_messages_come_back(channel: int, message: int) -> None:
    assert read_message(message_id(channel, message)) == (channel, message)


@pytest.mark.parametrize("other", ["", "discord:interaction:1", "slack:1:2", "discord:1:2:3", "discord:1:x"])
def test_what_is_no_message_is_none(other: str) -> None:
    assert read_message(other) is None
