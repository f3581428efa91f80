"""Cards for Discord and Slack: within every limit, with nothing active that the card did not put there."""

import html
import json
import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.cards import MAX_CHOICES, MAX_REPLY, Press, address, fitted, one_line, presses, shown_choices, size, tidy
from bot.platforms.on_discord import cards as discord_cards
from bot.platforms.on_slack import cards as slack_cards
from bot.platforms.outlet import Button, Card, CardKind
from bot.stand_ins.discord.limits import check_message
from bot.stand_ins.slack.blocks import faults_of_blocks, texts_of
from bot.stand_ins.slack.texts import links_in, pinged

URL = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1"

# What a song's name could smuggle in, on either platform, and what is awkward to cut.
SMUGGLED = [
    *("@everyone", "@here", "<@1>", "<@!12>", "<@&3>", "<#4>", "</x:5>", "<t:6:R>", "<:a:7>", "<id:home>", "<mailto:a@b.c>"),
    *(
        "[x](https://evil.example)",
        "https://evil.example/a",
        "http:",
        "//",
        "<https://evil.example>",
        "discord.gg/abc",
        "](",
        "www.a.b",
    ),
    *(
        "\\",
        "\\\\",
        "*",
        "**",
        "__",
        "_",
        "~~",
        "||",
        "`",
        "```",
        "\u1fef",
        "\n# ",
        "\n-# ",
        "\n- ",
        "\n> ",
        "\n>>> ",
        "1. ",
        "\n",
    ),
    *(
        "<!channel>",
        "<!here|x>",
        "<@U1>",
        "<#C1|a>",
        "<!subteam^S1>",
        "<https://evil.example|x>",
        "&lt;!channel&gt;",
        "&amp;",
        "&",
        "|",
        ">",
    ),
    *(
        ":fire:",
        "👨‍👩‍👧",
        "🇩🇪",
        "👍🏽",
        "e\u0301\u0323",
        "❤️",
        "\ud800",
        "\udc00",
        "\u202e",
        "\x00",
        "\u2028",
        "日本語",
        "a" * 300,
        "ok go",
        " ",
    ),
]
texts = st.one_of(
    st.text(max_size=40), st.lists(st.one_of(st.sampled_from(SMUGGLED), st.text(max_size=5)), max_size=12).map("".join)
)
long_texts = st.builds(lambda text, times: text * times, texts, st.sampled_from([1, 1, 1, 40]))
replies = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=MAX_REPLY)
cards = st.builds(
    Card,
    kind=st.sampled_from(get_args(CardKind)),
    title=long_texts,
    url=st.one_of(st.sampled_from([URL, "", URL + "x" * 1000]), texts.map(lambda text: f"https://a.b/{text}"), texts),
    text=long_texts,
    footer=long_texts,
    reply=replies,
    buttons=st.lists(st.sampled_from(get_args(Button)), max_size=12).map(tuple),
    choices=st.one_of(st.just([]), st.lists(long_texts, max_size=4), st.lists(texts, max_size=14)).map(tuple),
)


def a_card(**changes: Any) -> Card:
    usual: dict[str, Any] = {
        "kind": "reply",
        "title": "ABBA — SOS",
        "url": URL,
        "text": "Glass.",
        "footer": "pop",
        "reply": "r1",
    }
    return Card(**usual | changes)


def shown(markdown: str) -> tuple[str, list[str]]:
    """What Discord shows of a text, and the marks in it that mean something, read one after the other."""
    words, active = [], []
    for found in re.finditer(
        r"\\(?P<escaped>[^0-9A-Za-z\s])|(?P<mark>[\\*_~`|<>\[\]#@:/]|^ *(?:[-+]|\d+\.)|\.)|(?P<other>.)", markdown, re.S | re.M
    ):
        if found["mark"] == "@" and markdown[found.end() : found.end() + 1] == "\u200b":
            words.append("@")
        elif found["mark"]:
            active.append(found["mark"])
        elif found[0] != "\u200b":
            words.append(found["escaped"] or found["other"])
    return "".join(words), active


def called(raw: str) -> list[str]:
    """Whom Discord's servers would find in a text: they know no backslashes."""
    return re.findall(r"@everyone|@here|<@[!&]?\d+>|<#\d+>|<a?:\w+:\d+>|https?://\S+|discord\.gg/\w+", raw)


