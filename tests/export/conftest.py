"""A made-up corpus, song tables and a whole tiny run for the tests of the workshop."""

from __future__ import annotations

import csv
import gzip
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from export.cli import cli
from export.config import load_config
from export.stages import Run

_THINGS = "guitar bass piano synth drum melody chorus riff groove organ violin falsetto voice beat hook rhythm".split()
_QUALITIES = "warm hazy bright sparse lush gentle heavy shimmering dark woozy crisp fuzzy tender driving smoky".split()
_VERBS = "drifts glows shimmers swells pulses wanders gathers rises falls leaps hums sways lingers blooms".split()
_PLACES = "under the chorus,over a slow beat,behind the voice,through the verse,around the melody,into the bridge".split(",")
_NAMES = "Mara Holt,Quill Harbour,The Tin Larks,Ossian Reed,Velvet Ferry,Nine Lanterns,Juno Marsh,Paper Oxen".split(",")
_ALBUMS = "Glass Orchard,Low Lamps,Winter Ferry,Copper Tide,Long Meadow,Salt Hymns,Amber Rooms,Night Kites".split(",")
GENRES = ("Rock", "Electronic", "Rap", "Jazz", "Metal")


def sentence(rng: random.Random, artist: str, song: str) -> str:
    """One made-up sentence about music."""
    thing, other = rng.sample(_THINGS, 2)
    first, second = rng.sample(_QUALITIES, 2)
    forms = (
        f"The {first} {thing} {rng.choice(_VERBS)} {rng.choice(_PLACES)}, and a {second} {other} answers.",
        f'On "{song}," a {first} {thing} {rng.choice(_VERBS)} {rng.choice(_PLACES)} with a {second} {other}.',
        f"{artist} lets the {thing} run {rng.choice(_PLACES)} until the {first} {other} {rng.choice(_VERBS)}.",
        f"There is a {first}, {second} {thing} here that {rng.choice(_VERBS)} like a {rng.choice(_QUALITIES)} {other}.",
        f"It never hurries, and the {first} {thing} still {rng.choice(_VERBS)} in 1997 for Thomas Dunmore.",
    )
    return rng.choice(forms)


def write_corpus(folder: Path, *, documents: int = 120) -> Path:
    """Reviews, captions and film reviews as packed JSON Lines, with a few lines that are no documents."""
    rng = random.Random(11)
    folder.mkdir(parents=True, exist_ok=True)
    reviews = []
    for i in range(documents):
        artist = f"{rng.choice(_NAMES)} {'I' * (i % 3 + 1)}" if i % 2 else rng.choice(_NAMES)
        album = f"{rng.choice(_ALBUMS)} {i}"
        text = " ".join(sentence(rng, artist, rng.choice(("Slow Comet", "Blue Static", "Harbour"))) for _ in range(9))
        reviews.append(
            {"text": text, "artist": artist, "album": album, "genres": [rng.choice(GENRES)], "score": rng.uniform(2, 9.5)}
        )
    _write(folder / "pitchfork.jsonl.gz", [{**r, "source": "pitchfork", "licence": "none stated"} for r in reviews])
    captions = [
        {"text": f"A {rng.choice(_QUALITIES)} {rng.choice(_THINGS)} plays a {rng.choice(_QUALITIES)} melody over soft drums."}
        for _ in range(40)
    ]
    _write(folder / "musiccaps.jsonl.gz", [{**c, "source": "musiccaps", "licence": "CC BY-SA 4.0"} for c in captions])
    films = []
    for i in range(60):
        mood = "wonderful and moving" if i % 2 else "dull and tiresome"
        films.append(
            {
                "text": f"This film is {mood} from the very first minute to the last one. I found the whole cast {mood} too.",
                "score": 9 if i % 2 else 2,
            }
        )
    _write(folder / "imdb_reviews.jsonl.gz", [{**f, "source": "imdb_reviews", "licence": "research"} for f in films])
    with gzip.open(folder / "pitchfork.jsonl.gz", "at", encoding="utf-8") as file:
        file.write('no json\n{"text": 7}\n[1, 2]\n{"text": "   "}\n')
    return folder


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def write_songs(folder: Path) -> Path:
    """Tables of features and genres with a few of the corpus' artists."""
    folder.mkdir(parents=True, exist_ok=True)
    names = "danceability,energy,key,loudness,speechiness,acousticness,instrumentalness,liveness,valence,tempo".split(",")
    values = ["0.5", "0.8", "5", "-7.5", "0.05", "0.1", "0.2", "0.15", "0.6", "121.5"]
    with gzip.open(folder / "p4kxspotify.csv.gz", "wt", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["artist", "album", "genre", *names])
        table.writerow(["Mara Holt", "Glass Orchard 0", "Rock", *values])
        table.writerow(["Broken Row", "Nothing", "Rock", *["-1"] * len(names)])
    with gzip.open(folder / "tracks.csv.gz", "wt", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["spotify_id", "title", "artist", "genres", *names])
        table.writerow(["x", "Slow Comet", "Mara Holt", "indie rock|dream pop", *["0.3", "0.2", *values[2:]]])
        for i in range(8):
            table.writerow(["x", f"Song {i}", f"Singer {i}", "rock|indie rock", *values])
    with gzip.open(folder / "artist_genres.jsonl.gz", "wt", encoding="utf-8") as file:
        for name in _NAMES[1:6]:
            file.write(json.dumps({"artist": name, "genres": ["dream pop", "indie rock", "rock"]}) + "\n")
    with gzip.open(folder / "everynoise_genres.csv.gz", "wt", encoding="utf-8") as file:
        file.write(
            "genre,x,y,hex_colour\nrock,1,2,#000000\nindie rock,2,2,#000000\ndream pop,3,3,#000000\nslowcore,2,3,#000000\n"
        )
    return folder


def export(*arguments: object) -> Result:
    """Run the workshop's command line."""
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny run through every stage, made once by the real command line."""
    folder = tmp_path_factory.mktemp("workshop")
    corpora, songs = write_corpus(folder / "corpora"), write_songs(folder / "songs")
    result = export("all", "--config", "tiny", "--run", folder / "run", "--corpora", corpora, "--songs", songs)
    assert result.exit_code == 0, result.output
    return Run(load_config("tiny"), folder / "run")
