"""From torch to ONNX: the decoder's start and step, the encoder and the energy model, in fp32 and in int8."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from export.cvae import CVAE, Decoder, Encoder
from export.energy.network import EnergyModel
from export.errors import ParityError
from export.lcgan.networks import Critics, Generator
from inference.bundle import CRITICS, GENERATOR
from inference.energy import ENERGY

OPSET = 20
GRAPHS = ("decoder_start.onnx", "decoder_step.onnx", "encoder.onnx")


class DecoderStart(nn.Module):
    """The first state, and the part of the gates that `<z,a>` drives, the same at every step."""

    def __init__(self, decoder: Decoder) -> None:
        """Take over the trained weights."""
        super().__init__()
        self.decoder = decoder
        weights, words = decoder.lstm.state_dict(), decoder.embedding.embedding_dim
        self.drive_weight = weights["weight_ih_l0"][:, words:].clone()  # (4H, Z+S)
        self.drive_bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]  # (4H,)

    def forward(self, z: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """h and c (B, H) and drive (B, 4H) from z (B, Z) and conditions (B, A)."""
        context = self.decoder.context(z, condition)  # (B, Z+S)
        h, c = torch.tanh(self.decoder.start(context)).chunk(2, dim=-1)
        return h.contiguous(), c.contiguous(), functional.linear(context, self.drive_weight, self.drive_bias)


class DecoderStep(nn.Module):
    """One step of the decoder: a token in, the K likeliest next tokens out."""

    def __init__(self, decoder: Decoder, top_k: int) -> None:
        """Take over the trained weights; the tied embedding is doubled, because a quantised Gather cannot share it."""
        super().__init__()
        weights, words = decoder.lstm.state_dict(), decoder.embedding.embedding_dim
        self.embedding = nn.Parameter(decoder.embedding.weight.data.clone(), requires_grad=False)
        self.read = weights["weight_ih_l0"][:, :words].t().contiguous()  # (E, 4H)
        self.recur = weights["weight_hh_l0"].t().contiguous()  # (H, 4H)
        self.project = decoder.project.weight.data.t().contiguous().clone()  # (H, E)
        self.project_bias = decoder.project.bias.data.clone()  # (E,)
        self.out = decoder.embedding.weight.data.t().contiguous().clone()  # (E, V)
        self.out_bias = decoder.bias.data.clone()  # (V,)
        self.top_k = top_k

    def forward(
        self, token: Tensor, h: Tensor, c: Tensor, drive: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Log-probabilities and ids (B, K), best first, and the next h and c (B, H)."""
        gates = functional.embedding(token, self.embedding) @ self.read + h @ self.recur + drive  # (B, 4H)
        i, f, g, o = gates.chunk(4, dim=-1)  # each (B, H)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        logits = (h @ self.project + self.project_bias) @ self.out + self.out_bias + bias  # (B, V)
        top = torch.topk(torch.log_softmax(logits, dim=-1), self.top_k, dim=-1)
        return top.values, top.indices, h, c