@given(cards, st.booleans())
def test_a_message_for_discord_is_within_every_limit(card: Card, embeds: bool) -> None:
    payload = discord_cards.message(card, embeds=embeds)
    check_message(payload)
    embed = payload["embeds"][0] if embeds else {}
    written = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    assert sum(map(size, written)) <= 6000
    assert size(written[0]) <= 256
    assert size(written[1]) <= 4096
    assert size(payload["content"]) <= 2000
    assert "".join([*written, payload["content"]]).strip()
    json.dumps(payload, ensure_ascii=False).encode()  # no lone surrogate is left
    assert payload["allowed_mentions"]["parse"] == []


@pytest.mark.parametrize("letter", ["a", "*", "&", "😀", "a b\n", "@", "\u0301", "🇩🇪"])
def test_the_fullest_card_is_within_every_limit(letter: str) -> None:
    huge = letter * 6000
    url = "https://a.b/?" + "&" * 400
    buttons = get_args(Button)
    card = a_card(kind="draft", title=huge, url=url, text=huge, footer=huge, reply="r" * MAX_REPLY, buttons=buttons)
    for choices in ((), (huge,) * 20):
        full = replace(card, choices=choices)
        check_message(discord_cards.message(full))
        check_message(discord_cards.message(full, embeds=False))
        assert faults_of_blocks(slack_cards.message(full)["blocks"]) == []


@given(cards)
def test_nothing_on_discord_is_active_but_what_the_card_put_there(card: Card) -> None:
    embed = discord_cards.message(card)["embeds"][0]
    assert embed.get("url", "") == (address(card) if embed.get("title") else "")
    assert shown(embed.get("title", ""))[1] == []
    body = re.sub(r"^\*\*\d+\.\*\* ", "", embed.get("description", ""), flags=re.M)
    assert shown(body)[1] == []
    assert called(body + embed.get("title", "")) == []


@given(cards)
def test_plain_lines_on_discord_are_as_inert(card: Card) -> None:
    lines = discord_cards.message(card, embeds=False)["content"].split("\n")
    links = []
    for number, line in enumerate(lines):
        inside = line
        if number == 0 and one_line(card.title):
            inside = line.removeprefix("**").removesuffix("**")
        elif number == 1 and line.startswith("<"):
            links.append(line[1:-1])
            continue
        elif number == len(lines) - 1:
            inside = line.removeprefix("-# ")
        inside = re.sub(r"^\*\*\d+\.\*\* ", "", inside)
        assert shown(inside)[1] == []
        assert called(inside) == []
    assert links == ([address(card)] if address(card) and one_line(card.title) else [])


@given(texts)
def test_discord_shows_the_text_as_it_was_written(text: str) -> None:
    embed = discord_cards.message(a_card(text=text, title=text))["embeds"][0]
    for written, whole in ((embed.get("title", ""), one_line(text)), (embed.get("description", ""), tidy(text))):
        words = shown(written)[0]
        assert words == whole or (words.endswith("…") and whole.startswith(words[:-1]))


@given(cards)
def test_a_message_for_slack_is_within_every_limit(card: Card) -> None:
    payload = slack_cards.message(card)
    assert faults_of_blocks(payload["blocks"]) == []
    assert 0 < size(payload["text"]) <= 3000
    json.dumps(payload, ensure_ascii=False).encode()
    for block in payload["blocks"]:
        for text in [block.get("text"), *block.get("elements", [])]:
            assert not text or text["type"] == "button" or size(text["text"]) <= 3000


@given(cards)
def test_nothing_on_slack_is_active_but_what_the_card_put_there(card: Card) -> None:
    payload = slack_cards.message(card)
    links = []
    for block in payload["blocks"]:
        for text in [block.get("text"), *block.get("elements", [])]:
            if text and text["type"] != "button":
                links += inert(text["text"])
    assert [html.unescape(link) for link in links] == ([address(card)] if address(card) and one_line(card.title) else [])
    assert inert(payload["text"]) == []
    assert not re.search(r"https?://|[*_~`]|@\w|:\w+:", payload["text"])
    for label in re.findall(r"\|(.*)>", "".join(texts_of(payload["blocks"]))):
        assert not re.search(r"https?://|[*_~`]|@\w|:\w+:", label)


def inert(text: str) -> list[str]:
    """The addresses in a text for Slack; fails for any other angle bracket, ampersand or mention."""
    assert pinged(text) == []
    assert not re.search(r"https?://|@\w|:\w+:", re.sub(r"^\*<[^|]+\|", "", text))
    outside = re.sub(r"^\*<(https?://[^<>|\s]+)\|[^<>]+>\*$", "", text, flags=re.S)
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", outside)
    assert not re.search(r"&(?!(?:amp|lt|gt);)", text)
    return links_in(text)


