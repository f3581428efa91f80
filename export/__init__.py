"""Export: the workshop that makes a bundle (corpus, tokenizer, CVAE, ONNX, model card)."""
