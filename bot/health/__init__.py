"""Whether the bot is well: what its parts take note of, counted (`numbers`) and shown on a small web page (`server`)."""

from bot.health.base import Health

__all__ = ["Health"]