@given(cards, st.booleans())
def test_buttons_round_trip(card: Card, embeds: bool) -> None:
    approving, others = presses(card)
    rows = discord_cards.message(card, embeds=embeds)["components"]
    pressed = [discord_cards.pressed(part["custom_id"]) for row in rows for part in row["components"]]
    assert pressed == [*approving, *others]
    blocks = slack_cards.message(card)["blocks"]
    controls = [block["accessory"] for block in blocks if "accessory" in block]
    controls += [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    assert [slack_cards.pressed(each["action_id"], each["value"]) for each in controls] == [*approving, *others]
    assert {press.button for press in others} == {*card.buttons} - {"approve"}
    assert [press.choice for press in approving] == (
        list(range(1, len(shown_choices(card)) + 1)) if "approve" in card.buttons else []
    )


@pytest.mark.parametrize(
    "custom_id",
    [
        *(
            None,
            7,
            "",
            "dhb",
            "dhb:",
            "dhb:again",
            "dhb:again:",
            "xyz:again:r",
            "dhb:nothing:r",
            "dhb:again.1:r",
            "dhb:again.:r x",
        ),
        *("dhb:approve:r", "dhb:approve.0:r", "dhb:approve.01:r", f"dhb:approve.{MAX_CHOICES + 1}:r", "dhb:approve.²:r"),
        *("dhb:approve.-1:r", f"dhb:up:{'r' * (MAX_REPLY + 1)}", "dhb:up:r\n", "dhb:up:ré"),
    ],
)
def test_what_no_button_of_ours_carries_is_no_press(custom_id: object) -> None:
    assert discord_cards.pressed(custom_id) is None


def test_slack_takes_no_value_that_is_no_id() -> None:
    assert slack_cards.pressed("dhb:up", None) is None
    assert slack_cards.pressed(None, "r1") is None
    assert slack_cards.pressed("up", "r1") is None
    assert slack_cards.pressed("dhb:up", "r1") == Press("up", "r1")


@pytest.mark.parametrize("reply", ["", "r" * (MAX_REPLY + 1), "a b", "é"])
def test_an_id_that_no_button_can_carry_is_refused(reply: str) -> None:
    with pytest.raises(ValueError, match="cannot carry the id"):
        discord_cards.message(a_card(reply=reply, buttons=("up",)))
    assert discord_cards.message(a_card(reply=reply))["components"] == []


def test_every_button_has_a_label_and_a_card_without_words_is_no_empty_message() -> None:
    labels = [press.label for press in presses(a_card(buttons=get_args(Button), choices=("a", "b")))[1]]
    assert labels == ["👍", "👎", "Again", "Remove", "Why?", "Edit", "Reject"]
    nothing = a_card(kind="notice", title="", text=" ", footer="\n", url="")
    assert discord_cards.message(nothing)["embeds"][0]["description"] == "…"
    assert discord_cards.message(nothing, embeds=False)["content"] == "…"
    assert slack_cards.message(nothing)["text"] == "…"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://",
        "https://a@b.c/",
        "https://a.b/ c",
        "https://a.b/>",
        "https://a.b/|x",
        "https://a.b/)",
        "https://é.b/",
    ],
)
def test_an_address_that_cannot_be_trusted_is_not_linked(url: str) -> None:
    assert address(a_card(url=url)) == ""
    assert address(a_card(url=URL)) == URL
    assert address(a_card(url="https://a.b/@everyone")) == "https://a.b/%40everyone"


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two three", 7, "one…"),
        ("abcdefgh", 5, "abcd…"),
        ("a bcdefghij", 6, "a bcd…"),
        ("日本語日本語", 4, "日本語…"),
        ("😀😀😀", 5, "😀😀…"),
        ("😀😀😀", 4, "😀…"),
        ("xye\u0323\u0301z", 5, "xy…"),
        ("ab👍🏽c", 5, "ab…"),
        ("🇩🇪🇫🇷🇮🇹", 8, "🇩🇪…"),
        ("a❤️b c", 3, "a…"),
        ("anything", 1, "…"),
    ],
)
def test_texts_are_cut_between_words_or_whole_characters(text: str, most: int, left: str) -> None:
    assert fitted(text, most) == left


@given(texts.map(tidy), st.integers(1, 60))
def test_a_cut_never_splits_an_escape(text: str, most: int) -> None:
    cut = fitted(text, most, str.maketrans({"&": "&amp;", "*": "\\*"}))
    assert size(cut) <= most
    assert not re.search(r"&(?!amp;)|(?<!\\)\*", cut)
