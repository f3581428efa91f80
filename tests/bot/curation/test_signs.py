"""Emoji as votes: every form in which platforms write the same one, and the lists that people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.curation.signs import DOWN, MAX_EMOJI, UP, Signs, emoji_in, signs

TONES = ("", *map(chr, range(0x1F3FB, 0x1F400)))
CUSTOM = "123456789012345678"


@pytest.mark.parametrize(("emoji", "sign"), [*((each, 1) for each in UP), *((each, -1) for each in DOWN)])
def test_a_default_counts_however_it_is_drawn(emoji: str, sign: int) -> None:
    usual = Signs()
    assert usual.sign_of(emoji) == sign
    assert usual.sign_of(emoji.replace("\ufe0f", "")) == sign
    assert usual.sign_of(emoji.replace("\ufe0f", "\ufe0e")) == sign


@pytest.mark.parametrize("emoji", ["👍", "👎", "🙌", "👏", "🤘"])
def test_the_colour_of_a_hand_does_not_count(emoji: str) -> None:
    assert {Signs().sign_of(emoji + tone) for tone in TONES} == {Signs().sign_of(emoji)} != {None}


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        *(
            (name, 1)
            for name in "+1 thumbsup heart fire 100 heart_eyes tada raised_hands clap star-struck heart_on_fire".split()
        ),
        *((name, -1) for name in "-1 thumbsdown zzz wastebasket yawning_face sleeping hankey poop face_vomiting".split()),
        *(("+1::skin-tone-3", 1), (":+1::skin-tone-6:", 1), (":heart:", 1), ("thumbsdown::skin-tone-2", -1)),
    ],
)
def test_slack_calls_them_by_name(name: str, sign: int) -> None:
    assert Signs().sign_of(name) == sign


@pytest.mark.parametrize(
    "emoji", ["", " ", "😐", "+2", "eyes", "❤👍", "👍👍", "\ud800", ":", "::", "<:+1:1>", "0", CUSTOM, "a" * 9999]
)
def test_anything_else_is_no_vote(emoji: str) -> None:
    assert Signs().sign_of(emoji) is None


def test_of_a_custom_emoji_the_id_counts() -> None:
    own = Signs(emoji_in(f"<:yes:{CUSTOM}>"), emoji_in("<a:no:987654321098765432> :party_parrot:"))
    assert [own.sign_of(form) for form in (f"<:yes:{CUSTOM}>", f"<a:renamed:{CUSTOM}>", f"yes:{CUSTOM}", CUSTOM)] == [1] * 4
    assert own.sign_of("<:no:987654321098765432>") == own.sign_of("party_parrot") == -1
    assert own.sign_of("yes") is own.sign_of("👍") is None


def test_one_that_would_count_both_ways_counts_as_nothing() -> None:
    mixed = Signs(("👍", "🔥"), ("thumbsup", "👎"))
    assert [mixed.sign_of(emoji) for emoji in ("👍", "+1", "🔥", "👎")] == [None, None, 1, -1]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("👍🔥💯", ("👍", "🔥", "💯")),
        ("👍🏽, 👍 :+1: ❤️‍🔥;🏳️‍🌈", ("👍", "❤️‍🔥", "🏳️‍🌈")),
        ("🇩🇪🇫🇷 1️⃣ 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👩🏽‍🎤", ("🇩🇪", "🇫🇷", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "👩‍🎤")),
        (f"<:yes:{CUSTOM}> yes:{CUSTOM} {CUSTOM}", (f"<:yes:{CUSTOM}>",)),
        ("+1 100 :blob-dance:", (":+1:", ":100:", ":blob-dance:")),
    ],
)
def test_lists_as_people_type_them(typed: str, read: tuple[str, ...]) -> None:
    assert emoji_in(typed) == read
    assert emoji_in(" ".join(read)) == read


@pytest.mark.parametrize("typed", ["", " ,; ", "hello", "👍 or 👎", "<:yes:1>", ":no way:", "\ud800", "\u200d", "🏽", "🇩"])
def test_what_is_no_emoji_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="emoji"):
        emoji_in(typed)


def test_there_are_only_so_many() -> None:
    many = [f":mood{n}:" for n in range(MAX_EMOJI + 1)]
    assert emoji_in(" ".join(many[1:])) == tuple(many[1:])
    with pytest.raises(ValueError, match="51 emoji, and 50 may be set"):
        emoji_in(" ".join(many))


@given(st.text() | st.text(alphabet="👍🏽❤️‍🔥:+-1<>ab23456789 \u20e3\U000e0067", max_size=40))
def test_no_text_breaks_the_reader_and_what_it_reads_stays(text: str) -> None:
    Signs().sign_of(text)
    try:
        read = emoji_in(text)
    except ValueError:
        return
    assert emoji_in(" ".join(read)) == read
    assert all(Signs(up=read, down=()).sign_of(emoji) == 1 for emoji in read)


def test_places_with_the_same_lists_share_them() -> None:
    assert signs(UP, DOWN) is signs(tuple(UP), tuple(DOWN))
