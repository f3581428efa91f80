"""From a trained LC-GAN to the files of a bundle: graphs held to what torch says, and how they are to be used."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.config import LcganConfig
from export.errors import ParityError, StageError
from export.lcgan.networks import REALISM, Critics, Generator
from export.lcgan.training import Objective
from export.lcgan.voice import TRUNCATION
from export.onnx import export_lcgan, open_graph
from inference.bundle import CRITICS, GENERATOR, START, STEP, read_manifest, write_manifest
from inference.manifest import Manifest, Proposals, Tensor

TOLERANCE = 1e-4  # by which a graph may differ from torch, in moved z and in scores
REPORT = "lcgan.json"
_CHECKED = 257  # rows
INCUMBENT = "shipped prior"


def write_graphs(generator: Generator, critics: Critics, values: Sequence[str], folder: Path, *, seed: int) -> None:
    """Write both graphs; ParityError when one does not return what the trained network returns."""
    names = [REALISM, *values]
    export_lcgan(generator.eval(), critics.eval(), names, folder)
    rng = np.random.default_rng(seed)
    latent = generator.place.out_features
    both = rng.standard_normal((_CHECKED, critics.value.plain.in_features)).astype(np.float32)
    z, condition = both[:, :latent], both[:, latent:]
    feed = {"z": z, "condition": condition}
    with torch.no_grad():
        truth = {
            GENERATOR: [generator(torch.from_numpy(z), torch.from_numpy(condition)).numpy()],
            CRITICS: [score.numpy() for score in critics(torch.from_numpy(z), torch.from_numpy(condition))],
        }
    for name, outputs in ((GENERATOR, ["moved"]), (CRITICS, names)):
        found = open_graph(folder / name).run(outputs, feed)
        pairs = list(zip(found, truth[name], strict=True))
        worst = max(float(np.abs(a - b).max()) if a.shape == b.shape else np.inf for a, b in pairs)
        if not worst <= TOLERANCE:
            raise ParityError(f"{name} is {worst:.2g} off what was trained (allowed {TOLERANCE:g}).")


def weights_of(objective: Objective) -> dict[str, float]:
    """What each critic's score counts for in choosing: all wanted values alike.

    Realism only where nothing else is wanted: it learns that whatever the generator makes is false, the good too, so
    that it would undo the others (measured: correlation -0.5 with what the gates let pass).
    """
    return dict.fromkeys(objective.values or (REALISM,), 1.0)


def decide(rows: Sequence[Mapping[str, Any]], objective: Objective, config: LcganConfig) -> tuple[str, Proposals]:
    """The system that has the objective's attribute most often at equal distinct-2, and how a bundle is to use it."""
    best_of = f"best of {config.best_of}"
    contenders = {
        row["system"]: row["at_equal_distinct_2"]["attribute"]
        for row in rows
        if row["value"] == objective.name and row["system"] in (INCUMBENT, best_of, "G", "G + critics")
    }
    winner = max(contenders, key=lambda system: contenders[system])
    draws = config.best_of if winner == best_of else config.draws
    generator, critics = winner.startswith("G"), winner in (best_of, "G + critics")
    return winner, Proposals(generator, critics, draws, 1.0, TRUNCATION, weights_of(objective))


def decoder_hash(folder: Path) -> str:
    """What tells the decoder of a bundle from every other: latents mean nothing to another."""
    digest = hashlib.sha256()
    for name in (START, STEP):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def carry_over(source: Path, bundle: Path, manifest: Manifest) -> Manifest | None:
    """Copy the graphs of `source` into the folder of a bundle, and return its manifest with what tells of them.

    None, and nothing is copied, when they were made for another decoder or there are none.
    """
    try:
        report = json.loads((source / REPORT).read_text(encoding="utf-8"))
        fits = report["decoder"] == decoder_hash(bundle)
        proposals = Proposals(**report["ships"]["proposals"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageError(f"{source / REPORT} is broken; run `python -m export lcgan` again.") from error
    if not fits:
        return None
    for name in (GENERATOR, CRITICS):
        shutil.copyfile(source / name, bundle / name)
    z = Tensor("float32", ("B", "Z"), "standard deviations of the prior", (-10.0, 10.0))
    condition = Tensor("float32", ("B", "A"), "as inference.conditions lays it out", (-10.0, 10.0))
    inputs = dict(manifest.inputs) | {name: {"z": z, "condition": condition} for name in (GENERATOR, CRITICS)}
    return replace(manifest, proposals=proposals, inputs=inputs)


def add_to(source: Path, bundle: Path) -> Manifest:
    """Add the graphs of `source` to a bundle that is there, and write its manifest anew.

    Raises StageError when they were made for another decoder.
    """
    manifest = carry_over(source, bundle, read_manifest(bundle))
    if manifest is None:
        raise StageError(
            f"The generator in {source} was not made for {bundle}; run `python -m export lcgan --bundle {bundle}`."
        )
    return write_manifest(bundle, manifest)


def report_of(proposals: Proposals, objective: Objective, system: str) -> dict[str, Any]:
    """What the report tells of what ships."""
    return {"objective": objective.name, "system": system, "proposals": asdict(proposals)}
