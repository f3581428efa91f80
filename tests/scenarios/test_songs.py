"""Songs found out by the real command line, from services that run in another program: healthy, silent, and not there."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.songs.song import Song

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def stand_ins(*arguments: str) -> Iterator[dict[str, Any]]:
    """Stand-ins for all services in a program of their own; gives what it tells first."""
    command = [sys.executable, "-m", "bot.stand_ins", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:  # noqa: S603 - our own
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


@pytest.fixture(scope="module")
def healthy() -> Iterator[dict[str, Any]]:
    """Services that answer at once."""
    with stand_ins("--songs", "5") as told:
        yield told


@pytest.fixture(autouse=True)
def here(made_bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder with the tiny bundle, and let the settings decide about the network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEEPHYPEBOT_SONGS__ONLINE")
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3")


def lead_to(told: dict[str, Any], **songs: object) -> None:
    """Write a config.toml that leads to the stand-ins."""
    sections = {"songs": songs, **told["settings"]}
    lines = [
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(v)}\n" for key, v in keys.items()) for name, keys in sections.items()
    ]
    text = "\n".join(lines)
    assert tomllib.loads(text)
    Path("config.toml").write_text(text, encoding="utf-8")


def run(*arguments: str) -> Result:
    """What a command answers."""
    return CliRunner().invoke(main, arguments, prog_name="deephypebot")


def test_song_shows_what_was_found_from_where_and_how_long_it_took(healthy: dict[str, Any]) -> None:
    lead_to(healthy)
    song = Song.from_dict(healthy["songs"][0])
    result = run("song", f"listen! https://open.spotify.com/intl-de/track/{song.ids['spotify']}?si=1", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert list(found) == ["schema", "song", "unknown", "services", "known_before", "ms"]
    assert found["song"]["title"] == song.title
    assert found["song"]["sources"]["features.energy"] == "ReccoBeats"
    assert found["unknown"] == []
    calls = {(call["service"], call["step"]): call for call in found["services"]}
    assert calls["ReccoBeats", "identify"]["outcome"] == "found"
    assert all(call["ms"] >= 0 for call in calls.values())
    again = json.loads(run("song", f"spotify:track:{song.ids['spotify']}", "--json").stdout)
    assert (again["known_before"], again["services"], again["song"]) == (True, [], found["song"])


def test_song_is_readable_for_people(healthy: dict[str, Any]) -> None:
    lead_to(healthy)
    song = Song.from_dict(healthy["songs"][1])
    shown = run("song", f"https://youtu.be/{song.ids['youtube']}").stdout
    assert shown.splitlines()[0] == song.line
    assert "YouTube oEmbed" in shown
    assert "MusicBrainz" in shown
    assert "It took" in shown


def test_hype_speaks_of_a_song_that_services_know(healthy: dict[str, Any]) -> None:
    lead_to(healthy)
    song = Song.from_dict(healthy["songs"][2])
    answer = json.loads(run("hype", f"https://youtu.be/{song.ids['youtube']}", "--seed", "7", "--json").stdout)
    assert answer["song"]["title"] == song.title
    assert answer["song"]["features"]["energy"] == pytest.approx(song.features.energy, abs=0.01)
    assert answer["replies"]


def test_a_playlist_is_declined_in_one_sentence(healthy: dict[str, Any]) -> None:
    lead_to(healthy)
    result = run("hype", "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "A playlist holds many songs: share one of them, an album or an artist.\n"


def test_the_reply_comes_though_no_service_ever_answers(caplog: pytest.LogCaptureFixture) -> None:
    with stand_ins("--songs", "1", "--hang") as told:
        lead_to(told, service_deadline=0.3, deadline=1)
        song = Song.from_dict(told["songs"][0])
        result = run("hype", f"https://open.spotify.com/track/{song.ids['spotify']}", "--seed", "7")
    assert result.exit_code == 0
    assert "I did not know its artist, title, genres or audio features." in result.stdout
    assert caplog.messages.count("ReccoBeats took longer than 0.3 s; going on without it.") == 1


def test_the_reply_comes_though_there_is_no_service_at_all(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = {
        "settings": {name: {"api_base": "http://127.0.0.1:9"} for name in ("reccobeats", "deezer", "itunes", "musicbrainz")}
    }
    nowhere["settings"] |= {name: {"oembed_base": "http://127.0.0.1:9"} for name in ("spotify", "youtube")}
    lead_to(nowhere)
    result = run("hype", "Nobody Known - Nothing Heard", "--seed", "7")
    assert result.exit_code == 0
    assert "I did not know its genres or audio features." in result.stdout
    assert caplog.messages.count("Deezer cannot be reached; going on without it.") == 1
    assert "Traceback" not in result.output + caplog.text
