"""Export: the workshop that makes a bundle (corpus, tokenizer, CVAE, ONNX, model card)."""

import inference as inference  # first of all, so that onnxruntime is loaded as inference wants it
