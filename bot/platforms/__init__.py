"""The places where people talk with the bot."""
