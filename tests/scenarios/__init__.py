"""Whole conversations: chat in, messages out, through the real platform adapters."""
