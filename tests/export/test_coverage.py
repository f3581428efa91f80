"""Coverage: what the command counts, holds out and prints, and what it says of files that are not what they must be."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from export.commands.options import progress_bars
from export.coverage import count_genres, hold_out, measure
from export.errors import CorpusError
from inference.genres import GenreTable
from tests.export.conftest import export

NAMES = ["techno", "detroit techno", "dub techno", "hard techno", "black metal", "norwegian black metal", "metal", "jazz"]
LINES = [
    {"artist": "Mara Holt", "genres": ["techno", "Techno", "detroit techno", "techno"]},
    {"artist": "Quill Harbour", "genres": ["Black-Metal", "hard black metal", "alpenrock", "seen live", " "]},
    {"artist": "Nine Lanterns", "genres": []},
    {"artist": "Juno Marsh", "genres": ["techno", "IDM/techno", "punk\ud800"]},
]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    rng = np.random.default_rng(1)
    GenreTable(NAMES, rng.normal(size=(len(NAMES), 6)).astype(np.float32)).save(folder / "genres.npz")
    return folder


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    folder.mkdir()
    write(folder, "".join(json.dumps(line) + "\n" for line in LINES))
    return folder


def write(folder: Path, text: str) -> None:
    (folder / "artist_genres.jsonl.gz").write_bytes(gzip.compress(text.encode()))


def test_pairs_are_counted_once_for_an_artist(songs: Path) -> None:
    counts = count_genres(songs)
    assert counts["techno"] == 2
    assert counts["Techno"] == 1
    assert " " not in counts
    assert counts.total() == 10


def test_the_command_tells_and_writes_all(bundle: Path, songs: Path, tmp_path: Path) -> None:
    output = tmp_path / "deep" / "coverage.json"
    result = export("coverage", "--songs", songs, "--bundle", bundle, "--json", output)
    assert result.exit_code == 0, result.output
    assert "exact              4   40.00%        3   33.33%" in result.output
    assert "hard black metal → black metal" in result.output
    assert "seen live\n" in result.output
    told = json.loads(output.read_text(encoding="utf-8"))
    assert (told["pairs"], told["genres"]) == (10, 9)
    assert told["levels"]["exact"] == {"pairs": 4, "genres": 3}
    assert sum(level["pairs"] for level in told["levels"].values()) == 10
    assert sum(told["held_out"]["levels"].values()) == pytest.approx(1)
    became = {row["genre"]: (row["how"], row["became"]) for row in told["not_exact"]}
    assert became["Black-Metal"] == ("normalised", "black metal")
    assert became["IDM/techno"] == ("normalised", "techno")
    assert became["alpenrock"] == ("family", "rock")
    assert became["seen live"] == ("unknown", "")
    assert told["with_vector"]["pairs"] == pytest.approx(0.7)


def test_the_shipped_table_is_taken_where_none_is_named(songs: Path) -> None:
    result = export("coverage", "--songs", songs)
    assert result.exit_code == 0, result.output
    assert "A vector for 80.00% of the pairs" in result.output


def test_held_out_genres_are_not_in_the_table_that_maps_them() -> None:
    words = ("black", "death", "doom", "folk")
    names = ["metal", *(f"{one} {other} metal" for one in words for other in words if one != other)]
    vectors = np.tile(np.array([[1.0, 2.0]], dtype=np.float32), (len(names), 1))
    with progress_bars() as progress:
        held = hold_out(GenreTable(names, vectors), progress, seed=3)
        again = hold_out(GenreTable(names, vectors), progress, seed=3)
    assert held == again
    assert held.shares["exact"] == 0
    assert sum(held.shares.values()) == pytest.approx(1)
    assert held.cosine == pytest.approx(1)
    assert held.chance == pytest.approx(1)


def test_nothing_mapped_is_no_fault(tmp_path: Path) -> None:
    with progress_bars() as progress:
        table = GenreTable(["zeuhl"], np.ones((1, 2), dtype=np.float32))
        covered = measure(table, count_genres(_folder(tmp_path, {"artist": "a", "genres": ["qwerty"]})), progress)
        held = hold_out(table, progress, seed=0)
    assert covered.with_vector() == (0, 0)
    assert held.shares["unknown"] == 1
    assert np.isnan(held.cosine)


def _folder(tmp_path: Path, line: object) -> Path:
    write(tmp_path, json.dumps(line))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not json\n", "line 1"),
        ("[1]\n", "line 1"),
        ('{"artist": "a", "genres": ["pop"]}\n{"artist": "b", "genres": "pop"}\n', "line 2"),
        ('{"artist": "a", "genres": [null]}\n', "line 1"),
        ("[" * 100_000 + "\n", "line 1"),
        ('{"artist": "a", "genres": []}\n', "names no genre"),
        ("", "names no genre"),
    ],
)
def test_a_table_that_is_none_is_named(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path, text)
    with pytest.raises(CorpusError, match=says):
        count_genres(tmp_path)


@pytest.mark.parametrize(
    "content",
    [None, b"plain", gzip.compress(b"x" * 5000)[:-9], gzip.compress(b"\xff\xfe\n")],
    ids=["missing", "plain", "cut off", "no text"],
)
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "artist_genres.jsonl.gz").write_bytes(content)
    with pytest.raises(CorpusError, match="give --songs the folder of the song tables"):
        count_genres(tmp_path)
