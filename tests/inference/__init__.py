"""Tests of how a sentence is made."""
