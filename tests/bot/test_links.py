"""The link parser: labelled messages, each platform's markup, hostile addresses, and what holds for any text."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.links import PLATFORMS, Link, Platform, find_links

GOLDEN = Path(__file__).parents[1] / "golden" / "links.jsonl"
EXAMPLES: list[dict[str, Any]] = [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()]

TRACK, OTHER_TRACK, VIDEO, OTHER_VIDEO = (
    "4uLU6hMCjMI75M1A2tKUQC",
    "6c5wQFfJApRMooKE7UQnlH",
    "dQw4w9WgXcQ",
    "-tJYN-eG1zk",
)
SONG = f"https://open.spotify.com/track/{TRACK}"
OTHER_SONG = f"https://open.spotify.com/track/{OTHER_TRACK}"
CLIP = f"https://youtu.be/{VIDEO}"
OTHER_CLIP = f"https://youtu.be/{OTHER_VIDEO}"


def ids(text: str, platform: Platform) -> list[str]:
    """The ids of the links in a message."""
    return [link.id for link in find_links(text, platform)]


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_labelled_message(example: dict[str, Any]) -> None:
    found = find_links(example["text"], example["platform"])
    assert [{"service": link.service, "kind": link.kind, "id": link.id} for link in found] == example["links"]


@pytest.mark.parametrize(
    "address",
    [
        f"https://www.youtube.com/watch/?v={VIDEO}",
        f"https://www.youtube.com/watch/{VIDEO}",
        f"https://www.youtube.com/watch?list=PL1&index=2&v={VIDEO}&t=1m2s#top",
        f"https://www.youtube.com/watch?v={VIDEO}?t=42",
        f"https://www.youtube.com/watch?v=%64{VIDEO[1:]}",
        f"https://www.youtube.com/e/{VIDEO}",
        f"https://www.youtube.com/v/{VIDEO}&hl=en&fs=1",
        f"https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{VIDEO}%26feature%3Dshare",
        f"https://youtube-nocookie.com/embed/{VIDEO}",
        f"https://www.youtu.be/{VIDEO}/",
        f"https://youtu.be/{VIDEO}&feature=share",
        f"https://www.youtube.com./watch?v={VIDEO}",
        f"http://m.YOUTUBE.com/shorts/{VIDEO}",
    ],
)
def test_form_of_a_video(address: str) -> None:
    for platform in PLATFORMS:
        assert find_links(address, platform) == (Link("youtube", "video", VIDEO),)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"https://open.spotify.com/intl-es-419/track/{TRACK}", "track"),
        (f"https://open.spotify.com/intl-fr/embed/album/{TRACK}", "album"),
        (f"https://open.spotify.com/embed-podcast/episode/{TRACK}", "episode"),
        (f"https://open.spotify.com/embed/user/someone/playlist/{TRACK}", "playlist"),
        (f"https://play.spotify.com/artist/{TRACK}/", "artist"),
        (f"Spotify:track:{TRACK}?si=1", "track"),
        (f"spotify:album:{TRACK}#1:02", "album"),
    ],
)
def test_form_of_a_spotify_link(address: str, kind: str) -> None:
    for platform in PLATFORMS:
        assert [(link.kind, link.id) for link in find_links(address, platform)] == [(kind, TRACK)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # code
        (f"``{SONG}``", []),
        (f"``a ` {SONG}``", []),
        (f"``{SONG}`", []),  # a run may close with fewer than it opened with
        (f"```{SONG} was never closed", [TRACK]),
        (f"`{SONG}``", [TRACK]),
        (f"````\n{SONG}\n```` {CLIP}", [VIDEO]),
        (f"`a\nb {SONG}` {CLIP}", [VIDEO]),
        (f"\\`{SONG}\\`", [TRACK]),
        (f"\\\\`{SONG}`", []),  # the backslash itself is escaped
        (f"`\\` {SONG} `", [TRACK]),  # nothing is escaped inside code
        (f"{SONG}`code`{CLIP}", [TRACK, VIDEO]),
        # spoilers
        (f"||one {SONG}\ntwo||{CLIP}", [VIDEO]),
        (f"\\||{SONG}\\||", [TRACK]),
        (f"\\|\\|{SONG}\\|\\|", [TRACK]),
        (f"||{SONG}", [TRACK]),
        (f"|{SONG}|", [TRACK]),
        (f"|||| {SONG} ||", []),
        (f"`||` {SONG} `||`", [TRACK]),
        (f"`a ||b` {SONG} ||", [TRACK]),
        (f"||a|| {SONG} ||b||", [TRACK]),
        (f"||[a]({SONG})|| [||b||]({CLIP})", [VIDEO]),
        # masked links
        (f"[{SONG}]({CLIP})", [VIDEO]),
        (f'[a [b] c]({SONG} "a title")', [TRACK]),
        (f"[{SONG}](https://evil.example/login)", []),
        (f"[{SONG}](and then nothing)", [TRACK]),
        (f"[{SONG}] ({CLIP})", [TRACK, VIDEO]),
        (f"\\[{SONG}]({CLIP})", [TRACK, VIDEO]),
        (f"[{SONG}]({CLIP}", [TRACK, VIDEO]),
        (f"[a]({SONG})[b](<{CLIP}>)", [TRACK, VIDEO]),
        # emphasis and the rest
        (f"_{CLIP}_ __{OTHER_CLIP}__", [VIDEO, OTHER_VIDEO]),
        (f"_listen to {CLIP}_", [VIDEO]),
        (f"***__~~{SONG}~~__***", [TRACK]),
        (f"~~{SONG}~~and{CLIP}", [TRACK]),
        (f"> {SONG}\n-# {CLIP}\n# {OTHER_CLIP}", [TRACK, VIDEO, OTHER_VIDEO]),
        (f"\\<{SONG}>", [TRACK]),
        (f"<:track:123> <a:spotify:1> <@1>{SONG}", [TRACK]),
    ],
)
def test_discord_markup(text: str, expected: list[str]) -> None:
    assert ids(text, "discord") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<{SONG}|{CLIP}>", [TRACK]),
        (f"`<{SONG}>` and <{CLIP}>", [VIDEO]),
        (f"it`s <{SONG}> isn`t it", [TRACK]),
        (f"`one\n<{SONG}> two`", [TRACK]),
        (f"```one\n<{SONG}>\ntwo``` <{CLIP}>", [VIDEO]),
        (f"```<{SONG}> was never closed", [TRACK]),
        (f"||<{SONG}>|| [{CLIP}](<{OTHER_CLIP}>)", [TRACK, VIDEO, OTHER_VIDEO]),
        (f"&lt;<{SONG}>&gt; &lt;{CLIP}&gt;", [TRACK, VIDEO]),
        (f"<https://www.youtube.com/watch?t=1&amp;v={VIDEO}|https://www.youtube.com/watch?t=1&amp;v=x>", [VIDEO]),
        (f"<https://www.youtube.com/watch?t=1&amp;amp;v={VIDEO}>", []),
        (f"<mailto:a@b.example|{SONG}> <#C1|{SONG}> <!date^1^{{date}}^{SONG}|{SONG}>", []),
        (f"<spotify:track:{TRACK}>, spotify:track:{OTHER_TRACK}", [TRACK, OTHER_TRACK]),
        (f"<{SONG}", [TRACK]),
        (f"see {SONG}", [TRACK]),
    ],
)
def test_slack_markup(text: str, expected: list[str]) -> None:
    assert ids(text, "slack") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"||{SONG}|| `{CLIP}`", [TRACK, VIDEO]),
        (f"[{SONG}]({CLIP})", [TRACK, VIDEO]),
        (f"<{SONG}|{CLIP}>", [TRACK, VIDEO]),
        (f"https://www.youtube.com/watch?t=1&amp;v={VIDEO}", []),
    ],
)
def test_markup_of_other_platforms_means_nothing_in_plain_text(text: str, expected: list[str]) -> None:
    assert ids(text, "plain") == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{CLIP}.",
        f"{CLIP}...",
        f"{CLIP}?!",
        f"{CLIP},nice",
        f"{CLIP}!nice",
        f"{CLIP}(official)",
        f"{CLIP}'s chorus",
        f"'{CLIP}'",
        f"({CLIP})",
        f"[{CLIP}]",
        f"{{{CLIP}}}",
        f'<a href="{CLIP}">{CLIP}</a>',
        f"listen:{CLIP}",
        f"Spotify:{CLIP}",
        f"1.{CLIP}",
        f"-{CLIP}",
        f"聴いて{CLIP}を聴いて",
        f"（{CLIP}）",
        f"“{CLIP}”…",
        f"{CLIP}—wow",
        f"{CLIP}🔥🔥",
        f"{CLIP}❤️",
        f"{CLIP}\u3000{CLIP}\u00a0",
        f"\ufeff\u2060{CLIP}\u2069\u00ad",
        f"\\{CLIP}\\",
        f"{CLIP}&quot;",
    ],
)
def test_what_stands_around_a_link_is_not_part_of_it(text: str) -> None:
    for platform in PLATFORMS:
        assert ids(text, platform) == [VIDEO]


@pytest.mark.parametrize("between", [" ", "\n", ",", ";", "、", "と", "|", ")(", "><", '" "', "*,*", "\u200b"])
def test_what_stands_between_two_links_parts_them(between: str) -> None:
    assert ids(f"{CLIP}{between}{OTHER_CLIP}", "plain") == [VIDEO, OTHER_VIDEO]


@pytest.mark.parametrize(
    "text",
    [
        # other hosts
        f"https://open.spotify.com\\@evil.example/track/{TRACK}",
        f"https://evil.example\\@open.spotify.com/track/{TRACK}",
        f"https://@open.spotify.com/track/{TRACK}",
        f"https://open.spotify.com:443/track/{TRACK}",
        f"https://open.spotify.com:/track/{TRACK}",
        f"https://open.spotify.com%2eevil.example/track/{TRACK}",
        f"https://ｏｐｅｎ.spotify.com/track/{TRACK}",
        f"https://open。spotify。com/track/{TRACK}",
        "https://spotify.lin\u212a/9mHqYXn2BDb",
        f"https://evil.example#@open.spotify.com/track/{TRACK}",
        f"https://open.spotify.com#/track/{TRACK}",
        f"https://[::1]/track/{TRACK} https://[/track/{TRACK}",
        f"https://api.spotify.com/track/{TRACK} https://youtube.com.co/watch?v={VIDEO}",
        # other schemes, or none
        f"x{SONG} git+{SONG} view-source:{SONG} javascript:open('{SONG}') data:text/html,{SONG}",
        f"https:/open.spotify.com/track/{TRACK} //open.spotify.com/track/{TRACK} open.spotify.com/track/{TRACK}",
        f"http\u017f://open.spotify.com/track/{TRACK}",
        f"myspotify:track:{TRACK} com.spotify:track:{TRACK} spotify: track:{TRACK} spotify/track/{TRACK}",
        # inside another address
        f"evil.example/?u={SONG}",
        f"www.example.com/a/b/{SONG}",
        f"ftp://example.com/{SONG}",
        f"https://evil.example/(see {CLIP[:10]}",
        f"https://evil.example/({SONG})",
        f"https://evil.example/,{SONG}",
        f"https://evil.example/'{SONG}'",
        f"https://例え.jp/道?u={SONG}",
        f"https://evil.example/spotify:track:{TRACK}",
        f"https://embed.spotify.com/?uri=spotify:track:{TRACK}",
        f"https://www.youtube.com/redirect?q={SONG}",
        f"https://www.youtube.com/oembed?url={CLIP}",
        f"https://www.youtube.com/results?search_query='{CLIP}'",
        f"https://www.youtube.com/attribution_link?u={CLIP}",
        f"https://{SONG}",
        # no such id, no such page
        f"{SONG}é",
        f"https://open.spotify.com/track/{TRACK[:-1]}С",
        f"{SONG}.mp3",
        f"{SONG}/more",
        f"{SONG}%20",
        f"{CLIP}x",
        f"https://open.spotify.com/track%2F{TRACK}",
        f"https://open.spotify.com/Track/{TRACK}",
        f"https://open.spotify.com/intl-/track/{TRACK}",
        f"spotify:user:someone:track:{TRACK} spotify:show:{TRACK}",
        "https://www.youtube.com/embed/live_stream?channel=UC1 https://www.youtube.com/clip/Ugkx1234567",
        f"https://www.youtube.com/watch?V={VIDEO} https://www.youtube.com/{VIDEO}",
        "https://spotify.link/ https://spotify.link/a/b https://spotify.app.link/?x=1",
        f"https://www.youtube.com/watch?v=\n{VIDEO} https://you\u00adtu.be/{VIDEO} ht\u200btps://youtu.be/{VIDEO}",
    ],
)
def test_no_link(text: str) -> None:
    for platform in PLATFORMS:
        assert ids(text, platform) == []


# --- what holds for any text ----------------------------------------------------------------------------------

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NO_VIDEOS = {"videoseries", "live_stream"}
_SPOTIFY_LINKS = st.builds(
    Link,
    service=st.just("spotify"),
    kind=st.sampled_from(["track", "album", "artist", "playlist", "episode"]),
    id=st.text(_BASE62, min_size=22, max_size=22),
)
_SHORT_LINKS = st.builds(
    Link,
    service=st.just("spotify"),
    kind=st.just("short_link"),
    id=st.text(_BASE62, min_size=1, max_size=20),
    shortener=st.sampled_from(["spotify.link", "spotify.app.link", "spoti.fi"]),
)
_VIDEO_LINKS = st.builds(
    Link,
    service=st.just("youtube"),
    kind=st.just("video"),
    # The two names that the players of lists and channels have in the place of an id are no ids.
    id=st.text(_BASE62 + "-_", min_size=11, max_size=11).filter(lambda id_: id_ not in _NO_VIDEOS),
)
LINKS = st.one_of(_SPOTIFY_LINKS, _SHORT_LINKS, _VIDEO_LINKS)
ON_ANY_PLATFORM = st.sampled_from(PLATFORMS)
# Words that open no markup and are no links, from every script.
WORDS = st.lists(st.text(st.characters(exclude_categories=["Zs", "Zl", "Zp", "Cc", "Cs"], exclude_characters="`|<\\[_")))
# Pieces of markup and of addresses, which random characters would hardly ever put together.
_MARKUP = ("`", "``", "```", "||", "\\", "[", "](", ")", "<", ">", "|", "_", "__", "*", "~~", "&amp;", "\n", " ")
_ADDRESSES = ("https://", "spotify:", "track:", "user:", "youtu.be/", "www.youtube.com/watch?v=", "@", ":", "[::")
_PARTS = ("?u=", "&v=", "#", "%2F", "%ff", "\ud800", "\u200b", "é", "と", "\u212a", SONG, CLIP, TRACK, VIDEO)
HOSTILE = st.lists(st.sampled_from(_MARKUP + _ADDRESSES + _PARTS) | st.text(), max_size=30).map("".join)
# The machine that runs the tests may be busy, so no example has a deadline.
without_deadline = settings(deadline=None)


@without_deadline
@given(HOSTILE, ON_ANY_PLATFORM)
def test_never_raises_and_never_repeats(text: str, platform: Platform) -> None:
    found = find_links(text, platform)
    assert len(set(found)) == len(found)


@without_deadline
@given(HOSTILE, ON_ANY_PLATFORM)
def test_whatever_is_found_is_found_again_under_its_own_address(text: str, platform: Platform) -> None:
    for link in find_links(text, platform):
        assert find_links(link.url, platform) == (link,)


@without_deadline
@given(LINKS, ON_ANY_PLATFORM)
def test_address_gives_the_link_and_its_shortener_back(link: Link, platform: Platform) -> None:
    (found,) = find_links(link.url, platform)
    assert (found, found.url) == (link, link.url)


@without_deadline
@given(WORDS, st.lists(LINKS, min_size=1, max_size=4), WORDS, ON_ANY_PLATFORM)
def test_links_among_words_are_found_in_order_and_once(
    before: list[str], links: list[Link], after: list[str], platform: Platform
) -> None:
    addresses = [link.url for link in links]
    text = " ".join([*before, *addresses, *after, *addresses])
    assert find_links(text, platform) == tuple(dict.fromkeys(links))


# Messages whose parsing takes hours where one step is quadratic, and a moment where none is.
_MARKS = ("<", "`", "` ``", "\\`", "\\``` ", "||", "|", "[", "](", "[a](https://", "((", "\\", "_", "~~", "\n")
_NO_LINKS = ("http", "https://", "https://e.com/(", "spotify:track:", "a.b/", "?a=https://", "&v=", "&amp;", "é", "と")
_CLIPS = (CLIP, f"{CLIP} ", f"{CLIP}*", f"{CLIP},-", f"{CLIP}(", f"{CLIP}'", f"_{CLIP}_ ", f"=({CLIP}")


@pytest.mark.parametrize("piece", _MARKS + _NO_LINKS + _CLIPS)
def test_hostile_message(piece: str) -> None:
    filling = piece * (60_000 // len(piece))
    for platform in PLATFORMS:
        assert ids(f"{SONG} {filling}", platform) in ([TRACK], [TRACK, VIDEO])
        assert ids(f"https://evil.example/{filling}", platform) in ([], [VIDEO])
