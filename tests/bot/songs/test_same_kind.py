"""Whether an offered song is the kind of recording that is wanted, so that more than its names may be taken."""

import pytest

from bot.songs.matching.match import match, same_kind
from bot.songs.providers.base import Found
from bot.songs.song import Song

ADELE = Song(artists=("Adele",), title="Hello", duration=295.0, ids={"isrc": "GBBKS1500214"})


def recording(
    version: str | None = None, duration: float | None = None, album: str | None = None, artist: str = "Adele"
) -> Song:
    return Song(artists=(artist,), title="Hello", version=version, duration=duration, album=album)


@pytest.mark.parametrize(
    "version",
    ["instrumental", "acoustic", "Live", "Live at X", "karaoke", "sped up", "Some Body Remix", "slowed + reverb", "demo"],
)
def test_another_version_is_another_kind_whichever_is_wanted(version: str) -> None:
    assert not same_kind(recording(version), recording())
    assert not same_kind(recording(), recording(version))
    assert same_kind(recording(version), recording(version))


@pytest.mark.parametrize(
    ("wanted", "offered", "same"),
    [
        (recording("Live"), recording("Live at X"), True),
        (recording("Live at Y"), recording("Live at X"), False),
        (recording("B Remix"), recording("C Remix"), False),
        (recording(), recording("Radio Edit"), True),
        (recording("Live"), recording(album="Live at Rome"), True),
        (recording(), recording(album="Live at Rome"), False),
        (recording(), recording(artist="Adele Karaoke"), False),
        (recording(), recording(album="Lullaby Renditions of Adele"), False),
    ],
)
def test_places_remixers_and_albums_count(wanted: Song, offered: Song, same: bool) -> None:
    assert same_kind(wanted, offered) is same


@pytest.mark.parametrize("version", ["cover", "Jane Doe Cover", "acoustic cover", "Cover by Jane Doe", "Piano Cover"])
def test_a_cover_is_no_original(version: str) -> None:
    assert not same_kind(recording(version), ADELE)
    assert not same_kind(recording(version, duration=250.0), ADELE)
    assert same_kind(recording(version), recording(version))
    # Services do not say that it is one, but that it is as long tells.
    assert same_kind(recording(version, duration=251.0), recording(duration=248.0))
    assert not same_kind(recording(version, duration=251.0), recording("Live", duration=248.0))


def test_a_match_says_whether_more_than_its_names_holds() -> None:
    studio, live = Found(song=ADELE), Found(song=recording("Live"))
    for version, offers, found, same in (
        (None, [live, studio], studio, True),
        ("Live", [studio, live], live, True),
        ("Live", [studio], studio, False),
        ("instrumental", [studio], studio, False),
        ("Jane Doe Cover", [studio], studio, False),
    ):
        matched = match(recording(version), offers)
        assert matched is not None
        assert (matched.found, matched.same_recording) == (found, same)
    assert match(recording("Some Body Remix"), [studio]) is None
    assert match(recording(), []) is None
