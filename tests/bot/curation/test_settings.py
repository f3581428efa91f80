"""Settings from chat: what people type, what is refused and how, and whose word goes first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.curation.quiet import QuietHours
from bot.curation.settings import (
    DAY,
    KEYS,
    PlaceSettings,
    about,
    for_whole_community,
    key_of,
    merged,
    typed,
)
from bot.curation.signs import DOWN, UP
from bot.curation.typed import MAX_IDS, MAX_TYPED, Channels
from bot.errors import InputError
from tests.bot.curation.test_quiet import hours

USUAL = PlaceSettings()

discord_ids = st.integers(1, 10**20 - 1).map(str)
ids = discord_ids | st.from_regex(r"\A[A-Z][A-Z0-9]{1,20}\Z")
id_lists = st.lists(ids, unique=True, max_size=20).map(tuple)
custom = st.integers(10**14, 10**20 - 1).map(lambda id_: f"<:mood:{id_}>")
emoji = st.lists(
    st.sampled_from(("🎸", "🕺", ":party_parrot:", "🏳️‍🌈", "🇩🇪", *UP, *DOWN)) | custom, unique=True, max_size=9
).map(tuple)
cooldowns = st.integers(0, DAY)

places = st.builds(
    PlaceSettings,
    mode=st.sampled_from(("auto", "review", "off")),
    passive=st.booleans(),
    channels=st.builds(Channels, only=st.booleans(), ids=id_lists.filter(bool)) | st.just(USUAL.channels),
    curators_channel=st.just("") | ids,
    curators=id_lists,
    praise=st.integers(0, 100).map(lambda tenths: tenths / 10),
    cooldown_person=cooldowns,
    cooldown_channel=cooldowns,
    cooldown_community=cooldowns,
    cooldown_asked=cooldowns,
    window=st.integers(0, 30 * DAY),
    quiet=st.none() | hours,
    adults=st.booleans(),
    up=emoji,
    down=emoji,
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
hostile = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))


@given(places, st.sampled_from(KEYS))
def test_what_is_shown_can_be_typed_again(settings: PlaceSettings, key: str) -> None:
    assert settings.changed(key, settings.shown(key)) == settings
    assert typed(key, settings.shown(key)) == settings.shown(key)


@given(places, places)
def test_a_place_is_read_back_as_it_was_kept(settings: PlaceSettings, other: PlaceSettings) -> None:
    kept = json.loads(json.dumps(settings.as_dict()))
    assert PlaceSettings.from_dict(kept) == settings
    assert other.with_values(kept) == settings


def or_refused(make: Callable[[], PlaceSettings]) -> PlaceSettings | str:
    """The settings, or the sentence with which they were refused."""
    try:
        return make()
    except InputError as refused:
        return str(refused)


@given(places, st.sampled_from(KEYS), st.text() | st.text(alphabet="0123456789.,:-hmsdpa <>#@&|^!CS only but", max_size=30))
def test_no_text_breaks_a_setting(settings: PlaceSettings, key: str, text: str) -> None:
    changed = or_refused(lambda: settings.changed(key, text))
    if isinstance(changed, str):
        assert changed.isprintable()
        return
    assert {each for each in KEYS if getattr(changed, each) != getattr(settings, each)} <= {key}
    assert PlaceSettings.from_dict(changed.as_dict()) == changed


@given(st.dictionaries(st.sampled_from(KEYS), hostile) | hostile)
def test_no_table_breaks_the_settings(values: Any) -> None:
    settings = or_refused(lambda: PlaceSettings.from_dict(values))
    assert settings.isprintable() if isinstance(settings, str) else PlaceSettings.from_dict(settings.as_dict()) == settings


@pytest.mark.parametrize(
    ("key", "text", "field", "value"),
    [
        ("mode", " Review ", "mode", "review"),
        ("passive", "no", "passive", False),
        ("channels", "only <#123> <#C45|music>,<#123>", "channels", Channels(only=True, ids=("123", "C45"))),
        ("channels", "all but <#123>", "channels", Channels(only=False, ids=("123",))),
        ("channels", "except 123", "channels", Channels(only=False, ids=("123",))),
        ("channels", "ALL", "channels", USUAL.channels),
        ("Curators-Channel", "<#77>", "curators_channel", "77"),
        ("curators channel", "none", "curators_channel", ""),
        ("curators", "<@&123>, <!subteam^S12|@team> <@U77|ann>", "curators", ("123", "S12", "U77")),
        ("praise", "7,55", "praise", 7.5),
        ("praise", "10/10", "praise", 10.0),
        ("cooldown_person", "1h 30m", "cooldown_person", 5400),
        ("cooldown_channel", "2 minutes", "cooldown_channel", 120),
        ("cooldown_community", "0.5h", "cooldown_community", 1800),
        ("cooldown_asked", "off", "cooldown_asked", 0),
        ("cooldown_asked", "45", "cooldown_asked", 45),
        ("window", "2", "window", 7200),
        ("window", "7 days", "window", 7 * DAY),
        ("quiet", "22-7 Europe/Berlin", "quiet", QuietHours(time(22), time(7), "Europe/Berlin")),
        ("quiet", "off", "quiet", None),
        ("up", "🎸👍🏽 :party_parrot:", "up", ("🎸", "👍", ":party_parrot:")),
        ("down", "none", "down", ()),
    ],
)
def test_settings_as_people_type_them(key: str, text: str, field: str, value: object) -> None:
    assert getattr(USUAL.changed(key, text), field) == value


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("mode", "loud", 'mode is "loud", but must be auto, review or off.'),
        ("passive", "maybe", 'passive is "maybe", but must be on or off.'),
        ("praise", "11", 'praise is "11", but must be a number from 0 to 10, such as 8.'),
        ("praise", "nan", 'praise is "nan", but must be a number from 0 to 10, such as 8.'),
        ("cooldown_person", "2 months", "but must be a duration up to 1d, such as 30s or 2m, or off."),
        ("cooldown_person", "25h", "a duration up to 1d"),
        ("cooldown_person", "1 2", "a duration"),
        ("cooldown_person", "-5", "a duration"),
        ("window", "31d", "a duration up to 30d, such as 2h or 7d, or off."),
        ("channels", "only #music", '("#music" is not the id of a channel), but must be all, only #one #other'),
        ("channels", "only", "all but #one"),
        ("channels", "only " + " ".join(map(str, range(MAX_IDS + 1))), "these are 101, and 100 may be set"),
        ("curators", "@mods", '"@mods" is not the id of a role or group'),
        ("curators", "", "it names no role or group"),
        ("curators_channel", "<#1> <#2>", "these are several"),
        ("quiet", "22-7", "the time zone is missing"),
        ("up", "yes", '"yes" is no emoji'),
        ("up", "🎸👎", "👎 cannot count both ways: take it out of down first."),
        ("down", ":+1:", ":+1: cannot count both ways: take it out of up first."),
        ("mode", "x" * (MAX_TYPED + 1), f"mode is longer than {MAX_TYPED} characters: shorten it."),
        ("mod", "off", 'There is no setting "mod"; did you mean mode?'),
        ("\x1b[31m", "off", 'There is no setting "[31m"; there are mode, passive,'),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_can(key: str, text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        USUAL.changed(key, text)
    assert sentence in str(refused.value)


def test_default_takes_a_setting_back() -> None:
    operator = USUAL.changed("praise", "3")
    assert operator.changed("praise", "9").changed("praise", "Default", below=operator) == operator
    assert operator.changed("praise", "default") == USUAL
    assert typed("praise", " reset ") is None


def test_a_channel_goes_before_its_community_and_that_before_the_operator() -> None:
    operator = USUAL.changed("praise", "3").changed("window", "2h").changed("mode", "off")
    found = merged(operator, {"praise": "5", "mode": "review"}, {"mode": "auto"})
    assert (found.window, found.praise, found.mode) == (7200, 5.0, "auto")
    assert merged(operator) == merged(operator, {}, {}) == merged(operator, {"mode": None}) == operator


def test_what_concerns_the_whole_community_is_not_set_for_a_channel() -> None:
    given_ = {"channels": "only <#1>", "cooldown_community": "5m", "cooldown_channel": "1m"}
    assert merged(USUAL, None, given_) == USUAL.changed("cooldown_channel", "1m")
    assert merged(USUAL, given_).channels == Channels(only=True, ids=("1",))
    assert [key for key in KEYS if for_whole_community(key)] == ["channels", "cooldown_community"]


def test_a_file_may_write_values_as_they_are() -> None:
    table = {"passive": False, "praise": 7, "cooldown_person": 30.0, "up": ["🎸", "🕺"], "down": [], "another_version": {}}
    read = PlaceSettings.from_dict(table)
    assert (read.passive, read.praise, read.cooldown_person, read.up, read.down) == (False, 7.0, 30, ("🎸", "🕺"), ())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (None, "no table"),
        ([], "no table"),
        ({"mode": {"a": []}}, "auto, review or off"),
        ({"praise": True}, "a number from 0 to 10"),
        ({"praise": float("nan")}, "a number from 0 to 10"),
        ({"praise": 10**5000}, "a number from 0 to 10"),
        ({"up": [1]}, "emoji"),
    ],
)
def test_what_no_version_wrote_is_refused(values: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        PlaceSettings.from_dict(values)


def test_a_value_nested_deep_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(InputError, match="auto, review or off"):
        PlaceSettings.from_dict({"mode": deep})


def test_every_setting_says_what_it_is_for() -> None:
    rows = USUAL.rows()
    assert [key for key, _, _ in rows] == list(KEYS)
    assert all(value and line[0].isupper() and line.endswith(".") and len(line) < 120 for _, value, line in rows)
    assert about("cooldown person") == (
        "How long after an answer links by the same person get none. "
        'It may be a duration up to 1d, such as 30s or 2m, or off; "default" undoes it.'
    )
    assert key_of("Cooldown-Person") == "cooldown_person"


def test_curators_are_known_by_their_roles() -> None:
    place = USUAL.changed("curators", "<@&123> S45")
    assert place.curated_by(["9", "123"])
    assert place.curated_by({"S45"})
    assert not place.curated_by(["9"])
    assert not USUAL.curated_by([])
    assert USUAL.curated_by([], manages=True)


def test_emoji_mean_what_the_place_says() -> None:
    place = USUAL.changed("up", "🎸 :party_parrot:")
    assert [place.signs.sign_of(emoji) for emoji in ("🎸", "party_parrot", "👍", "👎")] == [1, 1, None, -1]
