"""The mode in which songs are found out, in words: what works, and what lacks a key."""

import pytest

from bot.config import Settings
from bot.songs.services import mode


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the settings of a test decide whether services are asked."""
    monkeypatch.delenv("DEEPHYPEBOT_SONGS__ONLINE")


def test_the_mode_says_what_works_and_which_keys_are_missing() -> None:
    assert mode(Settings()) == (
        "No Spotify key, no YouTube key, no Last.fm key, no contact for MusicBrainz: names from ReccoBeats, Spotify oEmbed and "
        "YouTube oEmbed; features from ReccoBeats and Deezer; genres from Deezer and iTunes."
    )


def test_the_mode_of_an_operator_with_all_keys_lacks_nothing() -> None:
    settings = Settings.model_validate(
        {
            "spotify": {"client_id": "a", "client_secret": "b"},
            "youtube": {"key": "c"},
            "lastfm": {"key": "d"},
            "musicbrainz": {"contact": "me@example.org"},
        }
    )
    assert mode(settings).startswith("Names from Spotify, YouTube, ReccoBeats")
    assert "genres from MusicBrainz, Last.fm, Deezer and iTunes." in mode(settings)


def test_offline_is_a_mode_too() -> None:
    assert mode(Settings.model_validate({"songs": {"online": False}})) == "Offline: only the sample catalogue is known."
