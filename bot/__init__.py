"""The bot: holds the conversation (links, songs, replies, votes, platforms)."""
