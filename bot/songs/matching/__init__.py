"""Matching: whether two names, two recordings or a guess and an offer mean the same song."""
