"""The LC-GAN's table: every way to propose latents, measured on what they are decoded to, also at equal diversity.

Whatever narrows what is said raises an attribute cheaply. So each system is decoded at several temperatures, and its
figures are read off where its distinct-2 is that of the aggregated posterior.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.lcgan.ground import Floats, Ground
from export.lcgan.training import Bench, Objective, distinct_2, figures_of
from export.lcgan.voice import Spoken

TEMPERATURES = (0.5, 1.0, 1.6)  # factors on the bundle's own
_PLAIN = TEMPERATURES.index(1.0)
_TABLE = 9  # what a random stream is for
POSTERIOR = "aggregated posterior"
AT_EQUAL = ("attribute", "gates", "perplexity")  # figures that are read off at equal distinct-2


@dataclass(frozen=True)
class Sample:
    """What a system says at one temperature."""

    spoken: Spoken
    labels: Floats  # (N, K)


@dataclass(frozen=True)
class Setting:
    """What all systems are asked: the same songs in the same ways, with the same noise when decoding."""

    bench: Bench
    ground: Ground  # held-out songs
    places: NDArray[np.int64]  # (N,)

    @classmethod
    def of(cls, bench: Bench, ground: Ground) -> Setting:
        """As many questions as the configuration says."""
        rng = np.random.default_rng((bench.seed, _TABLE))
        return cls(bench, ground, ground.draw(rng, bench.config.sentences))

    def say(self, z: Floats) -> list[Sample]:
        """What z (N, Z) is decoded to at each of TEMPERATURES."""
        samples = []
        for temperature in TEMPERATURES:
            seed = (self.bench.seed, _TABLE, 1)
            spoken = self.bench.voice.say(z, self.ground, self.places, seed=seed, temperature=temperature)
            samples.append(Sample(spoken, self.bench.label(spoken)))
        return samples

    def plain(self, progress: Callable[[], None]) -> dict[str, list[Sample]]:
        """The systems that know nothing of an objective."""
        voice, rng = self.bench.voice, np.random.default_rng((self.bench.seed, _TABLE, 2))
        conditions = self.ground.conditions[self.places]
        prior = voice.prior.propose(rng, conditions)
        # Other people's sentences than those about these songs.
        posterior = self.bench.ground.latents(rng, self.ground.way[self.places])
        latents = {
            "prior": prior,
            "shipped prior": voice.shipped.propose(rng, conditions),
            "0.5·z": 0.5 * prior,
            POSTERIOR: posterior,
        }
        return {name: self._say(z, progress) for name, z in latents.items()}

    def learnt(self, systems: Mapping[str, Any], progress: Callable[[], None]) -> dict[str, list[Sample]]:
        """The systems that were learnt for an objective; each has `propose`."""
        conditions = self.ground.conditions[self.places]
        return {
            name: self._say(system.propose(np.random.default_rng((self.bench.seed, _TABLE, 3)), conditions), progress)
            for name, system in systems.items()
        }

    def _say(self, z: Floats, progress: Callable[[], None]) -> list[Sample]:
        samples = self.say(np.asarray(z, dtype=np.float32))
        progress()
        return samples


def rows_of(bench: Bench, objective: Objective, samples: Mapping[str, Sequence[Sample]]) -> list[dict[str, Any]]:
    """One row for each system; the aggregated posterior must be among them."""
    target = distinct_2(samples[POSTERIOR][_PLAIN].spoken.texts)
    rows = []
    for system, at in samples.items():
        curve = [figures_of(bench, objective, sample.spoken, sample.labels) for sample in at]
        count, rate = len(at[_PLAIN].spoken.texts), curve[_PLAIN]["attribute"]
        row = {"value": objective.name, "system": system, **curve[_PLAIN], "sentences": count}
        row["standard_error"] = float(np.sqrt(rate * (1 - rate) / count))  # of the attribute
        rows.append(row | {"at_equal_distinct_2": read_off(curve, target), "target_distinct_2": target})
    return rows


def read_off(curve: Sequence[Mapping[str, float]], target: float) -> dict[str, Any]:
    """Figures, AT_EQUAL, where distinct-2 is `target`, between the two nearest points; the end where it is out of reach."""
    ordered = sorted(curve, key=lambda point: point["distinct_2"])
    places = [point["distinct_2"] for point in ordered]
    figures = {name: float(np.interp(target, places, [point[name] for point in ordered])) for name in AT_EQUAL}
    return {**figures, "reached": places[0] <= target <= places[-1]}


def as_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table to be read."""
    head = "attribute  distinct-2  perplexity  |z|/√d  gates | at equal distinct-2: attribute  gates  perplexity"
    lines = []
    for i, row in enumerate(rows):
        if i == 0 or row["value"] != rows[i - 1]["value"]:
            lines += ["", f"{row['value']:<21}{head}"]
        equal = row["at_equal_distinct_2"]
        lines.append(
            f"  {row['system']:<19}{row['attribute']:>9.3f}{row['distinct_2']:>12.3f}{row['perplexity']:>12.1f}"
            f"{row['z_norm']:>8.2f}{row['gates']:>7.2f} |{equal['attribute']:>31.3f}{equal['gates']:>7.2f}"
            f"{equal['perplexity']:>12.1f}{'' if equal['reached'] else '  (out of reach)'}"
        )
    return "\n".join(lines[1:])
