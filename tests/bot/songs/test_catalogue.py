"""The sample catalogue: every entry is sound, and a song is found by link, name or text, or not at all."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.links import Link
from bot.songs.catalogue import Catalogue
from bot.songs.song import Song
from inference.genres import families_of

CATALOGUE = Catalogue.load()
RICK = ("Rick Astley", "Never Gonna Give You Up")
every_song = pytest.mark.parametrize("song", CATALOGUE.songs, ids=lambda song: song.line)


def line(song: Song | None) -> str | None:
    """What a person would see of an answer."""
    return song.line if song else None


def test_the_catalogue_is_large_enough_to_try_the_bot() -> None:
    assert 55 <= len(CATALOGUE.songs) <= 70
    assert len({song.line for song in CATALOGUE.songs}) == len(CATALOGUE.songs)
    assert sum("youtube" in song.ids for song in CATALOGUE.songs) >= 40
    ids = [item for song in CATALOGUE.songs for item in song.ids.items()]
    assert len(set(ids)) == len(ids)


@every_song
def test_every_entry_is_complete(song: Song) -> None:
    assert song.unknown == ()
    assert song.album
    assert len(song.features.known()) == 9
    assert families_of(song.genres)
    assert song.ids
    assert re.fullmatch(r"[0-9A-Za-z]{22}", song.ids.get("spotify", "0" * 22))
    assert re.fullmatch(r"[0-9A-Za-z_-]{11}", song.ids.get("youtube", "0" * 11))
    assert set(song.sources) == {"title", "artists", "album", "ids", "genres", "features"}
    assert set(song.sources.values()) == {"sample catalogue"}


@every_song
def test_every_entry_is_found_by_its_links_names_and_text(song: Song) -> None:
    assert song.title is not None
    links = (
        Link("spotify", "track", song.ids.get("spotify", "")),
        Link("youtube", "video", song.ids.get("youtube", "")),
    )
    assert {CATALOGUE.by_link(link) for link in links if link.id} == {song}
    for artist in (*song.artists, ", ".join(song.artists), " & ".join(song.artists)):
        assert CATALOGUE.by_name(artist, song.title) is song
        assert CATALOGUE.by_name(artist.upper(), f"{song.title.lower()} (feat. Somebody)") is song
    assert CATALOGUE.by_text(song.title) is song
    assert CATALOGUE.by_text(f"{song.title} {song.artists[0]}") is song
    assert CATALOGUE.by_text(f"{song.title} by {song.artists[0]}") is song


@pytest.mark.parametrize(
    ("artist", "title", "found"),
    [
        (*RICK, "Rick Astley — Never Gonna Give You Up"),
        ("rick astly", "never gona give you up", "Rick Astley — Never Gonna Give You Up"),
        ("Rick Astley", "Never Gonna Give You Up (Official Video) [4K Remaster]", " — ".join(RICK)),
        ("RICK  ASTLEY!", "never-gonna-give-you-up", " — ".join(RICK)),
        ("Beyonce feat. Jay-Z", "Crazy In Love", "Beyoncé, JAY-Z — Crazy in Love"),
        ("Earth Wind and Fire", "september", "Earth, Wind & Fire — September"),
        ("simon and garfunkel", "Sound of Silence", "Simon & Garfunkel — The Sound of Silence"),
        ("Bowie", "Heroes", None),
        ("David Bowie", "Heroes - 2017 Remaster", 'David Bowie — "Heroes"'),
        ("Dave Brubeck", "Take 5", None),
        ("Dave Brubeck", "Take Five", "The Dave Brubeck Quartet — Take Five"),
        ("Bob Marley", "Three Little Birds", "Bob Marley & The Wailers — Three Little Birds"),
        ("aha", "take on me", "a-ha — Take On Me"),
        ("Kate Bush", "Running up that Hill", "Kate Bush — Running Up That Hill (A Deal with God)"),
        ("Adele", "Rolling on the deep", "Adele — Rolling in the Deep"),
        # Another song, another artist, another recording.
        ("Rick Astley", "Never Gonna Give You Hope", None),
        ("Barry White", "Never Gonna Give You Up", None),
        ("New Order", "Blue Monday 88", None),
        ("Nirvana", "Smells Like Teen Spirit (Live at Reading)", None),
        ("Robin S", "Show Me Love (Stonebridge Remix)", None),
        ("Nine Inch Nails", "Hurt", None),
        ("", "", None),
        ("!!!", "???", None),
    ],
)
def test_by_name(artist: str, title: str, found: str | None) -> None:
    assert line(CATALOGUE.by_name(artist, title)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("never gonna give you up", " — ".join(RICK)),
        ("nevr gonna give you up", " — ".join(RICK)),
        ("rick astley never gonna give you up", " — ".join(RICK)),
        ("Earth, Wind & Fire September", "Earth, Wind & Fire — September"),
        ("despacito", "Luis Fonsi, Daddy Yankee — Despacito"),
        ("Despacito by Daddy Yankee", "Luis Fonsi, Daddy Yankee — Despacito"),
        ("dreamz", None),
        ("rick astley", None),
        ("one two three four", None),
        ("I love never gonna give you up so much", None),
        ("", None),
        ("?!", None),
        ("never gonna give you up " * 50, None),
    ],
)
def test_by_text(text: str, found: str | None) -> None:
    assert line(CATALOGUE.by_text(text)) == found


@settings(max_examples=50, deadline=None)  # the machine may be busy
@given(st.text(), st.text())
def test_hostile_names_find_nothing_and_break_nothing(artist: str, title: str) -> None:
    assert CATALOGUE.by_name(artist, "\u202e" + title + " zzqx") is None
    assert CATALOGUE.by_text(artist + " zzqx " + title) is None


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_a_letter_dropped_from_a_word_of_a_long_title_is_forgiven(data: st.DataObject) -> None:
    song = data.draw(st.sampled_from([song for song in CATALOGUE.songs if len(song.title or "") > 8]))
    title = song.title or ""
    word = data.draw(st.sampled_from(list(re.finditer(r"[a-z]{4,}", title, re.IGNORECASE))))
    dropped = data.draw(st.integers(word.start(), word.end() - 1))
    assert CATALOGUE.by_name(song.artists[0], title[:dropped] + title[dropped + 1 :]) is song


@pytest.mark.parametrize("link", [Link("spotify", "album", "4uLU6hMCjMI75M1A2tKUQC"), Link("youtube", "video", "x")])
def test_other_links_are_not_in_the_catalogue(link: Link) -> None:
    assert CATALOGUE.by_link(link) is None


def test_of_two_equally_likely_songs_neither_is_taken() -> None:
    catalogue = Catalogue([Song(title="Creep", artists=("Radiohead",)), Song(title="Creep", artists=("TLC",))])
    assert catalogue.by_text("creep") is None
    assert line(catalogue.by_name("TLC", "Creep")) == "TLC — Creep"


def test_a_digit_is_never_a_typo() -> None:
    catalogue = Catalogue([Song(title="Summer of '69", artists=("Bryan Adams",))])
    assert line(catalogue.by_name("Brian Adams", "summer of 69")) == "Bryan Adams — Summer of '69"
    assert catalogue.by_name("Brian Adams", "summer of 68") is None
    assert catalogue.by_text("bryan adams summer of 68") is None


def document(**changes: Any) -> str:
    """A catalogue of one song, with some of its keys changed."""
    entry = {
        "title": "Hurt",
        "artists": ["Johnny Cash"],
        "album": "American IV",
        "ids": {"youtube": "8AHCfZTRGiI"},
        "genres": ["country"],
        "features": {"tempo": 91},
    }
    return json.dumps({"schema": 1, "songs": [entry | changes]})


def test_a_catalogue_of_ones_own() -> None:
    assert [song.line for song in Catalogue.parse(document()).songs] == ["Johnny Cash — Hurt"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is no JSON"),
        ("[]", '"schema": 1'),
        ('{"schema": 2, "songs": []}', '"schema": 1'),
        ('{"schema": 1, "songs": {}}', 'list of "songs"'),
        ('{"schema": 1, "songs": [7]}', "Song 1 of the catalogue must have exactly the keys"),
        (document(year=2002), "exactly the keys"),
        (document(title=""), "title and an album"),
        (document(album=None), "title and an album"),
        (document(artists="Johnny Cash"), "must have artists"),
        (document(genres=[]), "must have genres"),
        (document(ids={}), "must have ids"),
        (document(ids={"youtube": "too short"}), "'too short', which is none"),
        (document(ids={"tidal": "1"}), "tidal id"),
        (document(features={"tempo": 9000}), "tempo is 9000"),
        (document(features={"mood": 0.5}), "mood"),
        (document(features=[]), "wrong features"),
    ],
)
def test_a_faulty_catalogue_is_refused_with_one_sentence(text: str, fault: str) -> None:
    with pytest.raises(InputError, match=re.escape(fault)):
        Catalogue.parse(text)


def test_an_id_belongs_to_one_song_only() -> None:
    one = json.loads(document())
    one["songs"] *= 2
    with pytest.raises(InputError, match="youtube id 8AHCfZTRGiI twice"):
        Catalogue.parse(json.dumps(one))
