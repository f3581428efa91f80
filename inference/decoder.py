"""The decoder puts latents into tokens: a loop around one step of the network, all candidates at once.

Legend of shapes: N candidates, n those still talking, K likeliest tokens, V vocabulary, H hidden, Z latent,
A condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.bundle import Bundle
from inference.manifest import Sampling
from inference.sampling import pick
from inference.tokenizer import FILLABLE

_STEP_OUTPUTS = ["top_logp", "top_ids", "h_out", "c_out"]
_BANNED = np.float32(-1e9)
_LEAST_TOKENS = 6  # before which no sentence ends; shorter ones are rejected anyhow


@dataclass(frozen=True)
class Draft:
    """What the decoder said for one latent."""

    ids: tuple[int, ...]  # without start and end
    log_prob: float  # natural log, of the whole under the model itself, untempered, the end counted
    finished: bool  # whether it came to an end by itself

    @property
    def mean_log_prob(self) -> float:
        """Log-probability a token, the end counted."""
        return self.log_prob / (len(self.ids) + self.finished)


class Decoder:
    """Samples sentences from a bundle's graphs."""

    def __init__(self, bundle: Bundle) -> None:
        """Use the graphs, special ids and limits of this bundle."""
        self._start, self._step = bundle.start, bundle.step
        self._special = bundle.manifest.special
        self._slots = [bundle.tokenizer.slot(name) for name in FILLABLE]
        self._vocabulary = bundle.manifest.sizes.vocabulary
        self._guidance, self._conditions = bundle.guidance, bundle.conditions
        self.max_tokens = bundle.manifest.limits.max_tokens

    def decode(
        self,
        z: NDArray[np.float32],
        condition: NDArray[np.float32],
        uniform: NDArray[np.float64],
        sampling: Sampling,
        forbidden: Iterable[int] = (),
    ) -> list[Draft]:
        """Say one sentence for each row of z (N, Z) and conditions (N, A).

        `uniform` (N, max_tokens), from [0, 1), decides every choice. Where the bundle has guidance, words that the song
        calls for are preferred by `sampling.guidance`. `forbidden` ids are not said, besides the banned
        ones; nor is a token twice running, or a slot twice.
        """
        h, c, drive = self._start.run(["h", "c", "drive"], {"z": z, "condition": condition})  # (N, H), (N, H), (N, 4H)
        bias = self._bias(forbidden, condition, sampling.guidance)  # (1, V), or (N, V) where songs differ
        rows = np.arange(len(z))  # candidates still talking (n,)
        token = np.full(len(z), self._special.bos, dtype=np.int64)
        said = np.zeros((len(self._slots), len(z)), dtype=np.bool_)  # slots that each has used
        tokens = np.full((len(z), self.max_tokens), self._special.pad, dtype=np.int64)
        total = np.zeros(len(z), dtype=np.float64)
        for t in range(self.max_tokens):
            feed = {"token": token, "h": h, "c": c, "drive": drive, "bias": bias}
            log_prob, ids, h, c = self._step.run(_STEP_OUTPUTS, feed)  # (n, K) twice, (n, H) twice
            refused = self._refused(ids, token, said, t)
            place = pick(np.where(refused, np.float32(-np.inf), log_prob), uniform[rows, t], sampling)[:, None]
            token = np.take_along_axis(ids, place, axis=1)[:, 0]
            total[rows] += np.take_along_axis(log_prob, place, axis=1)[:, 0]
            tokens[rows, t] = token
            talking = token != self._special.eos
            if not talking.all():
                rows, token, said = rows[talking], token[talking], said[:, talking]
                h, c, drive = h[talking], c[talking], drive[talking]
                bias = bias if len(bias) == 1 else bias[talking]
            if not len(rows):
                break
            for used, slot in zip(said, self._slots, strict=True):
                np.logical_or(used, token == slot, out=used)
        return [self._draft(ids, log_prob) for ids, log_prob in zip(tokens.tolist(), total.tolist(), strict=True)]

    def _bias(self, forbidden: Iterable[int], condition: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
        bias = np.zeros((1, self._vocabulary), dtype=np.float32)
        if self._guidance is not None and strength > 0:
            bias = self._guidance.bias(self._conditions.song_part(condition), strength)
        bias[:, [*self._special.banned, *forbidden]] = _BANNED
        return bias

    def _refused(self, ids: NDArray[np.int64], token: NDArray[np.int64], said: NDArray[np.bool_], t: int) -> NDArray[np.bool_]:
        """Which of the next tokens (n, K) these sentences must not say now."""
        refused: NDArray[np.bool_] = ids == token[:, None]
        if t < _LEAST_TOKENS:
            refused |= ids == self._special.eos
        for used, slot in zip(said, self._slots, strict=True):
            refused |= (ids == slot) & used[:, None]
        return refused

    def _draft(self, ids: list[int], log_prob: float) -> Draft:
        finished = self._special.eos in ids
        return Draft(tuple(ids[: ids.index(self._special.eos)] if finished else ids), log_prob, finished)
