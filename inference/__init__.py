"""Inference: speaks from a bundle (bundle, conditions, decoder, sampling, checks, ranking, commentary)."""
