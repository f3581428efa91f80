"""The LC-GAN: its networks, its ground, its table, and the whole command on a tiny run."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from export.errors import ParityError, StageError
from export.lcgan.ground import prepare, read_writing
from export.lcgan.networks import Critics, Generator, distance, generator_loss, realism_loss, value_loss
from export.lcgan.shipping import add_to, carry_over, decide, write_graphs
from export.lcgan.table import AT_EQUAL, read_off
from export.lcgan.training import DISTINCT_SHARE, Objective, worth_of
from export.onnx import open_graph
from export.posteriors import posteriors
from export.stages import Run
from inference.bundle import Bundle, read_manifest
from inference.commentary import Commentator, Subject
from tests.export.conftest import export

Z, A = 6, 5


def networks(values: int = 2) -> tuple[Generator, Critics]:
    torch.manual_seed(0)
    return Generator(Z, A, 16), Critics(Z, A, (16, 16), values, 0.0)


def drawn(rows: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(rows, Z, generator=generator), torch.randn(rows, A, generator=generator)


def test_the_gate_begins_nearly_shut() -> None:
    generator, _ = networks()
    z, condition = drawn()
    moved = generator(z, condition).detach()
    assert moved.shape == z.shape
    assert float((moved - z).abs().mean()) < 0.25 * float(z.abs().mean())


def test_distance_is_nothing_where_nothing_moved_and_grows_ever_less() -> None:
    z, _ = drawn()
    deviation = torch.full((Z,), 0.5)
    far = [float(distance(z + by, z, deviation)) for by in (0.0, 1.0, 2.0, 3.0)]
    assert far[0] == 0.0
    assert far[1] == pytest.approx(Z * np.log(1 + 1 / 0.25), rel=1e-5)
    steps = np.diff(far)
    assert (steps > 0).all()
    assert (np.diff(steps) < 0).all()


def test_the_generator_learns_what_the_critics_like_and_keeps_its_distance() -> None:
    moves = []
    for weight in (0.0, 1.0):
        generator, critics = networks()
        with torch.no_grad():
            critics.value.plain.weight[0, 0] = 2.0  # the first value is the first number of z
        critics.requires_grad_(False)
        optimizer = torch.optim.Adam(generator.parameters(), lr=3e-3)
        z, condition = drawn(128)
        before = float(critics(z, condition)[1].mean())
        for _ in range(120):
            loss = generator_loss(generator, critics, z, condition, [0], (0.5, weight), torch.ones(Z))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
        moved = generator(z, condition).detach()
        assert float(critics(moved, condition)[1].mean()) > before + (0.2 if weight == 0 else 0.0)
        moves.append(float((moved - z).norm(dim=1).mean()))
    assert moves[1] < moves[0]


def test_critics_learn_labels_and_realism() -> None:
    _, critics = networks()
    z, condition = drawn(256)
    labels = torch.stack([(z[:, 0] > 0).float(), (condition[:, 1] > 0).float()], dim=1)
    optimizer = torch.optim.Adam(critics.parameters(), lr=1e-2)
    for _ in range(120):
        loss = value_loss(critics.value, z, condition, labels)
        loss = loss + realism_loss(critics.realism, z + 1.5, z, z - 1.5, condition)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
    critics.requires_grad_(False)
    realism, first, second = critics(z, condition)
    assert float(((first > 0.5) == (labels[:, 0] > 0)).float().mean()) > 0.9
    assert float(((second > 0.5) == (labels[:, 1] > 0)).float().mean()) > 0.9
    assert float(critics(z + 1.5, condition)[0].mean()) > float(realism.mean()) > float(critics(z - 1.5, condition)[0].mean())


def test_graphs_return_what_was_trained(tmp_path: Path) -> None:
    generator, critics = networks()
    write_graphs(generator, critics, ["first", "second"], tmp_path, seed=1)
    session = open_graph(tmp_path / "critics.onnx")
    assert [output.name for output in session.get_outputs()] == ["realism", "first", "second"]
    for rows in (1, 9):  # any number of rows
        z, condition = (part.numpy() for part in drawn(rows))
        (moved,) = open_graph(tmp_path / "generator.onnx").run(["moved"], {"z": z, "condition": condition})
        assert np.allclose(moved, generator(torch.from_numpy(z), torch.from_numpy(condition)).detach().numpy(), atol=1e-5)


def test_a_graph_that_says_something_else_is_refused(tmp_path: Path) -> None:
    generator, critics = networks()
    with torch.no_grad():
        generator.place.bias[0] = torch.nan
    with pytest.raises(ParityError, match=r"generator\.onnx"):
        write_graphs(generator, critics, ["first", "second"], tmp_path, seed=1)


@given(st.floats(0, 1), st.floats(0.01, 1), st.floats(0, 3))
def test_worth_is_the_attribute_inside_the_limits_and_less_outside(attribute: float, distinct: float, norm: float) -> None:
    worth = worth_of({"attribute": attribute, "distinct_2": distinct, "z_norm": norm}, 0.5)
    inside = distinct / 0.5 >= DISTINCT_SHARE and 0.8 <= norm <= 1.2
    assert worth == attribute if inside else worth < attribute


@given(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0, 1)), min_size=3, max_size=3), st.floats(0, 1))
def test_figures_are_read_off_between_the_points(points: list[tuple[float, float]], target: float) -> None:
    curve = [{"distinct_2": at, **dict.fromkeys(AT_EQUAL, value)} for at, value in points]
    found = read_off(curve, target)
    assert min(value for _, value in points) - 1e-9 <= found["attribute"] <= max(value for _, value in points) + 1e-9
    assert found["reached"] == (min(at for at, _ in points) <= target <= max(at for at, _ in points))


def row(system: str, attribute: float) -> dict[str, Any]:
    return {"value": "joint", "system": system, "at_equal_distinct_2": {"attribute": attribute}}


@pytest.mark.parametrize(
    ("best", "generator", "critics", "draws"),
    [
        ("G + critics", True, True, 4),
        ("G", True, False, 4),
        ("best of 16", False, True, 16),
        ("shipped prior", False, False, 4),
    ],
)
def test_what_wins_is_shipped(run: Run, best: str, generator: bool, critics: bool, draws: int) -> None:
    systems = ("shipped prior", "best of 16", "G", "G + critics")
    rows = [row(system, 0.6 if system == best else 0.4) for system in systems]
    rows += [row("0.5·z", 0.9), row("G", 0.99) | {"value": "another"}]
    config = replace(run.config.lcgan, best_of=16, draws=4)
    system, proposals = decide(rows, Objective("joint", ("first",)), config)
    assert system == best
    assert (proposals.generator, proposals.critics, proposals.draws) == (generator, critics, draws)
    assert proposals.weights == {"first": 1.0}


def test_the_ground_is_asked_as_people_wrote(run: Run) -> None:
    bundle = Bundle.open(run.folder / "bundle", device="cpu", threads=1)
    told: list[None] = []
    ground = prepare(bundle, read_writing(run).works["train"], 20, vary=False, seed=3, advance=lambda: told.append(None))
    assert len(told) <= 20
    assert len(ground.texts) == len(ground.conditions) == len(ground.contexts) == len(ground.way)
    slots = bundle.conditions.parts["slots"]
    for text, condition in zip(ground.texts, ground.conditions, strict=True):
        artist, title, *_ = condition[slots]
        assert (artist, title) == (float("<artist>" in text), float("<title>" in text))
    rng = np.random.default_rng(0)
    found = np.bincount(ground.way[ground.draw(rng, 4000)])
    found = found[found > 0]
    assert found.max() < 1.5 * found.min()  # every way is asked equally often
    mean, deviation = posteriors(bundle, ground.texts)
    assert np.allclose(mean, ground.mean)
    assert (deviation > 0).all()
    assert ground.latents(rng, ground.way[:7]).shape == (7, run.config.model.latent)


@pytest.fixture(scope="module")
def workshop(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of its own over the same corpus, with a copy of the bundle."""
    folder = tmp_path_factory.mktemp("lcgan") / "run"
    shutil.copytree(run.folder / "corpus", folder / "corpus")
    shutil.copytree(run.folder / "bundle", folder / "bundle")
    return folder


