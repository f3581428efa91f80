"""The energy model: tells a good sentence from a bad one by what it learnt from people's, its own and broken sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inference.tokenizer import PAD, Tokenizer

ENERGY = "energy.onnx"
HEADS = ("human", "sense", "fit")  # people's or a model's; whole or broken; about this song or another


class EnergyModel:
    """Gives sentences one logit for each of HEADS, higher for the better answer."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> None:
        """Take the graph (tokens (N, T), lengths (N,), condition (N, A)) and the tokenizer that it was trained with."""
        self._session = session
        self._tokenizer = tokenizer

    @property
    def inputs(self) -> Sequence[onnxruntime.NodeArg]:
        """What the graph takes."""
        return tuple(self._session.get_inputs())

    def logits(self, texts: Sequence[str], song: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (N, 3) of texts in slot form, said of the songs whose conditions are `song` (N, A), or (1, A) for all.

        `song` holds the song part alone: `ConditionEncoder.song_part`.
        """
        if not texts:
            return np.zeros((0, len(HEADS)), dtype=np.float32)
        # Cut into subwords afresh: the decoder may have spelt a word in an odd way, and so give itself away.
        rows = self._tokenizer.encode_batch(list(texts))
        lengths = np.array([max(1, len(row)) for row in rows], dtype=np.int32)
        tokens = np.full((len(rows), int(lengths.max())), PAD, dtype=np.int64)  # (N, T)
        for i, row in enumerate(rows):
            tokens[i, : len(row)] = row
        condition = np.broadcast_to(song, (len(rows), song.shape[1])).astype(np.float32)
        feed = {"tokens": tokens, "lengths": lengths, "condition": condition}
        return np.asarray(self._session.run(["logits"], feed)[0], dtype=np.float32)
