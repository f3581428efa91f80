"""Benchmarks: what people feel of the bot's speed, measured on this computer."""
