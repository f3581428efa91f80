"""Evaluation: models on held-out text, and systems by what they write, always beside the human row."""
