"""Proposing latents: the learnt generator moves them, the critics choose, and both can be switched off."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.bundle import Bundle, read_manifest, write_manifest
from inference.commentary import Commentator, Subject
from inference.errors import BundleError
from inference.generator import Chosen, LearntGenerator, TruncatedPrior, open_generator
from inference.manifest import Proposals
from tests.inference.conftest import LATENT

PROPOSALS = Proposals(generator=True, critics=True, draws=4, scale=1.0, truncation=3.0, weights={"realism": 1.0, "calm": 2.0})
SONG = Subject(artist="The Cure", title="Lovesong")


def write_graph(
    path: Path, nodes: list[onnx.NodeProto], width: int, outputs: dict[str, list[int | str]], latent: int = LATENT
) -> None:
    """A graph of z and condition."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        path.stem,
        [info("z", TensorProto.FLOAT, ["B", latent]), info("condition", TensorProto.FLOAT, ["B", width])],
        [info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [
            numpy_helper.from_array(np.array([value], dtype=kind), name)
            for name, value, kind in (("half", 0.5, np.float32), ("last", 1, np.int64))
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), str(path))


def add_learnt(folder: Path) -> Path:
    """Give a bundle a generator that halves z, and critics that like z large ("realism") and doubt nothing ("calm")."""
    width = read_manifest(folder).sizes.condition
    node = helper.make_node
    write_graph(folder / "generator.onnx", [node("Mul", ["z", "half"], ["moved"])], width, {"moved": ["B", LATENT]})
    nodes = [
        node("ReduceSum", ["z", "last"], ["sum"], keepdims=0),
        node("Sigmoid", ["sum"], ["realism"]),
        node("Sub", ["sum", "sum"], ["nothing"]),
        node("Sigmoid", ["nothing"], ["calm"]),
    ]
    write_graph(folder / "critics.onnx", nodes, width, {"realism": ["B"], "calm": ["B"]})
    write_manifest(folder, replace(read_manifest(folder), proposals=PROPOSALS))
    return folder


