"""Titles as music services write them, parted from the note on the recording."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.songs.matching.versions import split_version
from bot.songs.song import MAX_TITLE, clean_text


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        # another recording
        ("Tide - Live at Wembley / 1986", ("Tide", "Live at Wembley / 1986")),
        ("Tide - Live", ("Tide", "Live")),
        ("Tide - Live Ver.", ("Tide", "Live Ver.")),
        ("Tide (Live / Remastered)", ("Tide", "Live")),
        ("Tide - Live (2011 Remaster)", ("Tide", "Live")),
        ("Tide - Some Body Remix", ("Tide", "Some Body Remix")),
        ("Tide (Remix)", ("Tide", "Remix")),
        ("Tide – Radio Edit", ("Tide", "Radio Edit")),
        ("Tide (Ours) [Somebody's Version]", ("Tide (Ours)", "Somebody's Version")),
        ("Tide (10 Minute Version) (Our Version) (From The Vault)", ("Tide", "10 Minute Version, Our Version")),
        (
            "Tide - Acoustic; Live in Paris, France, 1/16/1992; 1999 Remaster",
            ("Tide", "Acoustic; Live in Paris, France, 1/16/1992"),
        ),
        ("Tide (Live at Knebworth 1990) [2021 Edition]", ("Tide", "Live at Knebworth 1990")),
        ("Tide - Live at X (Y)", ("Tide", "Live at X (Y)")),
        ("Tide - Take 2", ("Tide", "Take 2")),
        ("Tide - Sped Up", ("Tide", "Sped Up")),
        # the same recording
        ("Tide - 2011 Remaster", ("Tide", None)),
        ("Tide - Remastered 2011", ("Tide", None)),
        ("Tide (2011 Remastered Version)", ("Tide", None)),
        ("Tide (2011 - Remaster)", ("Tide", None)),
        ("Tide - Mono / 2009 Remaster", ("Tide", None)),
        ("Tide - 2011 Total Remaster", ("Tide", None)),
        ("Tide - Original Mix", ("Tide", None)),
        ("Tide - Single Version", ("Tide", None)),
        ("Tide - Bonus Track", ("Tide", None)),
        ('Tide - From "A Film" Soundtrack', ("Tide", None)),
        ("Tide (feat. Somebody) - Album Version", ("Tide", None)),
        # part of the title
        ("Live", ("Live", None)),
        ("(Live)", ("(Live)", None)),
        ("- Live", ("- Live", None)),
        ("Remaster", ("Remaster", None)),
        ("Where We Live", ("Where We Live", None)),
        ("This Is (Where We Live)", ("This Is (Where We Live)", None)),
        ("Live Tide - Part 2", ("Live Tide - Part 2", None)),
        ("Tide (I Think It's Going to Be a Long Time) - Remastered", ("Tide (I Think It's Going to Be a Long Time)", None)),
        ("A - B - C", ("A - B - C", None)),
        ("Symphony No. 5 in C Minor, Op. 67: I. Allegro", ("Symphony No. 5 in C Minor, Op. 67: I. Allegro", None)),
        ("Tide \ud800\n- Live", ("Tide", "Live")),
        ("", ("", None)),
    ],
)
def test_the_note_is_parted_from_the_title(title: str, wanted: tuple[str, str | None]) -> None:
    assert split_version(title) == wanted


PIECES = st.sampled_from(
    ["Tide", " - ", "(", ")", "[", "]", "Live at ", "2011", " Remaster", " Remix", "feat. ", "/", ";", "\ud800", " "]
)


@given(st.text() | st.lists(PIECES, max_size=400).map("".join))
def test_what_is_left_begins_the_title_and_is_empty_only_where_it_was(title: str) -> None:
    left, version = split_version(title)
    clean = clean_text(title[: 4 * MAX_TITLE], MAX_TITLE)
    assert clean.startswith(left)
    assert bool(left) == bool(clean)
    assert version is None or version.strip()
