"""Homotopies: ways through the latent space, sentences in slot form, and the command that prints what lies between."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from export.errors import HomotopyError
from export.homotopy import PATHS, between, encode, reply_of, sentence_end, slot_form, walk
from export.stages import Run
from inference.bundle import Bundle
from inference.errors import BundleError
from inference.prose import Names
from tests.export.conftest import export

SOFT, LOUD = "a warm piano drifts under the chorus, and a gentle voice answers.", "the heavy drum pulses through the verse."
vectors = st.lists(st.floats(-3, 3, width=32), min_size=5, max_size=5).map(lambda row: np.array(row, dtype=np.float32))


@pytest.fixture(scope="module")
def folder(run: Run) -> Path:
    return run.folder / "bundle"


@pytest.fixture(scope="module")
def opened(folder: Path) -> Bundle:
    return Bundle.open(folder, device="cpu", threads=1)


@given(vectors, vectors, st.integers(2, 9), st.sampled_from(PATHS))
def test_a_way_leads_from_one_to_the_other(a: NDArray[np.float32], b: NDArray[np.float32], steps: int, path: str) -> None:
    way = between(a, b, np.linspace(0, 1, steps), path)
    assert way.shape == (steps, 5)
    assert way.dtype == np.float32
    assert np.isfinite(way).all()
    assert np.allclose(way[0], a, atol=1e-3)
    assert np.allclose(way[-1], b, atol=1e-3)
    back = between(b, a, np.linspace(0, 1, steps), path)
    assert np.allclose(way, back[::-1], atol=1e-3)


def test_the_sphere_keeps_the_length_that_the_line_loses() -> None:
    a, b = np.array([3, 0, 0], dtype=np.float32), np.array([0, 4, 0], dtype=np.float32)
    half = np.array([0.5])
    assert np.allclose(between(a, b, half, "linear"), [[1.5, 2.0, 0.0]])
    assert np.allclose(between(a, b, half, "spherical"), [[3.5 / np.sqrt(2), 3.5 / np.sqrt(2), 0.0]])
    for other in (-a, 2 * a, 0 * a):  # no plane to turn in
        assert np.allclose(between(a, other, half, "spherical"), (a + other) / 2)
    with pytest.raises(HomotopyError, match="spherical or linear"):
        between(a, b, half, "crooked")


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("The Drums never stop!", "the <name> never stop!"),
        ("The drums never stop!", "the drums never stop!"),
        ("<title> is a song by <artist> .", "<title> is a song by <artist>."),
        ("On “Slow Comet,” a piano wakes.", "on <title>, a piano wakes."),
        ("Recorded in 1997, it’s loud.", "recorded in <number>, it's loud."),
        ("It sounds   like Thomas Dunmore\nat night.", "it sounds like <name> at night."),
    ],
)
def test_what_is_typed_becomes_what_the_corpus_has(typed: str, form: str) -> None:
    assert slot_form(typed) == form


def test_a_songs_own_names_become_slots() -> None:
    names = Names("The Tin Larks", "comet")
    assert slot_form("The Tin Larks let “comet” glow, and Larks’ voices rise.", names).startswith("<artist> let <title> glow")


def test_latents_do_not_depend_on_the_sentences_beside_them(opened: Bundle) -> None:
    texts = [SOFT, "a voice.", LOUD, "a voice."]
    together = encode(opened, texts)
    assert together.shape == (4, opened.manifest.sizes.latent)
    assert np.allclose(together, np.concatenate([encode(opened, [text]) for text in texts]), atol=1e-4)
    assert not np.allclose(together[0], together[2], atol=1e-2)


def test_a_walk_has_its_places_and_is_the_same_again(opened: Bundle) -> None:
    first, second = sentence_end(SOFT, ()), sentence_end(LOUD, ("rock",))
    lines = walk(opened, first, second, steps=4, seed=1)
    assert [line.place for line in lines] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert all(line.text and line.spoken[-1] in ".!?…" for line in lines)
    assert walk(opened, first, second, steps=4, seed=1) == lines
    standing = walk(opened, first, first, steps=3, seed=1)
    assert len({line.text for line in standing}) == 1


def test_what_has_no_way_is_refused(opened: Bundle) -> None:
    with pytest.raises(HomotopyError, match="no words"):
        sentence_end(" …! ", ())
    end = sentence_end(SOFT, ())
    with pytest.raises(HomotopyError, match="between 2 and 50"):
        walk(opened, end, end, steps=1)
    for song in ("Slow Comet", "Mara Holt - ", " - Slow Comet", ""):
        with pytest.raises(HomotopyError, match="Artist - Title"):
            reply_of(opened, song, (), seed=1)


def test_the_command_prints_the_way_and_writes_it_down(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "run" / "homotopy.json"
    result = export("homotopy", SOFT, LOUD, "--bundle", folder, "--steps", 3, "--path", "linear", "--json", output)
    assert result.exit_code == 0, result.output
    first, *between_them, last = result.output.splitlines()
    assert first.strip().lower() == SOFT
    assert last.strip().lower() == LOUD
    assert [line[:4] for line in between_them] == ["0.00", "0.50", "1.00"]
    ((_, told),) = json.loads(output.read_text(encoding="utf-8")).items()
    assert [line["text"] for line in told] == [line[6:] for line in between_them]


def test_between_two_songs_the_shipped_bundle_speaks_of_both() -> None:
    songs = ("Mara Holt - Slow Comet", "Ossian Reed - Blue Static")
    result = export("homotopy", "--songs", *songs, "--genre", "folk", "--genre", "metal, rock", "--steps", 3)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert len(lines) == 5
    assert not any(tag in line for line in lines for tag in ("<artist>", "<title>"))
    assert not any(name in line for line in lines[:2] for name in ("Ossian", "Blue Static"))
    assert not any(name in line for line in lines[3:] for name in ("Mara", "Slow Comet"))
    assert (
        export("homotopy", "--songs", *songs, "--genre", "folk", "--genre", "metal, rock", "--steps", 3).output == result.output
    )


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    three = ("--genre", "a") * 3
    assert "once for each" in export("homotopy", SOFT, LOUD, *three).output
    with pytest.raises(BundleError, match="no bundle in"):
        export("homotopy", SOFT, LOUD, "--bundle", tmp_path)
