"""Listening: tempo, loudness and brightness of a short preview, measured beside the bot."""
