"""Providers: one file for each outside service that knows songs."""
