"""The bundle's voice while the LC-GAN is trained: what each z is decoded to, and what the gates say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.config import LcganConfig
from export.lcgan.ground import Ground
from export.onnx import open_graph
from export.speakable import ANY_NAMES
from inference.bundle import CRITICS, GENERATOR, Bundle
from inference.checks import Sentence, reason
from inference.decoder import Decoder
from inference.generator import Chosen, Generator, LearntGenerator, TruncatedPrior

_BATCH = 256  # candidates decoded at once
TRUNCATION = 3.0  # deviations; the generator has to make sense of the tails too

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """What N latents were decoded to."""

    z: Floats  # (N, Z)
    conditions: Floats  # (N, A)
    texts: list[str]  # in slot form
    may_be_said: NDArray[np.bool_]  # (N,), whether every gate lets it pass


class Voice:
    """Draws latents as the bot does, and decodes them."""

    def __init__(self, bundle: Bundle) -> None:
        """Speak from this bundle, with its way of sampling."""
        sampling, latent = bundle.manifest.sampling, bundle.manifest.sizes.latent
        self.bundle = bundle
        self.shipped = TruncatedPrior(latent, scale=sampling.scale, truncation=sampling.truncation)
        self.prior = TruncatedPrior(latent, scale=1.0, truncation=TRUNCATION)
        self._decoder = Decoder(bundle)

    def say(
        self, z: Floats, ground: Ground, places: NDArray[np.int64], *, seed: Sequence[int], temperature: float = 1.0
    ) -> Spoken:
        """Decode z (N, Z), each for the song and way of one place of the ground (N,); temperature is a factor."""
        rng = np.random.default_rng(seed)
        shipped = self.bundle.manifest.sampling
        sampling = replace(shipped, temperature=shipped.temperature * temperature)
        conditions = ground.conditions[places]  # (N, A)
        texts: list[str] = []
        may_be_said: list[bool] = []
        for start in range(0, len(z), _BATCH):
            rows = slice(start, start + _BATCH)
            uniform = rng.random((len(z[rows]), self._decoder.max_tokens))
            for draft, place in zip(
                self._decoder.decode(z[rows], conditions[rows], uniform, sampling), places[rows], strict=True
            ):
                text = self.bundle.tokenizer.decode(draft.ids)
                texts.append(text)
                may_be_said.append(draft.finished and reason(Sentence(text, ANY_NAMES), ground.contexts[place]) is None)
        return Spoken(z, conditions, texts, np.array(may_be_said))

    def systems(self, folder: Path, weights: Mapping[str, float], config: LcganConfig) -> dict[str, Generator]:
        """What is compared beside the priors: the learnt graphs of a folder, as the bot uses them."""
        generator, critics = open_graph(folder / GENERATOR), open_graph(folder / CRITICS)
        moved = LearntGenerator(self.prior, generator)
        return {
            f"best of {config.best_of}": Chosen(self.prior, critics, weights, config.best_of),
            "G": moved,
            "G + critics": Chosen(moved, critics, weights, config.draws),
        }