@pytest.fixture(scope="module")
def learnt_folder(made_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add_learnt(Path(shutil.copytree(made_bundle, tmp_path_factory.mktemp("learnt") / "bundle")))


@pytest.fixture(scope="module")
def learnt(learnt_folder: Path) -> Bundle:
    return Bundle.open(learnt_folder, device="cpu", threads=1)


def asked(bundle: Bundle, rows: int) -> NDArray[np.float32]:
    return np.zeros((rows, bundle.manifest.sizes.condition), dtype=np.float32)


def proposed(bundle: Bundle, rows: int = 50, seed: int = 3, **switches: bool) -> NDArray[np.float32]:
    return open_generator(bundle, **switches).propose(np.random.default_rng(seed), asked(bundle, rows))


def test_the_generator_moves_what_its_prior_draws(learnt: Bundle) -> None:
    wide = TruncatedPrior(LATENT, scale=1.0, truncation=3.0).propose(np.random.default_rng(3), asked(learnt, 50))
    found = proposed(learnt, learnt=True, critics=False)
    assert found.dtype == np.float32
    assert np.allclose(found, wide / 2)


def test_the_critics_take_the_best_of_each_row(learnt: Bundle) -> None:
    drawn = proposed(learnt, 50 * PROPOSALS.draws, learnt=True, critics=False).reshape(50, PROPOSALS.draws, LATENT)
    chosen = proposed(learnt, learnt=True, critics=True)
    assert chosen.shape == (50, LATENT)
    assert np.allclose(chosen.sum(axis=1), drawn.sum(axis=2).max(axis=1), atol=1e-5)


def test_both_can_be_switched_off(learnt: Bundle, bundle: Bundle) -> None:
    assert (proposed(learnt, learnt=False, critics=False) == proposed(bundle)).all()


def test_critics_work_without_the_generator(learnt: Bundle) -> None:
    chosen, plain = proposed(learnt, learnt=False, critics=True), proposed(learnt, learnt=False, critics=False)
    assert chosen.sum(axis=1).mean() > plain.sum(axis=1).mean()
    assert np.abs(chosen).max() <= 2.0  # the prior that ships stays truncated


def test_what_ships_is_the_default(learnt: Bundle) -> None:
    assert (proposed(learnt) == proposed(learnt, learnt=True, critics=True)).all()
    off = replace(learnt, manifest=replace(learnt.manifest, proposals=replace(PROPOSALS, generator=False, critics=False)))
    assert (proposed(off) == proposed(learnt, learnt=False, critics=False)).all()
    assert (proposed(off, learnt=True, critics=True) == proposed(learnt)).all()


def test_weights_say_which_score_counts(learnt: Bundle) -> None:
    assert learnt.critics is not None
    prior = TruncatedPrior(LATENT, scale=1.0, truncation=3.0)
    least = Chosen(prior, learnt.critics, {"realism": -1.0}, 8)
    most = Chosen(prior, learnt.critics, {"realism": 1.0}, 8)
    few = [source.propose(np.random.default_rng(1), asked(learnt, 20)).sum(axis=1) for source in (least, most)]
    assert (few[0] < few[1]).all()


def test_the_same_seed_gives_the_same_latents(learnt: Bundle) -> None:
    assert (proposed(learnt, seed=5) == proposed(learnt, seed=5)).all()
    assert not (proposed(learnt, seed=5) == proposed(learnt, seed=6)).any()


def test_a_bundle_without_them_keeps_its_prior(bundle: Bundle) -> None:
    assert isinstance(open_generator(bundle), TruncatedPrior)
    assert isinstance(open_generator(bundle, learnt=False, critics=False), TruncatedPrior)
    for switches in ({"learnt": True}, {"critics": True}):
        with pytest.raises(BundleError, match="no learnt generator"):
            open_generator(bundle, **switches)


def test_replies_come_by_every_way(learnt: Bundle) -> None:
    texts = {
        Commentator(learnt, generator=generator, critics=critics).comment(SONG, seed=2).replies[0].text
        for generator in ("learnt", "prior")
        for critics in (True, False)
    }
    assert len(texts) == 4
    assert Commentator(learnt).comment(SONG, seed=2).replies[0].text in texts


def test_the_generator_is_opened_from_the_bundle(learnt: Bundle) -> None:
    assert learnt.generator is not None
    prior = TruncatedPrior(LATENT, scale=1.0, truncation=3.0)
    assert LearntGenerator(prior, learnt.generator).propose(np.random.default_rng(0), asked(learnt, 3)).shape == (3, LATENT)


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Bundle.open(folder, device="cpu", threads=1)
    return str(caught.value)


@pytest.mark.parametrize("name", ["generator.onnx", "critics.onnx"])
def test_one_without_the_other_is_refused(bundle_folder: Path, name: str) -> None:
    (add_learnt(bundle_folder) / name).unlink()
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    assert "belong together" in refusal(bundle_folder)


def test_graphs_that_nobody_told_of_are_refused(bundle_folder: Path) -> None:
    add_learnt(bundle_folder)
    write_manifest(bundle_folder, replace(read_manifest(bundle_folder), proposals=None))
    assert "belong together" in refusal(bundle_folder)


def test_weights_of_scores_that_are_not_there_are_refused(bundle_folder: Path) -> None:
    add_learnt(bundle_folder)
    wrong = replace(PROPOSALS, weights={"realism": 1.0, "wit": 1.0})
    write_manifest(bundle_folder, replace(read_manifest(bundle_folder), proposals=wrong))
    assert "'wit'" in refusal(bundle_folder)


def test_a_generator_of_another_size_is_refused(bundle_folder: Path) -> None:
    add_learnt(bundle_folder)
    nodes = [helper.make_node("Mul", ["z", "half"], ["moved"])]
    width = read_manifest(bundle_folder).sizes.condition
    write_graph(bundle_folder / "generator.onnx", nodes, width, {"moved": ["B", LATENT + 1]}, latent=LATENT + 1)
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    assert "z 8 wide" in refusal(bundle_folder)


@pytest.mark.parametrize("name", ["generator.onnx", "critics.onnx"])
def test_rubbish_is_refused(bundle_folder: Path, name: str) -> None:
    (add_learnt(bundle_folder) / name).write_bytes(b"rubbish")
    write_manifest(bundle_folder, read_manifest(bundle_folder))
    assert name in refusal(bundle_folder)


@pytest.mark.parametrize(
    ("field", "value"), [("draws", 0), ("draws", 10_000), ("weights", {}), ("generator", 1), ("scale", -1.0), ("wit", 1)]
)
def test_proposals_out_of_range_are_refused(bundle_folder: Path, field: str, value: object) -> None:
    path = add_learnt(bundle_folder) / "manifest.json"
    whole = json.loads(path.read_text())
    whole["proposals"][field] = value
    path.write_text(json.dumps(whole))
    assert "manifest.json" in refusal(bundle_folder)