def export_graphs(model: CVAE, folder: Path, *, top_k: int) -> None:
    """Write the three graphs in fp32."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = model.config
    batch = {0: torch.export.Dim("batch")}
    condition = model.decoder.squash.in_features
    z, a = torch.zeros(2, sizes.latent), torch.zeros(2, condition)
    start = DecoderStart(model.decoder).eval()
    _export(start, (z, a), folder / GRAPHS[0], ["z", "condition"], ["h", "c", "drive"], {"z": batch, "condition": batch})
    h, c, drive = start(z, a)
    step = DecoderStep(model.decoder, top_k).eval()
    token, bias = torch.zeros(2, dtype=torch.long), torch.zeros(1, model.embedding.num_embeddings)
    shapes = {"token": batch, "h": batch, "c": batch, "drive": batch, "bias": None}
    _export(
        step,
        (token, h, c, drive, bias),
        folder / GRAPHS[1],
        list(shapes),
        ["top_logp", "top_ids", "h_out", "c_out"],
        shapes,
    )
    _let_rows_differ(folder / GRAPHS[1], "bias")
    _export_encoder(model.encoder, folder / GRAPHS[2])


def _export(
    module: nn.Module,
    arguments: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
    shapes: Mapping[str, Mapping[int, object] | None],
) -> None:
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            module,
            arguments,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=dict(shapes),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ParityError(f"torch made no graph for {path.name}.")
    _save(program.model_proto, path)


def _let_rows_differ(path: Path, name: str) -> None:
    """Let an input have one row for all, as it was exported, or one for each: the addition takes both."""
    model = onnx.load(str(path))
    tensor = next(tensor for tensor in model.graph.input if tensor.name == name)
    tensor.type.tensor_type.shape.dim[0].ClearField("dim_value")
    tensor.type.tensor_type.shape.dim[0].dim_param = "one or batch"
    onnx.save(model, str(path))


def _save(model: onnx.ModelProto, path: Path) -> None:
    """Write a graph without the leftovers that stop quantisation and name this machine's files."""
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _lstm_weights(lstm: nn.LSTM) -> dict[str, NDArray[np.float32]]:
    """Weights w, r and b of a bi-LSTM's ONNX node."""
    hidden = lstm.hidden_size

    def gates(name: str) -> NDArray[np.float32]:
        """torch's gate order i, f, g, o as ONNX wants it: i, o, f, c."""
        i, f, g, o = getattr(lstm, name).detach().cpu().numpy().reshape(4, hidden, -1)
        return np.concatenate([i, o, f, g]).astype(np.float32)

    def both(name: str) -> NDArray[np.float32]:
        return np.stack([gates(name), gates(f"{name}_reverse")])

    bias = np.concatenate([both("bias_ih_l0")[:, :, 0], both("bias_hh_l0")[:, :, 0]], axis=1)
    return {"w": both("weight_ih_l0"), "r": both("weight_hh_l0"), "b": bias}


def _linear(name: str, layer: nn.Linear) -> dict[str, NDArray[np.float32]]:
    return {f"{name}_w": layer.weight.detach().cpu().numpy().T.copy(), f"{name}_b": layer.bias.detach().cpu().numpy()}


def _apply(name: str, source: str, target: str) -> list[onnx.NodeProto]:
    """A linear layer."""
    node = onnx.helper.make_node
    return [node("MatMul", [source, f"{name}_w"], [f"{target}_raw"]), node("Add", [f"{target}_raw", f"{name}_b"], [target])]


def _write_graph(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, list[str | int]]],
    outputs: Mapping[str, list[str | int]],
    weights: Mapping[str, NDArray[Any]],
) -> None:
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        path.stem,
        [info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [info(name, onnx.TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in weights.items()],
    )
    _save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=10), path)


def _export_encoder(encoder: Encoder, path: Path) -> None:
    """The encoder's graph, written by hand: torch's exporter unrolls an LSTM over time, and sentences differ in length."""
    weights: dict[str, NDArray[Any]] = {
        "embedding": encoder.embedding.weight.detach().numpy(),
        **_lstm_weights(encoder.lstm),
        **_linear("mean", encoder.mean),
        **_linear("logvar", encoder.logvar),
        "merged": np.array([0, 0, -1], dtype=np.int64),
        "low": np.array(-8.0, dtype=np.float32),
        "high": np.array(4.0, dtype=np.float32),
        "time": np.array([0], dtype=np.int64),
    }
    node, hidden = onnx.helper.make_node, encoder.lstm.hidden_size
    nodes = [
        node("Gather", ["embedding", "tokens"], ["words"]),  # (B, T, E)
        node("Transpose", ["words"], ["by_time"], perm=[1, 0, 2]),  # (T, B, E)
        node("LSTM", ["by_time", "w", "r", "b"], ["states"], hidden_size=hidden, direction="bidirectional"),
        node("Transpose", ["states"], ["by_row"], perm=[0, 2, 1, 3]),  # (T, B, 2, He)
        node("Reshape", ["by_row", "merged"], ["joined"]),  # (T, B, 2*He)
        node("ReduceMax", ["joined", "time"], ["pooled"], keepdims=0),  # (B, 2*He)
        *_apply("mean", "pooled", "mean"),
        *_apply("logvar", "pooled", "logvar_open"),
        node("Clip", ["logvar_open", "low", "high"], ["logvar"]),
    ]
    latent = encoder.mean.out_features
    outputs: dict[str, list[str | int]] = {name: ["batch", latent] for name in ("mean", "logvar")}
    _write_graph(path, nodes, {"tokens": (onnx.TensorProto.INT64, ["batch", "time"])}, outputs, weights)