def lcgan(folder: Path, *more: object) -> Any:
    return export("lcgan", "--config", "tiny", "--run", folder, "--bundle", folder / "bundle", *more)


@pytest.fixture(scope="module")
def made(workshop: Path) -> str:
    """What the command prints for two objectives."""
    result = lcgan(workshop, "--only", "sayable", "--only", "realism")
    assert result.exit_code == 0, result.output
    return str(result.output)


def report_in(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "lcgan" / "lcgan.json").read_text(encoding="utf-8")))


def test_the_table_has_every_system_for_every_objective(workshop: Path, made: str) -> None:
    report = report_in(workshop)
    systems = ["prior", "shipped prior", "0.5·z", "aggregated posterior", "best of 16", "G", "G + critics"]
    for objective in ("realism", "sayable", "joint"):
        rows = [row for row in report["rows"] if row["value"] == objective]
        assert [row["system"] for row in rows] == systems
        for found in rows:
            assert 0 <= found["attribute"] <= 1
            assert 0 < found["distinct_2"] <= 1
            assert found["perplexity"] > 1
            assert found["sentences"] == 32
        half, whole = rows[2]["z_norm"], rows[0]["z_norm"]
        assert half == pytest.approx(whole / 2)
        assert objective in made
    assert all(name in made for name in systems)
    assert {value["name"] for value in report["values"]} >= {"descriptive_words", "readability", "sentiment", "sayable"}
    trained = {(entry["value"], entry["distance"]) for entry in report["history"]}
    assert trained == {(value, weight) for value in ("realism", "sayable", "joint") for weight in (0.02, 0.2)}


