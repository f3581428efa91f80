"""A picture of the latent space: where held-out sentences of each kind of music lie, beside what the prior draws."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.bundle import Bundle
from inference.genres import families_of

PICTURE, POINTS = "latent.png", "latent.json"
_FAMILIES = 6  # shown in a colour of their own
_COLOURS = ("#2a7f62", "#c8553d", "#3d5a98", "#d9a441", "#7b4b94", "#4fa3b8")
_GREY, _INK = "#b8b8b8", "#222222"
_LIMIT = 3.5  # deviations of the principal components that are shown

Floats = NDArray[np.float64]


def posterior_means(bundle: Bundle, texts: Sequence[str]) -> Floats:
    """Means of q(z|x) (N, Z), by the encoder that ships."""
    ids = bundle.tokenizer.encode_batch(texts)
    means = np.zeros((len(ids), bundle.manifest.sizes.latent))
    lengths = np.array([len(row) for row in ids])
    for length in np.unique(lengths[lengths > 0]):
        rows = np.flatnonzero(lengths == length)
        (means[rows],) = bundle.encoder.run(["mean"], {"tokens": np.array([ids[i] for i in rows], dtype=np.int64)})
    return means


def draw_latent(bundle: Bundle, rows: Sequence[Mapping[str, Any]], folder: Path, *, seed: int) -> None:
    """Draw the rows' sentences in the plane of their two principal components, and draws of the prior in the same plane.

    Writes latent.png, and latent.json with the coordinates.
    """
    means = posterior_means(bundle, [row["text"] for row in rows])
    middle = means.mean(axis=0)
    _, spread, axes = np.linalg.svd(means - middle, full_matrices=False)
    plane = axes[:2].T  # (Z, 2)
    rng = np.random.default_rng(seed)
    prior = rng.standard_normal((len(rows), means.shape[1]))
    labels = _labels([families_of(row["genres"]) for row in rows])
    points = {"people": (means - middle) @ plane, "prior": (prior - middle) @ plane}
    told = {
        "variance": (spread[:2] ** 2 / max(float((spread**2).sum()), 1e-12)).round(4).tolist(),
        "families": labels,
        **{name: place.round(3).tolist() for name, place in points.items()},
    }
    (folder / POINTS).write_text(json.dumps(told) + "\n", encoding="utf-8")
    _picture(points["people"], points["prior"], labels, told["variance"], folder / PICTURE)


def _labels(families: Sequence[frozenset[str]]) -> list[str | None]:
    """The family of each sentence that has one alone, and one of the most frequent."""
    alone = [next(iter(some)) if len(some) == 1 else None for some in families]
    shown = {name for name, _ in Counter(name for name in alone if name).most_common(_FAMILIES)}
    return [name if name in shown else None for name in alone]


def _picture(people: Floats, prior: Floats, labels: Sequence[str | None], variance: Sequence[float], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to load
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(11, 5.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    names = [name for name, _ in Counter(name for name in labels if name).most_common()]
    for axis, label in ((left, "other families, or several"), (right, "people")):
        axis.scatter(*people.T, s=7, color=_GREY, alpha=0.5, linewidths=0, label=label)
    for name, colour in zip(names, _COLOURS, strict=False):
        own = people[[label == name for label in labels]]
        left.scatter(*own.T, s=11, color=colour, alpha=0.75, linewidths=0, label=f"{name} ({len(own)})")
        left.scatter(*own.mean(axis=0), s=90, color=colour, edgecolors=_INK, linewidths=1.2)
    right.scatter(*prior.T, s=9, color=_COLOURS[1], alpha=0.5, linewidths=0, label="drawn from the prior N(0, I)")
    reach = _LIMIT * max(float(people.std(axis=0).max()), float(prior.std(axis=0).max()), 1e-3)
    for axis, title in (
        (left, "Held-out sentences, by genre family (large: mean)"),
        (right, "The same sentences, and the prior"),
    ):
        axis.set_title(title, loc="left", color=_INK)
        axis.set_xlabel(f"first principal component ({variance[0]:.1%} of the variance)")
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xlim(-reach, reach)
        axis.set_ylim(-reach, reach)
        axis.legend(loc="upper right", fontsize=8, frameon=False)
    left.set_ylabel(f"second ({variance[1]:.1%})" if len(variance) > 1 else "")
    figure.savefig(path, dpi=110)