def export_energy(model: EnergyModel, folder: Path) -> Path:
    """The energy model's graph in int8: padded tokens (B, T), their lengths (B,) and conditions (B, A) to logits (B, 3)."""
    weights: dict[str, NDArray[Any]] = {
        "embedding": model.embedding.weight.detach().cpu().numpy(),
        **_lstm_weights(model.lstm),
        **_linear("judge", model.judge),
        **_linear("out", model.out),
        **_linear("song", model.song),
        **_linear("text", model.text),
        **_linear("fit", model.fit),
        "merged": np.array([0, -1], dtype=np.int64),
        "low": np.array(-2.0, dtype=np.float32),  # below any state of an LSTM
        "zero": np.array(0, dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
        "time": np.array([0], dtype=np.int64),
        "others": np.array([1, 2, 3], dtype=np.int64),
    }
    node, hidden = onnx.helper.make_node, model.lstm.hidden_size
    lstm = ["by_time", "w", "r", "b", "lengths"]
    nodes = [
        node("Gather", ["embedding", "tokens"], ["words"]),  # (B, T, E)
        node("Transpose", ["words"], ["by_time"], perm=[1, 0, 2]),  # (T, B, E)
        node("LSTM", lstm, ["states"], hidden_size=hidden, direction="bidirectional"),  # (T, 2, B, He)
        node("Shape", ["tokens"], ["shape"]),
        node("Gather", ["shape", "one"], ["longest"]),
        node("Range", ["zero", "longest", "one"], ["steps"]),  # (T,)
        node("Unsqueeze", ["steps", "others"], ["step"]),  # (T, 1, 1, 1)
        node("Cast", ["lengths"], ["length"], to=onnx.TensorProto.INT64),
        node("Unsqueeze", ["length", "sides"], ["end"]),  # (1, 1, B, 1)
        node("Less", ["step", "end"], ["said"]),  # (T, 1, B, 1)
        node("Where", ["said", "states", "low"], ["real"]),  # (T, 2, B, He)
        node("ReduceMax", ["real", "time"], ["highest"], keepdims=0),  # (2, B, He)
        node("Transpose", ["highest"], ["by_row"], perm=[1, 0, 2]),  # (B, 2, He)
        node("Reshape", ["by_row", "merged"], ["pooled"]),  # (B, 2*He)
        *_apply("judge", "pooled", "judged"),
        node("Relu", ["judged"], ["positive"]),
        *_apply("out", "positive", "told"),  # (B, 2)
        *_apply("text", "pooled", "text_open"),
        *_apply("song", "condition", "song_open"),
        node("Tanh", ["text_open"], ["of_text"]),
        node("Tanh", ["song_open"], ["of_song"]),
        node("Mul", ["of_text", "of_song"], ["met"]),
        *_apply("fit", "met", "fits"),  # (B, 1)
        node("Concat", ["told", "fits"], ["logits"], axis=1),
    ]
    weights["sides"] = np.array([0, 1, 3], dtype=np.int64)
    inputs: dict[str, tuple[int, list[str | int]]] = {
        "tokens": (onnx.TensorProto.INT64, ["batch", "time"]),
        "lengths": (onnx.TensorProto.INT32, ["batch"]),
        "condition": (onnx.TensorProto.FLOAT, ["batch", model.song.in_features]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        _write_graph(Path(name) / ENERGY, nodes, inputs, {"logits": ["batch", 3]}, weights)
        _quantise_one(Path(name) / ENERGY, folder / ENERGY)
    return folder / ENERGY


def export_lcgan(generator: Generator, critics: Critics, names: Sequence[str], folder: Path) -> None:
    """The LC-GAN's two graphs in fp32: z (B, Z) and conditions (B, A) to moved z, and to a score (B,) under each of `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    latent, condition = generator.place.out_features, critics.value.plain.in_features - generator.place.out_features
    floats = onnx.TensorProto.FLOAT
    inputs: dict[str, tuple[int, list[str | int]]] = {
        "z": (floats, ["batch", latent]),
        "condition": (floats, ["batch", condition]),
    }
    node = onnx.helper.make_node
    both = node("Concat", ["z", "condition"], ["both"], axis=1)
    read, weights = _layers("read", generator.read, "both", "seen")
    nodes = [
        both,
        *read,
        *_apply("gate", "seen", "gate_open"),
        node("Sigmoid", ["gate_open"], ["gate"]),
        *_apply("place", "seen", "place"),
        node("Sub", ["place", "z"], ["step"]),
        node("Mul", ["gate", "step"], ["change"]),
        node("Add", ["z", "change"], ["moved"]),
    ]
    weights |= _linear("gate", generator.gate) | _linear("place", generator.place)
    _write_graph(folder / GENERATOR, nodes, inputs, {"moved": ["batch", latent]}, weights)
    nodes, weights = [both], {}
    for name, critic in (("realism", critics.realism), ("value", critics.value)):
        deep, of_deep = _layers(f"{name}_deep", critic.deep, "both", f"{name}_from_deep")
        nodes += [*deep, *_apply(f"{name}_plain", "both", f"{name}_from_plain")]
        nodes.append(node("Add", [f"{name}_from_deep", f"{name}_from_plain"], [f"{name}_logits"]))
        weights |= of_deep | _linear(f"{name}_plain", critic.plain)
    nodes.append(node("Concat", ["realism_logits", "value_logits"], ["logits"], axis=1))
    nodes.append(node("Sigmoid", ["logits"], ["scores"]))  # (B, names)
    for i, name in enumerate(names):
        weights[f"at_{name}"] = np.array([i], dtype=np.int64)
        nodes.append(node("Gather", ["scores", f"at_{name}"], [f"only_{name}"], axis=1))  # (B, 1)
        nodes.append(node("Reshape", [f"only_{name}", "flat"], [name]))  # (B,)
    weights["flat"] = np.array([-1], dtype=np.int64)
    _write_graph(folder / CRITICS, nodes, inputs, {name: ["batch"] for name in names}, weights)


def _layers(name: str, layers: nn.Sequential, source: str, target: str) -> tuple[list[onnx.NodeProto], dict[str, NDArray[Any]]]:
    """Linear layers and the ReLUs between them; dropout is for training alone."""
    kept = [(i, layer) for i, layer in enumerate(layers) if isinstance(layer, nn.Linear | nn.ReLU)]
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, NDArray[Any]] = {}
    for i, layer in kept:
        out = target if i == kept[-1][0] else f"{name}_{i}_out"
        if isinstance(layer, nn.Linear):
            nodes += _apply(f"{name}_{i}", source, out)
            weights |= _linear(f"{name}_{i}", layer)
        else:
            nodes.append(onnx.helper.make_node("Relu", [source], [out]))
        source = out
    return nodes, weights


def quantise(source: Path, target: Path) -> None:
    """The same graphs with int8 weights, one scale a channel; the encoder's LSTM and both embeddings too."""
    target.mkdir(parents=True, exist_ok=True)
    for name in GRAPHS:
        _quantise_one(source / name, target / name)


def _quantise_one(source: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - slow to load

    with _quiet():
        quantize_dynamic(
            source,
            target,
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather", "LSTM"],
            extra_options={"MatMulConstBOnly": True},
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep hints of the exporter's and the quantiser's authors to themselves out of the progress bars."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def open_graph(path: Path) -> onnxruntime.InferenceSession:
    """A session on the CPU, for checking."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
