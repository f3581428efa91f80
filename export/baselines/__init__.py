"""Baselines: the models that the project grew from, behind one interface, measured on the same split."""
