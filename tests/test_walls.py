"""The walls of the house: who may import whom, read from the source, so that a breach fails here."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
ROOMS = ("bot", "inference", "export")

# What a room may import besides the standard library and itself.
INFERENCE = {"numpy", "onnxruntime", "sentencepiece"}
WORKSHOP = {"torch", "gensim", "onnx", "onnxscript", "sklearn", "export"}
# Of the standard library, what neither speaks nor computes: inference has no network and no event loop.
OUTSIDE = {"asyncio", "http", "urllib", "socket", "ssl", "ftplib", "smtplib", "subprocess"}
# What export shares with inference: the contract, and what the bundle's parts are made by.
CONTRACT = {
    *("bundle", "manifest", "errors", "tokenizer", "conditions", "genres", "genre_names", "sound"),
    *("words", "lexicon", "prose", "checks", "novelty", "ngram", "topics", "energy", "guidance", "blocked"),
}
# What measures the whole of it has to let it speak.
MEASURES = {
    "systems.py": {"commentary", "generator"},
    "pairs.py": {"commentary"},
    "bias.py": {"commentary"},
    "speaking.py": {"commentary", "decoder", "generator", "ranking"},
    "stage.py": {"ranking"},
    "ground.py": {"commentary"},
    "voice.py": {"decoder", "generator"},
    "homotopy.py": {"commentary", "decoder", "interpolation"},
}
# Libraries that speak to one outside service: at most one file of bot each.
SERVICES = ("discord", "slack_bolt", "slack_sdk", "spotipy")


def sources(room: str) -> list[Path]:
    """Python files of a room."""
    return sorted((HOUSE / room).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Dotted names of all modules that a file imports, wherever in the file it does."""
    room = path.relative_to(HOUSE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = ".".join(room[: len(room) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (here, node.module) if part)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@functools.cache
def tops(path: Path) -> set[str]:
    """Packages that a file imports."""
    return {name.split(".")[0] for name in imported(path)}


def test_every_room_is_there() -> None:
    assert all(sources(room) for room in ROOMS)


@pytest.mark.parametrize("path", sources("inference"), ids=lambda path: path.name)
def test_inference_knows_only_numbers_and_itself(path: Path) -> None:
    packages = tops(path) - {"inference"}
    assert not packages - INFERENCE - set(sys.stdlib_module_names)
    assert not packages & OUTSIDE


@pytest.mark.parametrize("path", sources("bot"), ids=lambda path: str(path.relative_to(HOUSE)))
def test_bot_never_enters_the_workshop(path: Path) -> None:
    assert not tops(path) & WORKSHOP


@pytest.mark.parametrize("path", sources("export"), ids=lambda path: str(path.relative_to(HOUSE)))
def test_export_shares_only_the_contract(path: Path) -> None:
    assert "bot" not in tops(path)
    modules = {name.split(".")[1] for name in imported(path) if name.startswith("inference.")}
    assert not modules - CONTRACT - MEASURES.get(path.name, set())


@pytest.mark.parametrize("library", SERVICES)
def test_each_service_is_spoken_to_in_one_file(library: str) -> None:
    files = [path for room in ROOMS for path in sources(room) if library in tops(path)]
    assert len(files) <= 1
    assert all("bot" in path.relative_to(HOUSE).parts for path in files)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch.nn as nn", {"torch.nn"}),
        ("from export import ngram", {"export", "export.ngram"}),
        ("def f():\n    import asyncio", {"asyncio"}),
        ("from . import links", {"bot", "bot.links"}),
        ("from .songs.song import Song", {"bot.songs.song", "bot.songs.song.Song"}),
    ],
)
def test_no_import_escapes_the_reader(source: str, found: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "HOUSE", tmp_path)
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "some.py").write_text(source)
    assert set(imported(tmp_path / "bot" / "some.py")) == found
