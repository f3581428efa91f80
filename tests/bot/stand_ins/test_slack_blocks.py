"""The stand-in for Slack: how it keeps texts, and which blocks it takes."""

import html
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from bot.stand_ins.slack.blocks import faults_of_blocks, faults_of_view
from bot.stand_ins.slack.texts import as_kept, links_to
from tests.bot.stand_ins.slack_place import Place, actions, button, plain, slack_place, text_block


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with slack_place(monkeypatch) as place:
        yield place


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51,
        [text_block(3001)],
        [{"type": "header", "text": plain("x" * 151)}],
        [{"type": "context", "elements": [plain("x")] * 11}],
        actions(*[button()] * 26),
        actions(button(text=plain("x" * 76))),
        actions(button(action_id="x" * 256)),
        actions(button(value="x" * 2001)),
        actions(button(action_id="a"), button(action_id="a")),
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
        [{"type": "section"}],
        [{"type": "spiral"}],
        ["no block"],
    ],
    ids=lambda blocks: json.dumps(blocks)[:60],
)
async def test_blocks_over_a_limit_are_refused_as_slack_words_it(place: Place, blocks: Any) -> None:
    with pytest.raises(SlackApiError) as caught:
        await place.client.chat_postMessage(channel=place.music.id, text="x", blocks=blocks)
    answer = caught.value.response
    assert answer["error"] == "invalid_blocks"
    assert all(f"[ERROR] {fault}" in answer["response_metadata"]["messages"] for fault in answer["errors"])
    assert "json-pointer:/blocks" in answer["errors"][0]


async def test_blocks_and_texts_at_their_limits_are_taken(place: Place) -> None:
    buttons = [button(text=plain("x" * 75), action_id=str(n).rjust(255), value="v" * 2000) for n in range(25)]
    context = {"type": "context", "elements": [plain("x")] * 10}
    blocks = [text_block(3000), {"type": "header", "text": plain("x" * 150)}, context, *actions(*buttons)]
    await place.client.chat_postMessage(channel=place.music.id, text="x" * 40_000, blocks=blocks + [{"type": "divider"}] * 46)
    assert await place.refusal("chat.postMessage", channel=place.music.id, text="x" * 40_001) == "msg_too_long"
    assert await place.refusal("chat.postMessage", channel=place.music.id) == "no_text"
    assert await place.refusal("chat.postMessage", channel=place.music.id, text="x", metadata="[") == "invalid_metadata_format"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a & b <c>", "a &amp; b &lt;c&gt;"),
        ("(https://x.io/?a=1&b=2).", "(<https://x.io/?a=1&amp;b=2>)."),
        ("see youtu.be/abc, ok", "see <http://youtu.be/abc|youtu.be/abc>, ok"),
        ("<https://x.io/?a&b|a label> <@U1> <!here>", "<https://x.io/?a&amp;b|a label> <@U1> <!here>"),
        ("mail me@spotify.com", "mail me@spotify.com"),
    ],
)
def test_texts_are_kept_as_slack_keeps_them(typed: str, kept: str) -> None:
    assert as_kept(typed) == kept


@given(st.text(alphabet=st.characters(exclude_characters="./:<>", codec="utf-8")))
def test_texts_without_links_can_be_read_back(text: str) -> None:
    assert as_kept(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(st.text(alphabet="abchtps:/.<>|&@!?=#[] com"))
def test_no_text_is_too_odd(text: str) -> None:
    kept = as_kept(text)
    assert all(html.unescape(link["url"]).startswith("http") for link in links_to(("com", "b.com"), kept))


WORDS = st.sampled_from("type text blocks elements element section actions button context input header label options".split())
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS, inside, max_size=4),
)


@given(ODD)
def test_no_block_is_too_odd_to_be_judged(odd: Any) -> None:
    assert all(isinstance(fault, str) for fault in (*faults_of_blocks(odd), *faults_of_blocks([odd])))
    assert faults_of_view(odd)
