"""Back from a finished bundle to a trainable model: training goes on from what shipped, without its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from export.cvae import CVAE
from export.errors import StageError
from export.onnx import GRAPHS

Floats = NDArray[np.float32]


def take_over(model: CVAE, folder: Path) -> None:
    """Fill `model` with the weights of the bundle in `folder`, int8 or fp32.

    What int8 rounded off stays lost (a few hundredths of a percent of the perplexity). Raises StageError when the
    folder holds no such graphs or their sizes are not the model's.
    """
    try:
        start, step, encoder = (_weights(folder / name) for name in GRAPHS)
        weights = _decoder(start, step) | _encoder(encoder)
        model.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise StageError(
            f"{folder} holds no weights for this model ({type(error).__name__}); name a bundle of the same sizes."
        ) from error


def _weights(path: Path) -> dict[str, Floats]:
    """The named weights of a graph, those in int8 multiplied out by their scales."""
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(str(path)).graph.initializer}
    weights = {name: array for name, array in stored.items() if array.dtype == np.float32}
    for name, array in stored.items():
        if name.endswith("_quantized"):
            plain = name.removesuffix("_quantized")
            scale, zero = stored[f"{plain}_scale"], stored[f"{plain}_zero_point"].astype(np.float32)
            if array.ndim == 3:  # of an LSTM: a scale for each direction and column, else for each column or one for all
                scale, zero = scale[:, None, :], zero[:, None, :]
            whole = (array.astype(np.float32) - zero) * scale
            weights[plain] = whole.T if plain.endswith("weight") else whole  # torch's own, which int8 turned round
    return weights


def _decoder(start: Mapping[str, Floats], step: Mapping[str, Floats]) -> dict[str, Floats]:
    embedding = step["out"].T  # (V, E), finer than the other copy: it has a scale for each word
    return {
        "embedding.weight": embedding,
        "encoder.embedding.weight": embedding,
        "decoder.embedding.weight": embedding,
        "decoder.squash.weight": start["decoder.squash.weight"],
        "decoder.squash.bias": start["decoder.squash.bias"],
        "decoder.start.weight": start["decoder.start.weight"],
        "decoder.start.bias": start["decoder.start.bias"],
        "decoder.lstm.weight_ih_l0": np.concatenate([step["read"].T, start["drive_weight"]], axis=1),
        "decoder.lstm.weight_hh_l0": step["recur"].T,
        "decoder.lstm.bias_ih_l0": start["drive_bias"],
        "decoder.lstm.bias_hh_l0": np.zeros_like(start["drive_bias"]),
        "decoder.project.weight": step["project"].T,
        "decoder.project.bias": step["project_bias"],
        "decoder.bias": step["out_bias"],
    }


def _encoder(graph: Mapping[str, Floats]) -> dict[str, Floats]:
    def gates(array: Floats) -> Floats:
        """ONNX's gate order i, o, f, c as torch wants it: i, f, g, o."""
        i, o, f, g = np.split(array, 4)
        return np.concatenate([i, f, g, o])

    weights: dict[str, Floats] = {}
    for direction, end in enumerate(("", "_reverse")):
        # Quantised, the weights stand the other way round (inputs, gates).
        w, r = (_upright(graph[name][direction], graph["b"].shape[1] // 2) for name in ("w", "r"))
        of_input, of_state = np.split(graph["b"][direction], 2)
        weights |= {
            f"encoder.lstm.weight_ih_l0{end}": gates(w),
            f"encoder.lstm.weight_hh_l0{end}": gates(r),
            f"encoder.lstm.bias_ih_l0{end}": gates(of_input),
            f"encoder.lstm.bias_hh_l0{end}": gates(of_state),
        }
    for name in ("mean", "logvar"):
        weights |= {f"encoder.{name}.weight": graph[f"{name}_w"].T, f"encoder.{name}.bias": graph[f"{name}_b"]}
    return weights


def _upright(array: Floats, gates: int) -> Floats:
    return array if array.shape[0] == gates else array.T