def test_the_files_are_small(workshop: Path, made: str) -> None:
    files = [workshop / "lcgan" / name for name in ("generator.onnx", "critics.onnx")]
    assert all(path.exists() for path in files)
    assert sum(path.stat().st_size for path in files) < 2_000_000
    assert made


def test_what_was_trained_is_not_trained_again(workshop: Path, made: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in (workshop / "lcgan" / "parts").rglob("*.onnx")}
    again = lcgan(workshop, "--only", "realism")
    assert again.exit_code == 0, again.output
    assert {path: path.stat().st_mtime_ns for path in before} == before
    first, second = ([line for line in text.splitlines() if line.startswith("  ")][:7] for text in (made, again.output))
    assert first == second  # the same seed, the same table


def test_it_speaks_from_the_bundle_it_was_added_to(workshop: Path, made: str, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(workshop / "bundle", tmp_path / "bundle"))
    manifest = add_to(workshop / "lcgan", bundle)
    assert made
    assert manifest.proposals is not None
    assert {"generator.onnx", "critics.onnx"} <= set(read_manifest(bundle).files)
    assert set(manifest.inputs["generator.onnx"]) == {"z", "condition"}
    opened = Bundle.open(bundle, device="cpu", threads=1)
    for generator in ("learnt", "prior"):
        commentary = Commentator(opened, generator=generator, critics=True).comment(Subject(title="Harbour"), seed=1)
        assert commentary.candidates > 0


def test_another_decoder_does_not_get_it(workshop: Path, made: str, tmp_path: Path) -> None:
    without = shutil.ignore_patterns("generator.onnx", "critics.onnx")
    bundle = Path(shutil.copytree(workshop / "bundle", tmp_path / "bundle", ignore=without))
    with (bundle / "decoder_start.onnx").open("ab") as file:
        file.write(b"\0")
    assert made
    assert carry_over(workshop / "lcgan", bundle, read_manifest(bundle)) is None
    assert not (bundle / "generator.onnx").exists()
    with pytest.raises(StageError, match="was not made for"):
        add_to(workshop / "lcgan", bundle)


def test_without_a_report_nothing_is_carried_over(run: Run, tmp_path: Path) -> None:
    manifest = read_manifest(run.folder / "bundle")
    assert carry_over(tmp_path, run.folder / "bundle", manifest) is None
    (tmp_path / "lcgan.json").write_text("{")
    with pytest.raises(StageError, match="broken"):
        carry_over(tmp_path, run.folder / "bundle", manifest)


def test_an_objective_that_there_is_not_is_refused(workshop: Path) -> None:
    with pytest.raises(StageError, match="no objective 'wit'"):
        lcgan(workshop, "--only", "wit")
