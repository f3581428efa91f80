"""From torch to ONNX: the decoder's start and step, and the encoder, in fp32 and int8, each held to what torch says."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from export.cvae import CVAE, Decoder, Encoder
from export.errors import ParityError

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


def _export_encoder(encoder: Encoder, path: Path) -> None:
    """The encoder's graph, written by hand: torch's exporter unrolls an LSTM over time, and sentences differ in length."""
    lstm, hidden = encoder.lstm, encoder.lstm.hidden_size

    def gates(name: str) -> NDArray[np.float32]:
        """torch's gate order i, f, g, o as ONNX wants it: i, o, f, c."""
        i, f, g, o = getattr(lstm, name).detach().numpy().reshape(4, hidden, -1)
        return np.concatenate([i, o, f, g]).astype(np.float32)

    def both(name: str) -> NDArray[np.float32]:
        return np.stack([gates(name), gates(f"{name}_reverse")])

    bias = np.concatenate([both("bias_ih_l0")[:, :, 0], both("bias_hh_l0")[:, :, 0]], axis=1)
    weights = {
        "embedding": encoder.embedding.weight.detach().numpy(),
        "w": both("weight_ih_l0"),
        "r": both("weight_hh_l0"),
        "b": bias,
        "mean_w": encoder.mean.weight.detach().numpy().T.copy(),
        "mean_b": encoder.mean.bias.detach().numpy(),
        "logvar_w": encoder.logvar.weight.detach().numpy().T.copy(),
        "logvar_b": encoder.logvar.bias.detach().numpy(),
        "merged": np.array([0, 0, -1], dtype=np.int64),
        "low": np.array(-8.0, dtype=np.float32),
        "high": np.array(4.0, dtype=np.float32),
        "time": np.array([0], dtype=np.int64),
    }
    node = onnx.helper.make_node
    nodes = [
        node("Gather", ["embedding", "tokens"], ["words"]),  # (B, T, E)
        node("Transpose", ["words"], ["by_time"], perm=[1, 0, 2]),  # (T, B, E)
        node("LSTM", ["by_time", "w", "r", "b"], ["states"], hidden_size=hidden, direction="bidirectional"),
        node("Transpose", ["states"], ["by_row"], perm=[0, 2, 1, 3]),  # (T, B, 2, He)
        node("Reshape", ["by_row", "merged"], ["joined"]),  # (T, B, 2*He)
        node("ReduceMax", ["joined", "time"], ["pooled"], keepdims=0),  # (B, 2*He)
        node("MatMul", ["pooled", "mean_w"], ["mean_raw"]),
        node("Add", ["mean_raw", "mean_b"], ["mean"]),
        node("MatMul", ["pooled", "logvar_w"], ["logvar_raw"]),
        node("Add", ["logvar_raw", "logvar_b"], ["logvar_open"]),
        node("Clip", ["logvar_open", "low", "high"], ["logvar"]),
    ]
    latent = encoder.mean.out_features
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "encoder",
        [info("tokens", onnx.TensorProto.INT64, ["batch", "time"])],
        [info(name, onnx.TensorProto.FLOAT, ["batch", latent]) for name in ("mean", "logvar")],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in weights.items()],
    )
    _save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=10), path)


def quantise(source: Path, target: Path) -> None:
    """The same graphs with int8 weights, one scale a channel; the encoder's LSTM and both embeddings too."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 - slow to load

    target.mkdir(parents=True, exist_ok=True)
    with _quiet():
        for name in GRAPHS:
            quantize_dynamic(
                source / name,
                target / name,
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
