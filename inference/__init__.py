"""Inference: speaks from a bundle (bundle, conditions, decoder, sampling, checks, ranking, commentary)."""

import os

# onnxruntime reports to its maker unless told not to before it loads; a bot that may run offline reports to nobody.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
